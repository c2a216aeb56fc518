// The coupled curvature of the softmax loss over some coefficients of each class, and dual points that it makes.
#pragma once

#include <cstddef>
#include <vector>

#include "solver/softmax.hpp"

namespace riata {

/// The features of every class whose coefficients are the unknowns, class by class; where there are intercepts they follow.
using ClassFeatures = std::vector<std::vector<Index>>;

/// The lower triangle of sum_i s_i x_i x_i' (diag p_i - p_i p_i').
std::vector<double> softmax_hessian(const Problem& problem, const Softmax& softmax, const ClassFeatures& features,
                                    const double* P);

/// The same curvature as an operator, over the same features of every class and, with an intercept, ones. Vectors have an entry
/// V[j + k * stride()] for feature j of class k, and the intercept's follow the features'.
class CoupledCurvature {
public:
    /// Borrows everything; P holds probabilities.
    CoupledCurvature(const Problem& problem, const Softmax& softmax, const std::vector<Index>& features,
                     const double* P);

    std::size_t stride() const { return features_.size() + shifts_; }
    /// U_k := Xh v_k + b_k for the rows of every class.
    void push(const std::vector<double>& V, std::vector<double>& U);
    /// The transpose.
    void pull(const std::vector<double>& U, std::vector<double>& out);
    /// out := the curvature times V.
    void multiply(const std::vector<double>& V, std::vector<double>& out);

private:
    const Problem& problem_;
    const Softmax& softmax_;
    const std::vector<Index>& features_;
    const double* P_;
    std::size_t C_, shifts_;
    std::vector<double> panel_, U_;
};

/// R := R - D U, the slopes less what a step of the features' coefficients makes of them, with D = diag q - qq' and q = y - R, such that
/// neither they nor ones have any correlation with S R; where classes are all but separated some q end at 0. False where the features
/// are too many or q do not stay probabilities: then R is as it was. Correlations tell how near it came.
bool orthogonalise(const Problem& problem, const Softmax& softmax, const ClassFeatures& features,
                   std::vector<double>& R);

}  // namespace riata
