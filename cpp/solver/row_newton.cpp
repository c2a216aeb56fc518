#include "solver/row_newton.hpp"

#include <algorithm>
#include <cmath>

namespace riata {

namespace {
constexpr std::size_t kBlock = 48;     // columns of an inverse factor solved together
constexpr double kPivot = 1e-14;       // of the diagonal: smaller pivots are rounding
constexpr double kFirstRaise = 1e-12;  // of the diagonal, where the matrix is singular,
constexpr double kMoreRaise = 100;     // and by how much more each time that does not suffice

/// L := the Cholesky factor of A, its diagonal raised as little as it takes.
void factor_raised(const kernels::Kernels& kernels, const std::vector<double>& A, std::size_t m,
                   std::vector<double>& L) {
    std::vector<double> floor(m);
    for (std::size_t j = 0; j < m; ++j) floor[j] = kPivot * A[j + j * m];
    for (double raise = 0;; raise = std::max(kFirstRaise, raise * kMoreRaise)) {
        L = A;
        for (std::size_t j = 0; j < m; ++j) L[j + j * m] += raise * std::max(std::abs(A[j + j * m]), kPivot);
        if (kernels.cholesky(L.data(), m, m, floor.data()) == m || raise > 1e6) return;
    }
}
}  // namespace

double* RowNewton::matrix(std::size_t m) {
    m_ = m;
    M_.resize(m * m);
    return M_.data();
}

void RowNewton::factor(const double* u, const double* c, std::size_t K) {
    K_ = K;
    u_.assign(u, u + m_ * K);
    root_c_.resize(m_);
    for (std::size_t j = 0; j < m_; ++j) {
        root_c_[j] = std::sqrt(c[j]);
        M_[j + j * m_] += c[j];
    }
    factor_raised(kernels_, M_, m_, L_);
    invert_common();
    factor_directions();
}

/// inverse_ := -M^-1, its lower triangle.
void RowNewton::invert_common() {
    const std::size_t m = m_;
    // L^-1 is lower triangular: a block of its columns begins at its own row.
    std::vector<double> B(m * m, 0.0);
    inverse_.assign(m * m, 0.0);
    for (std::size_t j = 0; j < m; j += kBlock) {
        const std::size_t width = std::min(kBlock, m - j);
        for (std::size_t k = 0; k < width; ++k) B[(j + k) + (j + k) * m] = 1.0;
        kernels_.solve_lower_many(L_.data() + j + j * m, m, m - j, B.data() + j + j * m, m, width);
    }
    for (std::size_t i = 0; i < m; i += kBlock) {
        const std::size_t rows = std::min(kBlock, m - i);
        kernels_.downdate_square(B.data() + i, m, rows, i + rows, inverse_.data(), m);
    }
}

void RowNewton::factor_directions() {
    const std::size_t m = m_;
    S_.assign(m * m, 0.0);
    kernels_.downdate_square(u_.data(), K_, K_, m, S_.data(), m);  // -UU'
    for (std::size_t b = 0; b < m; ++b)
        for (std::size_t a = b; a < m; ++a)
            S_[a + b * m] = (a == b) - root_c_[a] * root_c_[b] * S_[a + b * m] * inverse_[a + b * m];
    factor_raised(kernels_, S_, m, factor_);
}

void RowNewton::solve(double* B) const {
    const std::size_t m = m_;
    kernels_.solve_lower_many(L_.data(), m, m, B, m, K_);
    back_.assign(B, B + m * K_);
    for (std::size_t t = 0; t < K_; ++t) kernels_.solve_lower_transposed(L_.data(), m, m, back_.data() + t * m);
    // back_ = M^-1 B; what it is along the rows goes through the small system.
    along_.assign(m, 0.0);
    for (std::size_t t = 0; t < K_; ++t)
        for (std::size_t j = 0; j < m; ++j) along_[j] += root_c_[j] * u_[j * K_ + t] * back_[j + t * m];
    kernels_.solve_lower(factor_.data(), m, m, along_.data());
    kernels_.solve_lower_transposed(factor_.data(), m, m, along_.data());
    for (std::size_t t = 0; t < K_; ++t)
        for (std::size_t j = 0; j < m; ++j) back_[j + t * m] = root_c_[j] * u_[j * K_ + t] * along_[j];
    kernels_.solve_lower_many(L_.data(), m, m, back_.data(), m, K_);
    for (std::size_t i = 0; i < m * K_; ++i) B[i] += back_[i];
    for (std::size_t t = 0; t < K_; ++t) kernels_.solve_lower_transposed(L_.data(), m, m, B + t * m);
}

}  // namespace riata
