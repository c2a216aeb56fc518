// The Newton system of rows that are not zero, whatever the number K of tasks. Its matrix is
//
//     H = M (x) I_K - blockdiag_j(c_j u_j u_j'),   M = G + diag(l2_j + c_j),   c_j = l1_j / ||w_j||,   u_j = w_j / ||w_j||:
//
// one matrix for all tasks less a term of rank one per row. By Woodbury's identity two Cholesky factors of the size of G
// solve it: of M, and of I - C^.5 (M^-1 o UU') C^.5 with the entrywise product o.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/kernels.hpp"

namespace riata {

class RowNewton {
public:
    RowNewton() : kernels_(kernels::active()) {}

    /// A matrix for m rows, leading dimension m, whose lower triangle the caller fills with G + diag(l2).
    double* matrix(std::size_t m);

    /// Factors the system for the unit rows u[j*K + t] and curvatures c[j]. Where it is singular to rounding the diagonal is
    /// raised, so that directions stay directions of descent.
    void factor(const double* u, const double* c, std::size_t K);

    /// B := H^-1 B for the panel B[j + t*m].
    void solve(double* B) const;

private:
    void invert_common();
    void factor_directions();

    const kernels::Kernels& kernels_;
    std::size_t m_ = 0, K_ = 0;
    std::vector<double> M_, L_, inverse_, S_, factor_, root_c_, u_;
    mutable std::vector<double> along_, back_;  // scratch
};

}  // namespace riata
