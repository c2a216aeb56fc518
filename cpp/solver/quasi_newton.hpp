// The first try at a single smooth penalty, h_j(w) = l2_j w^2 / 2 with every l2_j positive: limited-memory BFGS on all
// coefficients and the intercept, a pass over X an iteration, until the gap
//
//     sum_j (c_j - l2_j w_j)^2 / (2 l2_j),     c = X'S r at the slopes r,
//
// is the one asked for. After Liu and Nocedal (1989), "On the limited memory BFGS method for large scale optimization".
#pragma once

#include <vector>

#include "model/loss.hpp"
#include "parallel/control.hpp"
#include "solver/problem.hpp"

namespace riata {

class QuasiNewton {
public:
    /// offset may be null.
    QuasiNewton(const Problem& problem, const PenaltyAt& penalty, const Loss& loss, const double* offset,
                Control& control);

    /// Whether it can be tried: nothing but squares in the penalty, on every feature.
    bool applies() const;

    /// Minimises from the null model with intercept b to a gap (of the objective, not relative) below `gap` and gradients below
    /// kkt, within so many iterations; false where it stands still before. Then w and b are the best that was found.
    bool run(double b, double gap, double kkt, long max_iterations);

    const std::vector<double>& w() const { return now_.w; }
    double b() const { return now_.b; }
    double gap() const { return now_.gap; }
    long iterations() const { return iterations_; }

private:
    struct Point {
        std::vector<double> w, g, eta;  ///< g: minus the gradient
        double b = 0, gb = 0, value = 0, gap = kInfinity, kkt = kInfinity, curvature = 0;
    };
    struct Pair {
        std::vector<double> step, change;  ///< of (w, b) and of the gradient
        double product;
    };

    void evaluate(Point& at);
    void judge(Point& at) const;
    std::vector<double> direction() const;
    bool advance(const std::vector<double>& d);
    double along(const Point& from, const Point& to, double t, double& slope);
    void remember(const Point& before);

    const Problem& problem_;
    const PenaltyAt penalty_;
    const Loss& loss_;
    const double* offset_;
    Control& control_;
    std::vector<double> l2_;
    std::vector<char> used_;
    Point now_, next_;
    std::vector<Pair> pairs_;  ///< the newest last
    std::vector<double> slopes_, eta_;
    long iterations_ = 0;
};

}  // namespace riata
