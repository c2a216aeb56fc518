#include "solver/row_newton.hpp"

#include <algorithm>
#include <cmath>

#include "solver/conjugate_gradients.hpp"

namespace riata {

namespace {
constexpr std::size_t kBlock = 48;             // columns of an inverse factor solved together
constexpr double kIterationsPerFactor = 0.15;  // times rows / tasks: conjugate gradients that cost less than factors
constexpr int kFewest = 4;                     // of those, for them to be worth a try
constexpr double kForcing = 1e-2;              // of the residual, preconditioned: what they have to reach
constexpr double kPivot = 1e-14;               // of the diagonal: smaller pivots are rounding
constexpr double kFirstRaise = 1e-12;          // of the diagonal, where the matrix is singular,
constexpr double kMoreRaise = 100;             // and by how much more each time that does not suffice
}  // namespace

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

void RowNewton::solve(const GramModel& model, const ActiveRows& rows, std::size_t K, std::vector<double>& B) {
    const std::size_t m = rows.slots.size();
    K_ = K;
    G_.resize(m * m);
    for (std::size_t b = 0; b < m; ++b) {
        const double* column = model.column(rows.slots[b]);
        for (std::size_t a = 0; a < m; ++a) G_[a + b * m] = column[model.position(rows.slots[a])];
    }
    place_.resize(model.size(), -1);
    if (iterate(rows, B)) return;
    factor(rows);
    solve_factored(B.data());
}

/// out := H V.
void RowNewton::apply(const ActiveRows& rows, const std::vector<double>& V, std::vector<double>& out) const {
    const std::size_t m = rows.slots.size();
    std::vector<const double*> columns(m);
    std::vector<double> v(m * K_);
    for (std::size_t j = 0; j < m; ++j) columns[j] = G_.data() + j * m;
    out.assign(m * K_, 0.0);
    for (std::size_t j = 0; j < m; ++j) {
        const double* u = rows.u.data() + j * K_;
        double along = 0;
        for (std::size_t t = 0; t < K_; ++t) along += u[t] * V[j + t * m];
        for (std::size_t t = 0; t < K_; ++t) {
            v[j * K_ + t] = V[j + t * m];
            out[j + t * m] = (rows.l2[j] + rows.c[j]) * V[j + t * m] - rows.c[j] * along * u[t];
        }
    }
    kernels_.f64.accumulate(columns.data(), nullptr, m, v.data(), K_, K_, m, out.data(), m);
}

/// Z := the inverse of the factored system where it has the row, of the row's own block elsewhere.
void RowNewton::precondition(const ActiveRows& rows, const std::vector<double>& R, std::vector<double>& Z) const {
    const std::size_t m = rows.slots.size(), known = factors_.rows.slots.size();
    part_.assign(known * K_, 0.0);
    Z.resize(m * K_);
    for (std::size_t j = 0; j < m; ++j) {
        const Index at = place_[rows.slots[j]];
        if (at >= 0) {
            for (std::size_t t = 0; t < K_; ++t) part_[static_cast<std::size_t>(at) + t * known] = R[j + t * m];
            continue;
        }
        const double* u = rows.u.data() + j * K_;
        const double along_u = G_[j + j * m] + rows.l2[j], across = along_u + rows.c[j];
        double along = 0;
        for (std::size_t t = 0; t < K_; ++t) along += u[t] * R[j + t * m];
        for (std::size_t t = 0; t < K_; ++t)
            Z[j + t * m] = (R[j + t * m] + rows.c[j] / along_u * along * u[t]) / across;
    }
    solve_factored(part_.data());
    for (std::size_t j = 0; j < m; ++j)
        if (const Index at = place_[rows.slots[j]]; at >= 0)
            for (std::size_t t = 0; t < K_; ++t) Z[j + t * m] = part_[static_cast<std::size_t>(at) + t * known];
}

/// Conjugate gradients for as long as they are cheaper than factors. False, and B as it was, where they do not get there.
bool RowNewton::iterate(const ActiveRows& rows, std::vector<double>& B) {
    const std::size_t m = rows.slots.size();
    const int most = static_cast<int>(kIterationsPerFactor * static_cast<double>(m) / static_cast<double>(K_));
    if (most < kFewest || factors_.rows.slots.empty()) return false;
    const auto multiply = [&](const std::vector<double>& V, std::vector<double>& out) { apply(rows, V, out); };
    const auto solve = [&](const std::vector<double>& R, std::vector<double>& Z) { precondition(rows, R, Z); };
    const auto reached = [](const Gradients& at) { return at.left <= kForcing * kForcing * at.first; };
    Gradients step =
        conjugate_gradients(B, multiply, solve, [&](const Gradients& at) { return reached(at) || at.steps >= most; });
    if (!reached(step)) return false;
    B.swap(step.x);
    return true;
}

/// Where the system is singular to rounding its diagonal is raised, so that directions stay directions of descent.
void RowNewton::factor(const ActiveRows& rows) {
    for (std::size_t slot : factors_.rows.slots) place_[slot] = -1;
    factors_.rows = rows;
    const std::size_t m = rows.slots.size();
    auto& root = factors_.root_c;
    root.resize(m);
    for (std::size_t j = 0; j < m; ++j) {
        place_[rows.slots[j]] = static_cast<Index>(j);
        root[j] = std::sqrt(rows.c[j]);
        G_[j + j * m] += rows.l2[j] + rows.c[j];
    }
    std::vector<double> L;
    factor_raised(kernels_, G_, m, L);
    factors_.inverse = inverse_of(kernels_, L, m);
    std::vector<double> S(m * m, 0.0);
    kernels_.downdate_square(rows.u.data(), K_, K_, m, S.data(), m);  // -UU'
    for (std::size_t b = 0; b < m; ++b)
        for (std::size_t a = b; a < m; ++a)
            S[a + b * m] = (a == b) + root[a] * root[b] * S[a + b * m] * factors_.inverse[a + b * m];
    factor_raised(kernels_, S, m, factors_.S);
}

std::vector<double> inverse_of(const kernels::Kernels& kernels, const std::vector<double>& L, std::size_t m) {
    // L^-1 is lower triangular: a block of its columns begins at its own row.
    std::vector<double> B(m * m, 0.0), inverse(m * m, 0.0);
    for (std::size_t j = 0; j < m; j += kBlock) {
        const std::size_t width = std::min(kBlock, m - j);
        for (std::size_t k = 0; k < width; ++k) B[(j + k) + (j + k) * m] = 1.0;
        kernels.solve_lower_many(L.data() + j + j * m, m, m - j, B.data() + j + j * m, m, width);
    }
    for (std::size_t i = 0; i < m; i += kBlock) {
        const std::size_t rows = std::min(kBlock, m - i);
        kernels.downdate_square(B.data() + i, m, rows, i + rows, inverse.data(), m);
    }
    for (std::size_t b = 0; b < m; ++b)
        for (std::size_t a = b; a < m; ++a) inverse[a + b * m] = inverse[b + a * m] = -inverse[a + b * m];
    return inverse;
}

/// B := H^-1 B for the system that was factored.
void RowNewton::solve_factored(double* B) const {
    const auto& [rows, inverse, S, root] = factors_;
    const std::size_t m = rows.slots.size();
    std::vector<const double*> columns(m);
    std::vector<double> v(m * K_);
    for (std::size_t j = 0; j < m; ++j) {
        columns[j] = inverse.data() + j * m;
        for (std::size_t t = 0; t < K_; ++t) v[j * K_ + t] = B[j + t * m];
    }
    std::fill_n(B, m * K_, 0.0);
    kernels_.f64.accumulate(columns.data(), nullptr, m, v.data(), K_, K_, m, B, m);
    // B is M^-1 times what it was; what that is along the rows goes through the small system.
    along_.assign(m, 0.0);
    for (std::size_t t = 0; t < K_; ++t)
        for (std::size_t j = 0; j < m; ++j) along_[j] += root[j] * rows.u[j * K_ + t] * B[j + t * m];
    kernels_.solve_lower(S.data(), m, m, along_.data());
    kernels_.solve_lower_transposed(S.data(), m, m, along_.data());
    for (std::size_t j = 0; j < m; ++j)
        for (std::size_t t = 0; t < K_; ++t) v[j * K_ + t] = root[j] * rows.u[j * K_ + t] * along_[j];
    kernels_.f64.accumulate(columns.data(), nullptr, m, v.data(), K_, K_, m, B, m);
}

}  // namespace riata
