// The softmax loss over all rows at once,
//
//     sum_i s_i [log sum_k e^{eta_ik} - eta_{i,y_i}],     p_k = e^{eta_k} / sum_l e^{eta_l},
//
// with its slopes, curvature and dual value. Margins E, probabilities P and slopes R of all C classes are blocks: a vector
// over the rows for each class, class after class.
#pragma once

#include <cstddef>
#include <vector>

#include "solver/problem.hpp"

namespace riata {

/// The classes that some row of positive weight has, numbered anew. Beside free intercepts the others end at -infinity: they have
/// no coefficients, and intercepts at which e^-60 times the likeliest class is the most that any row has of them. Without
/// intercepts all are present.
struct PresentClasses {
    PresentClasses(const Problem& problem, const std::vector<int>& labels, int n_classes);
    /// The intercepts of all of the caller's classes, b and E being those and the margins of the ones that are present. They are free
    /// up to a constant: those present sum to zero.
    std::vector<double> intercepts(const std::vector<double>& b, const double* E) const;

    std::vector<int> labels;          ///< of every row; some class for rows without weight
    std::vector<std::size_t> origin;  ///< the caller's number of each class
    std::vector<Index> place;         ///< of the caller's classes; -1 for none

    static constexpr double kImpossible = 60;
};

class Softmax {
public:
    /// A label y_i is a class, 0 <= y_i < C. Borrows both.
    Softmax(const Problem& problem, const std::vector<int>& labels, std::size_t n_classes);

    std::size_t rows() const { return n_; }
    std::size_t classes() const { return C_; }

    /// What an intercept that is off by so much adds to the mean loss: curvatures are at most 1/2.
    static double shift_cost(double off) { return 0.5 * off * off; }

    /// The best intercepts without any feature, log frequencies; zeros for a model without intercepts.
    std::vector<double> null_intercepts() const;

    /// P := the probabilities at E. Returns the loss.
    double predict(const double* E, double* P) const;

    /// u := s (y_k - p_k), minus the gradient. Returns its sum.
    double descent(std::size_t k, const double* P, double* u) const;
    /// d := s p_k ([k = l] - p_l), what classes k and l have of the curvature. Returns its sum.
    double curvature(std::size_t k, std::size_t l, const double* P, double* d) const;
    /// U_k := s p_k (U_k - sum_l p_l U_l), the curvature times the block U.
    void bend(const double* P, double* U) const;

    /// The Newton step of the intercepts, that of one class 0; zeros for a model without. Empty where there is no
    /// curvature.
    std::vector<double> intercept_step(const double* P) const;
    /// R := y - p as a step of the intercepts would leave it, to first order. False where the step is too long for
    /// probabilities to stay such. R may be P.
    bool find_slopes(const double* P, const std::vector<double>& step, double* R) const;
    /// Q := y - R.
    void probabilities(const double* R, double* Q) const;
    /// R := the slopes after a step U of the margins, to first order, R = y - p before it, but that no probability falls below 0.
    /// Returns the largest relative change of one, infinity where that of a row's own class would be below 0.
    double shift_slopes(const double* U, double* R) const;
    /// -sum_i s_i sum_k q_ik log q_ik with q = y - t r: what the loss gives to the dual value of t R.
    double dual_value(const double* R, double t) const;

private:
    double weight(std::size_t i) const { return problem_.weights() ? problem_.s[i] : 1.0; }
    double is(std::size_t i, std::size_t k) const { return labels_[i] == static_cast<int>(k); }
    std::size_t own(std::size_t i) const { return static_cast<std::size_t>(labels_[i]) * n_ + i; }
    double others(const double* P, std::size_t k, std::size_t i) const;

    const Problem& problem_;
    const std::vector<int>& labels_;
    std::size_t n_, C_;
    std::size_t base_ = 0;  ///< the class of the largest weight
};

}  // namespace riata
