// A preconditioner for Newton systems of the softmax loss with rows of coefficients, one for each of C classes: classes
// that do not meet in the loss, joined by the penalty on the lengths of rows,
//
//     P = blockdiag_k(M_k) - blockdiag_j(c_j u_j u_j'),     M_k = X' diag(s p_k (1 - p_k)) X + diag(l2_j + c_j),
//
// c_j and u_j as in row_newton.hpp, X with a column of ones where there is an intercept. Woodbury's identity takes it to the
// inverses of all M_k and one matrix of their size. Rows that were not there when it was made have blocks of their own.
#pragma once

#include <cstddef>
#include <vector>

#include "solver/row_newton.hpp"
#include "solver/softmax.hpp"

namespace riata {

class ClassFactors {
public:
    ClassFactors(const Problem& problem, const Softmax& softmax)
        : problem_(problem), softmax_(softmax), C_(softmax.classes()) {}

    /// The rows of the next system and probabilities P[i + k * n]; vectors have an entry V[j + k * N] for row j < m, and
    /// with an intercept one more, so that N = m + 1.
    void follow(const GramModel& model, const ActiveRows& rows, const std::vector<double>& P);
    /// Z := P^-1 R less its mean over the classes, in which the loss has no curvature and solutions are zero.
    void solve(const std::vector<double>& R, std::vector<double>& Z);
    /// Tells how many conjugate gradients the system took: many of them make new factors pay.
    void report(long steps);

private:
    void factor(const GramModel& model, const std::vector<double>& P);
    std::vector<double> class_curvature(const std::vector<Index>& features, std::size_t k, const double* P);
    void solve_factored(double* B);
    void solve_alone(const std::vector<double>& R, std::vector<double>& Z, std::size_t j) const;

    const Problem& problem_;
    const Softmax& softmax_;
    std::size_t C_;
    ActiveRows rows_, known_;                   ///< of the system, and of the factors
    std::vector<double> mean_, norm_;           ///< of a class: the sum of s p (1 - p); of a row: that of its column
    std::vector<std::vector<double>> inverse_;  ///< M_k^-1; empty without factors
    std::vector<double> S_, root_c_;
    std::vector<Index> place_;  ///< per slot, in the factors
    double excess_ = 0;         ///< conjugate gradients that better factors would have spared
    std::vector<double> part_, along_;
};

}  // namespace riata
