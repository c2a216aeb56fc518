// A Cholesky factor L L' = H_AA of a growing and shrinking set A, kept in the order in which its members came,
// together with the forward solutions z = L^-1 b of a few right-hand sides that follow every change.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/kernels.hpp"

namespace riata {

class Cholesky {
public:
    /// n_rhs forward solutions are carried along.
    explicit Cholesky(std::size_t n_rhs) : kernels_(kernels::active()), z_(n_rhs) {}

    std::size_t size() const { return n_; }
    std::size_t bytes() const { return L_.capacity() * sizeof(double); }
    const std::vector<double>& forward(std::size_t rhs) const { return z_[rhs]; }

    void clear();

    /// Adds K members. cross[i + k*ld_cross]: H between old member i and new member k (overwritten); square[a + b*K]:
    /// H among the new ones (lower triangle, overwritten); floor[k]: the smallest pivot to accept; rhs[t][k]: entries of
    /// the right-hand sides. Returns how many of the leading new members were added: fewer than K means that the next
    /// one depends on those before it.
    std::size_t append(std::size_t K, double* cross, std::size_t ld_cross, double* square, const double* floor,
                       const std::vector<const double*>& rhs);

    /// Removes the members at the given ascending positions; rotates the forward solutions along.
    void remove(const std::vector<std::size_t>& positions);

    /// z_rhs := L^-1 b for a right-hand side that changed altogether.
    void restart(std::size_t rhs, const double* b);

    /// x := L^-T x and x := L^-1 x.
    void back(double* x) const { kernels_.solve_lower_transposed(L_.data(), ld_, n_, x); }
    void front(double* x) const { kernels_.solve_lower(L_.data(), ld_, n_, x); }

private:
    void reserve(std::size_t n);

    const kernels::Kernels& kernels_;
    std::size_t n_ = 0, ld_ = 0;
    std::vector<double> L_;
    std::vector<std::vector<double>> z_;
};

}  // namespace riata
