// The softmax model in its symmetric form: a column w_k of coefficients and an intercept b_k for each of C classes,
//
//     min sum_i s_i [log sum_k e^{eta_ik} - eta_{i,y_i}] + sum_kj h_j(w_kj),     eta_k = Xh w_k + b_k.
//
// With the other classes held, class k has a binomial loss with the offset -log sum_{l != k} e^{eta_l}: the classes take
// Newton steps in turn, each on a working set of its own, and a step together where that is slow.
#pragma once

#include <memory>
#include <vector>

#include "path/joint_paths.hpp"
#include "solver/newton.hpp"
#include "solver/quasi_newton.hpp"
#include "solver/softmax.hpp"

namespace riata {

class MultinomialDriver {
public:
    MultinomialDriver(Problem& problem, const std::vector<int>& labels, int n_classes, const PathOptions& options,
                      Control& control);
    std::vector<Path> run();

private:
    /// A class with what its steps need.
    struct Class {
        Class(Problem& problem, std::vector<double> y, Control& control);
        Loss loss;
        NewtonModel model;
        Newton newton;
        Lane lane;
        std::vector<double> offset;  ///< what the others make of it
        std::vector<double> c;       ///< correlations of its slopes by features
        std::vector<double> after;   ///< sum_{l > k} e^{eta_l - top} at the beginning of the cycle
    };

    std::size_t classes() const { return classes_.size(); }
    double* margins(std::size_t k) { return margins_.data() + k * n_; }
    double* slopes(std::size_t k) { return R_.data() + k * n_; }
    void begin();
    void start();
    bool open();
    void list_all(const QuasiNewton& steps);
    bool take_start(double alpha);
    void rest_new(Class& one, std::size_t k);
    void solve(double alpha, double tol);
    void polish(double alpha, double tol);
    void cycle(double alpha);
    void shorten(std::size_t k);
    void balance(double alpha);
    /// What a step may have to take back.
    struct Iterate {
        std::vector<double> margins, b;
        std::vector<std::vector<double>> w, eta;
    };
    Iterate keep() const;
    void restore(const Iterate& kept);
    /// Coefficients by classes, and where each class begins; the intercepts follow at the end.
    struct Free {
        std::vector<std::vector<std::size_t>> slots;
        std::vector<std::vector<Index>> features;
        std::vector<std::vector<ScalarPenalty::Segment>> segments;  ///< where they may go
        std::vector<std::size_t> start;
        std::size_t size = 0;
    };
    Free find_free(bool held, bool pulled = false) const;
    /// Neither a penalty nor, on both sides, a bound: off a bound a correlation is an equality in the dual.
    static bool is_unheld(const ScalarPenalty& h) {
        return h.l1 == 0 && h.l2 == 0 && !(h.lower > -kInfinity && h.upper < kInfinity);
    }
    std::vector<double> joint_hessian(const Free& free);
    std::vector<double> joint_slope(const Free& free);
    std::vector<double> solve_jointly(const Free& free, std::vector<double> g);
    double move_jointly(const Free& free, const std::vector<double>& step, double t, double alpha);
    bool step_jointly(double alpha, double slack, bool pulled = false);
    struct Block;
    bool is_smooth(double alpha) const;
    void push(const Block& v, std::vector<double>& U);
    void pull(const std::vector<double>& U, Block& out);
    void slope_and_diagonal(Block& g, Block& diagonal);
    Block conjugate_gradients(Block g, const Block& diagonal, double tol);
    bool descend(const Block& step, double alpha);
    bool solve_smoothly(double alpha, double tol);
    void begin_cycle();
    void find_offset(std::size_t k);
    void pass(std::size_t k);
    void find_slopes();
    void look(double alpha, double tol, bool whole, bool thorough = false);
    void refresh();
    void predict() { loss_ = softmax_.predict(margins_.data(), R_.data()); }
    void take_margins(std::size_t k);
    void correlate();
    void correlate_within();
    Certificate certify(double alpha, bool thorough, bool skip_unheld);
    double penalty(double alpha) const;
    bool grow(double alpha, double before);
    std::size_t df() const;
    double common(std::size_t feature) const;
    double excess(const std::vector<Path>& paths) const;
    Solution solution(std::size_t k) const;

    Problem& problem_;
    const PathOptions& options_;
    Control& control_;
    std::size_t n_;
    PresentClasses present_;
    Softmax softmax_;
    std::vector<std::unique_ptr<Class>> classes_;
    std::vector<double> margins_;  ///< class after class
    std::vector<double> R_;        ///< probabilities, or y - p moved to the dual's domain, class after class
    JointPaths paths_;
    Certificate certificate_;
    bool whole_ = false;  // correlations are those of all features, not of the working sets alone
    bool sound_ = true;   // R_ is in the dual's domain
    Iterate before_;      // of a class's step, without margins
    std::vector<double> top_,
        passed_;  // of a cycle: the largest margins, sum_{l < k} e^{eta_l - top} of classes that moved
    std::vector<double> e_, u_, out_;  // scratch
    double loss_ = 0, null_loss_ = 0;
    double best_dual_ = 0;                ///< of points over all features, for the alpha at hand
    long solves_ = 0, stone_solves_ = 0;  // linear systems for the alpha at hand, and for stepping stones
};

}  // namespace riata
