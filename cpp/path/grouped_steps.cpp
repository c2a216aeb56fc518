// Steps of the softmax model with rows of coefficients: sweeps over single rows, Newton steps on those that are not zero.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/grouped.hpp"
#include "solver/conjugate_gradients.hpp"
#include "solver/softmax_system.hpp"

namespace riata {

namespace {
constexpr double kBound = 0.5;        // times X'SX: the largest curvature that the loss can have (Boehning, 1992)
constexpr double kSmallest = 1e-3;    // and the least that is tried
constexpr double kRelax = 0.6;        // of the curvature, after a sweep that went well
constexpr double kRounding = 1e-14;   // of the objective
constexpr long kMostConjugate = 300;  // conjugate gradients of one Newton step
constexpr double kLeft = 0.03;        // of the gradient, in the preconditioner's metric: what a step leaves
constexpr int kMaxCuts = 12;
constexpr int kClippedCuts = 2;    // before a step ends where the first row turns round
constexpr double kTurned = 1e-12;  // of its length, along itself: where a row has turned round
}  // namespace

/// W := these rows, and eta with them.
void GroupedDriver::move(const std::vector<double>& W) {
    std::vector<Index> features;
    std::vector<double> delta;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        bool moves = false;
        for (std::size_t k = 0; k < C_; ++k) moves = moves || W[slot * C_ + k] != row(slot)[k];
        if (!moves) continue;
        features.push_back(model_.features()[slot]);
        for (std::size_t k = 0; k < C_; ++k) delta.push_back(W[slot * C_ + k] - row(slot)[k]);
    }
    if (features.empty()) return;
    problem_.design.accumulate(features, delta.data(), C_, now_.eta.data(), problem_.team);
    now_.W = W;
    report_.count_columns(static_cast<double>(features.size()));
}

/// The exact minimum of the sweeps' model over one row; c are the model's correlations, slot + k * size.
void GroupedDriver::descend(std::size_t slot, std::vector<double>& c) {
    const std::size_t m = model_.size();
    const double* column = model_.column(slot);
    const double square = curvature_ * column[model_.position(slot)];
    if (!(square > 0)) return;
    const ScalarPenalty h = at_[feature(slot)];
    double* w = row(slot);
    std::vector<double> b(C_), minus(C_);
    for (std::size_t k = 0; k < C_; ++k) b[k] = c[slot + k * m] + square * w[k];
    const double factor = h.shrink(norm_of(b.data(), C_), square);
    bool moves = false;
    for (std::size_t k = 0; k < C_; ++k) {
        const double to = factor * b[k];
        minus[k] = curvature_ * (w[k] - to);
        moves = moves || w[k] != to;
        w[k] = to;
    }
    if (moves) kernels::active().f64.accumulate(&column, nullptr, 1, minus.data(), C_, C_, m, c.data(), m);
}

/// So many sweeps over the working set in a model whose curvature is that of X'SX times `curvature_`, raised until the objective
/// falls; with 0, one over the rows that are zero. False where it does not.
bool GroupedDriver::sweep(int sweeps) {
    const std::size_t m = model_.size();
    const double before = objective();
    const Iterate kept = now_;
    for (;;) {
        std::vector<double> c(m * C_);
        for (std::size_t slot = 0; slot < m; ++slot)
            for (std::size_t k = 0; k < C_; ++k) c[slot + k * m] = c_[slot * C_ + k];
        for (int s = 0; s < std::max(sweeps, 1); ++s)
            for (std::size_t slot = 0; slot < m; ++slot)
                if (problem_.usable[feature(slot)] && (sweeps > 0 || !present(slot))) descend(slot, c);
        std::vector<double> W = kept.W;
        W.swap(now_.W);
        move(W);
        predict();
        ++solves_;
        if (objective() < before) {
            curvature_ = std::max(kRelax * curvature_, kSmallest);
            return true;
        }
        now_ = kept;
        if (curvature_ == kBound) break;
        curvature_ = std::min(kBound, 2 * curvature_);
    }
    predict();
    return false;
}

/// Rows that are not zero, or free to be anything.
ActiveRows GroupedDriver::find_rows() const {
    ActiveRows rows;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        const ScalarPenalty h = at_[feature(slot)];
        if (!problem_.usable[feature(slot)] || (h.l1 > 0 && !present(slot))) continue;
        const double length = norm_of(row(slot), C_);
        rows.slots.push_back(slot);
        for (std::size_t k = 0; k < C_; ++k) rows.u.push_back(length > 0 ? row(slot)[k] / length : 0.0);
        rows.c.push_back(length > 0 ? h.l1 / length : 0.0);
        rows.l2.push_back(h.l2);
    }
    return rows;
}

