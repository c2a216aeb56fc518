#include "solver/class_factors.hpp"

#include <algorithm>
#include <cmath>

namespace riata {

namespace {
constexpr std::size_t kMostRows = 1200;  // of factors
constexpr double kExpected = 6;          // conjugate gradients that a good preconditioner leaves
constexpr double kCost = 0.3;            // conjugate gradients per row that factors are worth
constexpr double kRidge = 1e-10;         // of the diagonal
}  // namespace

void ClassFactors::follow(const GramModel& model, const ActiveRows& rows, const std::vector<double>& P) {
    const std::size_t m = rows.slots.size();
    rows_ = rows;
    place_.resize(model.size(), -1);
    mean_.resize(C_);
    part_.resize(softmax_.rows());
    for (std::size_t k = 0; k < C_; ++k) mean_[k] = softmax_.curvature(k, k, P.data(), part_.data());
    norm_.resize(m);
    for (std::size_t j = 0; j < m; ++j)
        norm_[j] = problem_.design.moments().norm[static_cast<std::size_t>(model.features()[rows.slots[j]])];
    if (m > 0 && m <= kMostRows && excess_ > kCost * static_cast<double>(m)) factor(model, P);
}

void ClassFactors::report(long steps) { excess_ += std::max(0.0, static_cast<double>(steps) - kExpected); }

/// X' diag(s p (1 - p)) X over the features and, with an intercept, ones.
std::vector<double> ClassFactors::class_curvature(const std::vector<Index>& features, std::size_t k, const double* P) {
    const std::size_t m = features.size();
    const bool shifts = problem_.request.fit_intercept;
    const std::size_t N = m + shifts;
    std::vector<double> d(softmax_.rows()), block(m * m), M(N * N);
    const double total = softmax_.curvature(k, k, P, d.data());
    problem_.design.products(features, features, d.data(), block.data(), problem_.team);
    for (std::size_t j = 0; j < m; ++j) std::copy_n(block.data() + j * m, m, M.data() + j * N);
    if (!shifts) return M;
    problem_.design.correlate(features, d.data(), 1, block.data(), problem_.team);
    for (std::size_t j = 0; j < m; ++j) M[m + j * N] = M[j + m * N] = block[j];
    M[m + m * N] = total;
    return M;
}

void ClassFactors::factor(const GramModel& model, const std::vector<double>& P) {
    excess_ = 0;
    for (std::size_t slot : known_.slots) place_[slot] = -1;
    known_ = rows_;
    const std::size_t m = known_.slots.size(), N = m + problem_.request.fit_intercept;
    std::vector<Index> features;
    root_c_.assign(m, 0.0);
    for (std::size_t j = 0; j < m; ++j) {
        place_[known_.slots[j]] = static_cast<Index>(j);
        features.push_back(model.features()[known_.slots[j]]);
        root_c_[j] = std::sqrt(known_.c[j]);
    }
    inverse_.assign(C_, {});
    std::vector<double> L, A(m * m, 0.0);
    for (std::size_t k = 0; k < C_; ++k) {
        std::vector<double> M = class_curvature(features, k, P.data());
        for (std::size_t j = 0; j < m; ++j) M[j + j * N] += known_.l2[j] + known_.c[j];
        for (std::size_t j = 0; j < N; ++j) M[j + j * N] *= 1 + kRidge;
        factor_raised(kernels::active(), M, N, L);
        inverse_[k] = inverse_of(kernels::active(), L, N);
        for (std::size_t b = 0; b < m; ++b) {
            const double ub = known_.u[b * C_ + k] * root_c_[b];
            for (std::size_t a = b; a < m; ++a)
                A[a + b * m] -= known_.u[a * C_ + k] * root_c_[a] * ub * inverse_[k][a + b * N];
        }
    }
    for (std::size_t j = 0; j < m; ++j) A[j + j * m] += 1 + kRidge;
    factor_raised(kernels::active(), A, m, S_);
}

/// B := P^-1 B for the rows of the factors.
void ClassFactors::solve_factored(double* B) {
    const kernels::Kernels& leaf = kernels::active();
    const std::size_t m = known_.slots.size(), N = m + problem_.request.fit_intercept;
    std::vector<double> v(N);
    along_.assign(m, 0.0);
    const auto multiply = [&](std::size_t k, double* out) {
        std::vector<const double*> columns(N);
        for (std::size_t j = 0; j < N; ++j) columns[j] = inverse_[k].data() + j * N;
        leaf.f64.accumulate(columns.data(), nullptr, N, v.data(), 1, 1, N, out, N);
    };
    for (std::size_t k = 0; k < C_; ++k) {
        double* b = B + k * N;
        std::copy_n(b, N, v.data());
        std::fill_n(b, N, 0.0);
        multiply(k, b);
        for (std::size_t j = 0; j < m; ++j) along_[j] += root_c_[j] * known_.u[j * C_ + k] * b[j];
    }
    leaf.solve_lower(S_.data(), m, m, along_.data());
    leaf.solve_lower_transposed(S_.data(), m, m, along_.data());
    for (std::size_t k = 0; k < C_; ++k) {
        v.back() = 0;
        for (std::size_t j = 0; j < m; ++j) v[j] = root_c_[j] * known_.u[j * C_ + k] * along_[j];
        multiply(k, B + k * N);
    }
}

/// Row j by its own block, the mean curvature of each class in the place of the exact one.
void ClassFactors::solve_alone(const std::vector<double>& R, std::vector<double>& Z, std::size_t j) const {
    const std::size_t N = rows_.slots.size() + problem_.request.fit_intercept;
    const double* u = rows_.u.data() + j * C_;
    double pull = 0, share = 0;
    std::vector<double> d(C_);
    for (std::size_t k = 0; k < C_; ++k) {
        const double own = mean_[k] / problem_.weight * norm_[j] * norm_[j] + rows_.l2[j];
        d[k] = std::max(own, 1e-12 * norm_[j] * norm_[j]) + rows_.c[j];
        pull += u[k] * R[j + k * N] / d[k];
        share += u[k] * u[k] / d[k];
    }
    const double left = std::max(1 - rows_.c[j] * share, 1e-14);
    for (std::size_t k = 0; k < C_; ++k) Z[j + k * N] = (R[j + k * N] + rows_.c[j] * pull / left * u[k]) / d[k];
}

void ClassFactors::solve(const std::vector<double>& R, std::vector<double>& Z) {
    const bool shifts = problem_.request.fit_intercept, made = !inverse_.empty();
    const std::size_t m = rows_.slots.size(), N = m + shifts, known = known_.slots.size(), K = known + shifts;
    Z.assign(R.size(), 0.0);
    if (made) {
        part_.assign(K * C_, 0.0);
        for (std::size_t k = 0; k < C_; ++k) {
            for (std::size_t j = 0; j < m; ++j)
                if (const Index at = place_[rows_.slots[j]]; at >= 0)
                    part_[static_cast<std::size_t>(at) + k * K] = R[j + k * N];
            if (shifts) part_[known + k * K] = R[m + k * N];
        }
        solve_factored(part_.data());
    }
    for (std::size_t j = 0; j < m; ++j) {
        const Index at = place_[rows_.slots[j]];
        if (at < 0) {
            solve_alone(R, Z, j);
            continue;
        }
        for (std::size_t k = 0; k < C_; ++k) Z[j + k * N] = part_[static_cast<std::size_t>(at) + k * K];
    }
    for (std::size_t k = 0; k < C_ && shifts; ++k)
        Z[m + k * N] = made ? part_[known + k * K] : R[m + k * N] / std::max(mean_[k], 1e-300);
    for (std::size_t j = 0; j < N; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < C_; ++k) sum += Z[j + k * N];
        for (std::size_t k = 0; k < C_; ++k) Z[j + k * N] -= sum / static_cast<double>(C_);
    }
}

}  // namespace riata
