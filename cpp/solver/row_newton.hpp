// The Newton system of rows that are not zero, whatever the number K of tasks. Its matrix is
//
//     H = M (x) I_K - blockdiag_j(c_j u_j u_j'),   M = G + diag(l2_j + c_j),   c_j = l1_j / ||w_j||,   u_j = w_j / ||w_j||:
//
// one matrix for all tasks less a term of rank one per row. By Woodbury's identity two matrices of the size of G
// solve it: the inverse of M, and the Cholesky factor of I - C^.5 (M^-1 o UU') C^.5 with the entrywise product o. Where many rows make factors dear, those of
// an earlier system precondition conjugate gradients on this one.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/kernels.hpp"
#include "solver/gram_model.hpp"

namespace riata {

/// The rows of a system, m of them.
struct ActiveRows {
    std::vector<std::size_t> slots;
    std::vector<double> u;      ///< unit rows, place * K + task
    std::vector<double> c, l2;  ///< per place
};

/// L := the Cholesky factor of the m x m matrix A, its diagonal raised as little as it takes.
void factor_raised(const kernels::Kernels& kernels, const std::vector<double>& A, std::size_t m,
                   std::vector<double>& L);
/// (LL')^-1, both triangles.
std::vector<double> inverse_of(const kernels::Kernels& kernels, const std::vector<double>& L, std::size_t m);

class RowNewton {
public:
    RowNewton() : kernels_(kernels::active()) {}

    /// B := H^-1 B, or near it, for the panel B[place + task * m].
    void solve(const GramModel& model, const ActiveRows& rows, std::size_t K, std::vector<double>& B);

private:
    /// What solves one system: M^-1, both triangles, the factor of the small matrix, and C^.5.
    struct Factors {
        ActiveRows rows;
        std::vector<double> inverse, S, root_c;
    };

    bool iterate(const ActiveRows& rows, std::vector<double>& B);
    void apply(const ActiveRows& rows, const std::vector<double>& V, std::vector<double>& out) const;
    void precondition(const ActiveRows& rows, const std::vector<double>& R, std::vector<double>& Z) const;
    void factor(const ActiveRows& rows);
    void solve_factored(double* B) const;

    const kernels::Kernels& kernels_;
    std::size_t K_ = 0;
    std::vector<double> G_;  ///< of the rows at hand, both triangles
    Factors factors_;
    std::vector<Index> place_;          ///< per slot: its place in the factors, or -1
    mutable std::vector<double> part_;  // scratch
    mutable std::vector<double> along_;
};

}  // namespace riata
