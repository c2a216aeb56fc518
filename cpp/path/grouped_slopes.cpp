// Probabilities and slopes of the softmax model with rows of coefficients, and the certificate that they give.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/grouped.hpp"

namespace riata {

namespace {
constexpr int kMaxProfiles = 30;   // Newton steps of the intercepts
constexpr double kLongest = 0.7;   // move of a margin in one of them
constexpr double kSettled = 1e-7;  // where what is left of a step is second order
constexpr double kAllowed = 0.5;   // largest relative change of a probability that keeps it one
}  // namespace

/// Probabilities and the loss.
void GroupedDriver::predict() {
    const kernels::Kernels& leaf = kernels::active();
    std::vector<double> top(n_, -kInfinity), sum(n_, 0.0);
    P_.resize(n_ * C_);
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) top[i] = std::max(top[i], now_.eta[k * n_ + i]);
    for (std::size_t k = 0; k < C_; ++k) {
        double* p = P_.data() + k * n_;
        for (std::size_t i = 0; i < n_; ++i) p[i] = now_.eta[k * n_ + i] - top[i];
        leaf.exponentials(p, n_, p);
        for (std::size_t i = 0; i < n_; ++i) sum[i] += p[i];
    }
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) P_[k * n_ + i] /= sum[i];
    leaf.logarithms(sum.data(), n_, sum.data());
    loss_ = 0;
    for (std::size_t i = 0; i < n_; ++i)
        loss_ += sample_weight(i) * (top[i] - now_.eta[static_cast<std::size_t>(labels_[i]) * n_ + i] + sum[i]);
}

/// The Newton step of the intercepts, that of the last class 0. Not sound where there is no curvature.
std::vector<double> GroupedDriver::intercept_step(bool& sound) const {
    const std::size_t m = C_ - 1;
    std::vector<double> H(m * m, 0.0), g(C_, 0.0);
    for (std::size_t a = 0; a < m; ++a) {
        const double* p = P_.data() + a * n_;
        for (std::size_t i = 0; i < n_; ++i) {
            const double s = sample_weight(i);
            g[a] += s * ((labels_[i] == static_cast<int>(a)) - p[i]);
            H[a + a * m] += s * p[i];
        }
        for (std::size_t b = 0; b <= a; ++b) H[a + b * m] -= problem_.inner(p, P_.data() + b * n_);
    }
    const kernels::Kernels& leaf = kernels::active();
    sound = leaf.cholesky(H.data(), m, m, nullptr) == m;
    if (!sound) return std::vector<double>(C_, 0.0);
    leaf.solve_lower(H.data(), m, m, g.data());
    leaf.solve_lower_transposed(H.data(), m, m, g.data());
    return g;
}

/// Moves the intercepts to their best; R = y - p, with what is left of s'R_k taken off to first order.
void GroupedDriver::find_slopes() {
    predict();
    sound_ = true;
    std::vector<double> step(C_, 0.0);
    for (int k = 0; k < kMaxProfiles && problem_.request.fit_intercept; ++k) {
        step = intercept_step(sound_);
        double longest = 0;
        for (double v : step) longest = std::max(longest, std::abs(v));
        if (!sound_ || longest <= kSettled) break;
        const double t = std::min(1.0, kLongest / longest);
        for (std::size_t a = 0; a < C_; ++a) {
            now_.b[a] += t * step[a];
            for (std::size_t i = 0; i < n_; ++i) now_.eta[a * n_ + i] += t * step[a];
        }
        predict();
    }
    if (problem_.request.fit_intercept) step = intercept_step(sound_);
    R_.resize(n_ * C_);
    double longest = 0;
    for (std::size_t i = 0; i < n_; ++i) {
        double mean = 0;
        for (std::size_t k = 0; k < C_; ++k) mean += P_[k * n_ + i] * step[k];
        for (std::size_t k = 0; k < C_; ++k) {
            const double shift = step[k] - mean;
            longest = std::max(longest, std::abs(shift));
            R_[k * n_ + i] = (labels_[i] == static_cast<int>(k)) - P_[k * n_ + i] * (1 + shift);
        }
    }
    sound_ = sound_ && longest <= kAllowed;
}

/// C = Xh'S R over all features.
void GroupedDriver::correlate() {
    u_.resize(n_ * C_);
    for (std::size_t k = 0; k < C_; ++k) problem_.weigh(R_.data() + k * n_, u_.data() + k * n_);
    all_.resize(problem_.design.cols() * C_);
    problem_.design.correlate_all(u_.data(), C_, all_.data(), problem_.team);
    c_.resize(model_.size() * C_);
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        std::copy_n(all_.data() + feature(slot) * C_, C_, c_.data() + slot * C_);
    whole_ = true;
    paths_.count_passes(1);
}

/// The same over the working set alone.
void GroupedDriver::correlate_within() {
    u_.resize(n_ * C_);
    for (std::size_t k = 0; k < C_; ++k) problem_.weigh(R_.data() + k * n_, u_.data() + k * n_);
    c_.resize(model_.size() * C_);
    if (model_.size() > 0) problem_.design.correlate(model_.features(), u_.data(), C_, c_.data(), problem_.team);
    whole_ = false;
    paths_.count_passes(static_cast<double>(model_.size()) / static_cast<double>(problem_.design.cols()));
}

double GroupedDriver::penalty() const {
    double sum = 0;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        const double length = norm_of(row(slot), C_);
        if (length > 0) sum += problem_.penalty[feature(slot)].value(length);
    }
    return sum;
}

/// -sum_i s_i sum_k q_ik log q_ik with q = y - t r: what the loss gives to the dual value of t r.
double GroupedDriver::dual_loss(double t) const {
    std::vector<double> q(n_), logs(n_);
    double sum = 0;
    for (std::size_t k = 0; k < C_; ++k) {
        for (std::size_t i = 0; i < n_; ++i)
            q[i] = std::max(0.0, (labels_[i] == static_cast<int>(k)) - t * R_[k * n_ + i]);
        kernels::active().logarithms(q.data(), n_, logs.data());
        for (std::size_t i = 0; i < n_; ++i) sum -= sample_weight(i) * q[i] * logs[i];
    }
    return sum;
}

void GroupedDriver::certify(bool thorough) {
    certificate_.primal = objective();
    DualPoint dual(1e3 * problem_.noise());
    const auto& moments = problem_.design.moments();
    const auto judge = [&](std::size_t j, const double* w, const double* c) {
        dual.add_row(problem_.penalty[j], w, c, C_, moments.norm[j], moments.scale[j]);
    };
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (problem_.usable[feature(slot)]) judge(feature(slot), row(slot), c_.data() + slot * C_);
    for (std::size_t j = 0; whole_ && j < problem_.design.cols(); ++j)
        if (problem_.usable[j] && model_.slot(static_cast<Index>(j)) < 0) judge(j, nullptr, all_.data() + j * C_);
    // Where R is not in the dual's domain there is still 0, below any loss.
    certificate_.dual = sound_ ? dual.best([&](double t) { return dual_loss(t); },
                                           certificate_.primal - 0.1 * options_.tol * null_loss_, thorough)
                               : 0.0;
    certificate_.gap = std::abs(certificate_.primal - certificate_.dual);
    certificate_.rel_gap = null_loss_ > 0 ? certificate_.gap / null_loss_ : (certificate_.gap > 0 ? kInfinity : 0.0);
    certificate_.kkt_max = dual.kkt_max() / problem_.weight;
}

}  // namespace riata
