// The first try at a single smooth penalty, h_j(w) = l2_j w^2 / 2 with every l2_j positive: limited-memory BFGS on all
// coefficients and intercepts, of one or several margins a row, a pass over X an iteration, until the gap
//
//     sum_jk (c_jk - l2_j w_jk)^2 / (2 l2_j),     c = X'S r at the slopes r,
//
// is the one asked for. After Liu and Nocedal (1989), "On the limited memory BFGS method for large scale optimization".
#pragma once

#include <vector>

#include "model/margin_loss.hpp"
#include "parallel/control.hpp"
#include "solver/problem.hpp"

namespace riata {

class QuasiNewton {
public:
    QuasiNewton(Problem& problem, const MarginLoss& loss, Control& control);

    /// Whether it can be tried: nothing but squares in the penalty as it is set, on every feature.
    bool applies() const;

    /// Minimises from the null model with intercepts b to a gap (of the objective, not relative) below `gap` and gradients below
    /// kkt, within so many iterations; false where it stands still before. Then w and b are the best that was found.
    bool run(const std::vector<double>& b, double gap, double kkt, long max_iterations);

    /// Of feature j and margin k, in normalised units.
    double w(std::size_t j, std::size_t k = 0) const { return now_.x[j * margins_ + k]; }
    double b(std::size_t k = 0) const { return now_.x[l2_.size() * margins_ + k]; }
    /// The margin of row i without the intercept.
    double eta(std::size_t i, std::size_t k = 0) const { return now_.eta[k * problem_.design.rows() + i]; }
    double gap() const { return now_.gap; }
    long iterations() const { return iterations_; }

private:
    struct Point {
        std::vector<double> x, g;            ///< w, then b; minus the gradient
        std::vector<double> eta, curvature;  ///< of every row less b, and of all rows together
        double value = 0, gap = kInfinity, kkt = kInfinity;
    };
    struct Pair {
        std::vector<double> step, change;  ///< of x and of the gradient
        double product;
    };

    void evaluate(Point& at);
    void judge(Point& at) const;
    void precondition(std::vector<double>& v) const;
    std::vector<double> direction() const;
    bool advance(const std::vector<double>& d);
    double along(const Point& from, const Point& to, double t, double& slope);
    void remember(const Point& before);

    Problem& problem_;
    const MarginLoss& loss_;
    Control& control_;
    std::size_t margins_;
    std::vector<double> l2_;  ///< of every feature
    Point now_, next_;
    std::vector<Pair> pairs_;  ///< the newest last
    std::vector<double> eta_;
    long iterations_ = 0;
};

}  // namespace riata