/// The Newton step for the gradient -g, roughly, on the loss's curvature and that of the penalty.
std::vector<double> GroupedDriver::find_step(std::vector<double> g) {
    CoupledCurvature curvature(problem_, softmax_, active_, P_.data());
    const std::size_t m = active_.size(), N = curvature.stride();
    const auto multiply = [&](const std::vector<double>& V, std::vector<double>& out) {
        if (control_.cancelled()) throw Cancelled{};
        curvature.multiply(V, out);
        for (std::size_t j = 0; j < m; ++j) {
            const double *u = rows_.u.data() + j * C_, c = rows_.c[j];
            double along = 0;
            for (std::size_t k = 0; k < C_; ++k) along += u[k] * V[j + k * N];
            for (std::size_t k = 0; k < C_; ++k) out[j + k * N] += (rows_.l2[j] + c) * V[j + k * N] - c * along * u[k];
        }
    };
    const auto precondition = [&](const std::vector<double>& r, std::vector<double>& z) { factors_.solve(r, z); };
    const auto done = [&](const Gradients& at) {
        return at.steps >= kMostConjugate || at.left <= kLeft * kLeft * at.first;
    };
    Gradients step = conjugate_gradients(std::move(g), multiply, precondition, done);
    solves_ += step.steps;
    report_.count_columns(2.0 * static_cast<double>(step.steps) * static_cast<double>(m));
    factors_.report(step.steps);
    return std::move(step.x);
}

/// Moves by t times the step, rows that would turn round to zero. False where there are such.
bool GroupedDriver::try_step(const std::vector<double>& step, double t) {
    const std::size_t m = active_.size(), N = m + problem_.request.fit_intercept;
    bool clipped = false;
    std::vector<double> W = now_.W;
    for (std::size_t j = 0; j < m; ++j) {
        double* w = W.data() + rows_.slots[j] * C_;
        const double* u = rows_.u.data() + j * C_;
        double along = 0;
        for (std::size_t k = 0; k < C_; ++k) along += u[k] * (w[k] += t * step[j + k * N]);
        if (rows_.c[j] > 0 && along <= kTurned * norm_of(row(rows_.slots[j]), C_)) {
            std::fill_n(w, C_, 0.0);
            clipped = true;
        }
    }
    move(W);
    for (std::size_t k = 0; k < C_ && N > m; ++k) shift(k, t * step[m + k * N]);
    predict();
    return !clipped;
}

/// The share of the step at which the first row turns round, at most 1.
double GroupedDriver::first_turn(const std::vector<double>& step) const {
    const std::size_t m = active_.size(), N = m + problem_.request.fit_intercept;
    double t = 1;
    for (std::size_t j = 0; j < m; ++j) {
        if (rows_.c[j] == 0) continue;
        double along = 0;
        for (std::size_t k = 0; k < C_; ++k) along += rows_.u[j * C_ + k] * step[j + k * N];
        if (along < 0) t = std::min(t, -norm_of(row(rows_.slots[j]), C_) / along);
    }
    return t;
}

/// True for a whole step that set no row to zero.
bool GroupedDriver::newton_step() {
    rows_ = find_rows();
    active_.clear();
    for (std::size_t slot : rows_.slots) active_.push_back(model_.features()[slot]);
    const std::size_t m = active_.size(), N = m + problem_.request.fit_intercept;
    if (m == 0) return false;
    std::vector<double> g(N * C_, 0.0);
    for (std::size_t j = 0; j < m; ++j)
        for (std::size_t k = 0; k < C_; ++k) {
            const double w = row(rows_.slots[j])[k], l1 = at_.l1(feature(rows_.slots[j]));
            g[j + k * N] = c_[rows_.slots[j] * C_ + k] - rows_.l2[j] * w - l1 * rows_.u[j * C_ + k];
        }
    factors_.follow(model_, rows_, P_);
    const double before = objective();
    const std::vector<double> step = find_step(std::move(g));
    const Iterate kept = now_;
    const double turn = first_turn(step);
    double t = 1;
    for (int cut = 0; cut < kMaxCuts; ++cut) {
        const bool whole = try_step(step, t);
        if (objective() <= before * (1 + kRounding)) return whole && cut == 0;
        now_ = kept;
        t = cut == kClippedCuts && turn < t ? turn : 0.5 * t;
    }
    predict();
    return false;
}

}  // namespace riata
