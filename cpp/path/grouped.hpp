// The softmax model whose rows, a feature's coefficients of all C classes, enter together:
//
//     min sum_i s_i [log sum_k e^{eta_ik} - eta_{i,y_i}] + sum_j l1_j ||W_j|| + l2_j/2 ||W_j||^2,     eta = Xh W + b.
//
// Sweeps of steps on single rows, in a model with the Gram matrix for the curvature of every class, find out which rows
// are zero; Newton steps on the others and the intercepts, by conjugate gradients on the exact curvature, finish.
#pragma once

#include <vector>

#include "path/joint_paths.hpp"
#include "solver/class_factors.hpp"
#include "solver/gram_model.hpp"
#include "solver/softmax.hpp"

namespace riata {

class GroupedDriver {
public:
    GroupedDriver(Problem& problem, const std::vector<int>& labels, int n_classes, const PathOptions& options,
                  Control& control);
    /// A path for every class, of which all carry the joint certificates.
    std::vector<Path> run();

private:
    /// What a step may have to take back.
    struct Iterate {
        std::vector<double> W, eta, b;
    };
    const double* row(std::size_t slot) const { return now_.W.data() + slot * C_; }
    double* row(std::size_t slot) { return now_.W.data() + slot * C_; }
    std::size_t feature(std::size_t slot) const { return static_cast<std::size_t>(model_.features()[slot]); }
    bool present(std::size_t slot) const;

    void start();
    bool take_start(double alpha);
    void set_penalty(double alpha);
    void grow(const std::vector<Index>& features);
    bool grow_at(double alpha, double before);
    void solve(double alpha, double tol);
    bool unsettled() const;
    std::size_t df() const;
    double excess(const std::vector<Path>& paths) const;
    Solution solution(std::size_t k) const;

    // grouped_slopes.cpp
    void predict() { loss_ = softmax_.predict(now_.eta.data(), P_.data()); }
    void shift(std::size_t k, double step);
    void find_slopes();
    void correlate();
    void correlate_within();
    double penalty() const;
    double objective() { return loss_ + penalty(); }
    void look(double tol, bool whole, bool thorough = false);
    bool is_unheld(std::size_t slot) const;
    void certify(bool thorough, bool skip_unheld);

    // grouped_steps.cpp
    bool sweep(int sweeps);
    void descend(std::size_t slot, std::vector<double>& c);
    void move(const std::vector<double>& W);
    ActiveRows find_rows() const;
    void push(const std::vector<double>& V, std::vector<double>& U);
    void pull(const std::vector<double>& U, std::vector<double>& out);
    void apply(const std::vector<double>& V, std::vector<double>& out);
    std::vector<double> conjugate_gradients(std::vector<double> g);
    bool try_step(const std::vector<double>& step, double t);
    double first_turn(const std::vector<double>& step) const;
    bool newton_step();

    Problem& problem_;
    const PathOptions& options_;
    Control& control_;
    std::size_t n_;
    PresentClasses present_;
    std::size_t C_;
    Softmax softmax_;
    GramModel model_;
    ClassFactors factors_;
    Iterate now_;                ///< W by slots, slot * C + k; eta class after class
    std::vector<double> P_, R_;  ///< probabilities, and y - p moved to the dual's domain, class after class
    std::vector<double> c_;      ///< correlations of the slots, slot * C + k
    std::vector<double> all_;    ///< of all features, when whole_
    bool whole_ = false;
    bool sound_ = true;     ///< R_ is in the dual's domain
    bool stepped_ = false;  ///< the last Newton step was whole, and set no row to zero
    ActiveRows rows_;       ///< of the Newton system
    std::vector<Index> active_;
    double curvature_ = 0.25;  ///< of the sweeps' model, times X'SX
    double loss_ = 0, null_loss_ = 0;
    Certificate certificate_;
    double best_dual_ = 0;  ///< of points over all features, for the alpha at hand
    long solves_ = 0, stone_solves_ = 0;
    JointPaths paths_;
    std::vector<double> u_, panel_;  // scratch
};

}  // namespace riata
