// The slopes of the softmax model at an iterate, and the certificate that they give.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/multinomial.hpp"

namespace riata {

namespace {
constexpr double kShort = 0.5;  // largest relative change of a probability that keeps it one
}

/// Probabilities of all classes into r, and the loss.
void MultinomialDriver::predict() {
    const std::size_t n = labels_.size();
    std::vector<double> top(n, -kInfinity), sum(n, 0.0);
    for (const auto& one : classes_)
        for (std::size_t i = 0; i < n; ++i) top[i] = std::max(top[i], one->margins[i]);
    for (auto& one : classes_) {
        one->r.resize(n);
        for (std::size_t i = 0; i < n; ++i) one->r[i] = one->margins[i] - top[i];
        kernels::active().exponentials(one->r.data(), n, one->r.data());
        for (std::size_t i = 0; i < n; ++i) sum[i] += one->r[i];
    }
    for (auto& one : classes_)
        for (std::size_t i = 0; i < n; ++i) one->r[i] /= sum[i];
    kernels::active().logarithms(sum.data(), n, sum.data());
    loss_ = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double own = classes_[static_cast<std::size_t>(labels_[i])]->margins[i];
        loss_ += (problem_.weights() ? problem_.s[i] : 1.0) * (top[i] - own + sum[i]);
    }
}

/// r_k = y_k - p_k, moved to s'r_k = 0 for all classes as a first order step of the intercepts would. False, and r as it is,
/// where that step is too long for probabilities to stay such.
bool MultinomialDriver::find_slopes() {
    const std::size_t n = labels_.size(), C = classes(), m = C - 1;
    predict();
    std::vector<double> step(C, 0.0);
    if (problem_.request.fit_intercept) {
        // The curvature of the intercepts, one class left out: sum_i s_i (diag p_i - p_i p_i').
        std::vector<double> H(m * m, 0.0), g(m, 0.0);
        for (std::size_t a = 0; a < m; ++a) {
            const auto& p = classes_[a]->r;
            for (std::size_t i = 0; i < n; ++i) {
                const double s = problem_.weights() ? problem_.s[i] : 1.0;
                g[a] += s * ((labels_[i] == static_cast<int>(a)) - p[i]);
                H[a + a * m] += s * p[i];
            }
            for (std::size_t b = 0; b <= a; ++b) H[a + b * m] -= problem_.inner(p.data(), classes_[b]->r.data());
        }
        if (kernels::active().cholesky(H.data(), m, m, nullptr) < m) return false;
        kernels::active().solve_lower(H.data(), m, m, g.data());
        kernels::active().solve_lower_transposed(H.data(), m, m, g.data());
        std::copy(g.begin(), g.end(), step.begin());
    }
    double longest = 0;
    std::vector<double> p(C);
    for (std::size_t i = 0; i < n; ++i) {
        double mean = 0;
        for (std::size_t k = 0; k < C; ++k) mean += (p[k] = classes_[k]->r[i]) * step[k];
        for (std::size_t k = 0; k < C; ++k) {
            const double move = step[k] - mean;
            longest = std::max(longest, std::abs(move));
            classes_[k]->r[i] = (labels_[i] == static_cast<int>(k)) - p[k] * (1 + move);
        }
    }
    return longest <= kShort;
}

/// c_k = Xh'S r_k over all features.
void MultinomialDriver::correlate() {
    const std::size_t n = labels_.size(), p = problem_.design.cols(), C = classes(), width = Panel::kLanes;
    u_.resize(n * width);
    out_.resize(p * width);
    for (std::size_t first = 0; first < C; first += width) {
        const std::size_t K = std::min(width, C - first);
        for (std::size_t k = 0; k < K; ++k) problem_.weigh(classes_[first + k]->r.data(), u_.data() + k * n);
        problem_.design.correlate_all(u_.data(), K, out_.data(), problem_.team);
        for (std::size_t k = 0; k < K; ++k) {
            auto& c = classes_[first + k]->c;
            c.resize(p);
            for (std::size_t j = 0; j < p; ++j) c[j] = out_[j * K + k];
        }
    }
    whole_ = true;
    paths_.count_passes(static_cast<double>(C) / static_cast<double>(width));
}

/// The same over the working sets alone.
void MultinomialDriver::correlate_within() {
    const std::size_t n = labels_.size(), p = problem_.design.cols();
    u_.resize(n * Panel::kLanes);
    for (auto& one : classes_) {
        const auto& features = one->model.features();
        problem_.weigh(one->r.data(), u_.data());
        out_.resize(std::max(out_.size(), features.size()));
        problem_.design.correlate(features, u_.data(), 1, out_.data(), problem_.team);
        one->c.resize(p);
        for (std::size_t slot = 0; slot < features.size(); ++slot)
            one->c[static_cast<std::size_t>(features[slot])] = out_[slot];
        paths_.count_passes(static_cast<double>(features.size()) / static_cast<double>(p * Panel::kLanes));
    }
    whole_ = false;
}

double MultinomialDriver::penalty(double alpha) const {
    classes_[0]->newton.penalise(alpha);
    double sum = 0;
    for (const auto& one : classes_)
        for (std::size_t slot = 0; slot < one->lane.w.size(); ++slot) {
            const ScalarPenalty h = problem_.penalty[static_cast<std::size_t>(one->model.features()[slot])];
            if (alpha < kInfinity || h.l1 == 0) sum += h.value(one->lane.w[slot]);
        }
    return sum;
}

/// -sum_i s_i sum_k q_ik log q_ik with q = y - t r: what the loss gives to the dual value of t r.
double MultinomialDriver::dual_loss(double t) const {
    const std::size_t n = labels_.size();
    std::vector<double> q(n), logs(n);
    double sum = 0;
    for (std::size_t k = 0; k < classes(); ++k) {
        for (std::size_t i = 0; i < n; ++i)
            q[i] = std::max(0.0, (labels_[i] == static_cast<int>(k)) - t * classes_[k]->r[i]);
        kernels::active().logarithms(q.data(), n, logs.data());
        for (std::size_t i = 0; i < n; ++i) sum -= (problem_.weights() ? problem_.s[i] : 1.0) * q[i] * logs[i];
    }
    return sum;
}

Certificate MultinomialDriver::certify(double alpha, bool thorough) {
    const auto &norm = problem_.design.moments().norm, &scale = problem_.design.moments().scale;
    Certificate result;
    result.primal = loss_ + penalty(alpha);
    DualPoint dual(1e3 * problem_.noise());
    for (const auto& one : classes_) {
        const auto& features = one->model.features();
        for (std::size_t slot = 0; slot < features.size(); ++slot) {
            const auto j = static_cast<std::size_t>(features[slot]);
            const ScalarPenalty h = problem_.penalty[j];
            if (alpha == kInfinity && h.l1 > 0) continue;
            dual.add(h, slot < one->lane.w.size() ? one->lane.w[slot] : 0.0, one->c[j], norm[j], scale[j]);
        }
        if (!whole_ || alpha == kInfinity) continue;
        const auto& l1_factor = problem_.penalty.l1_factor;
        for (std::size_t j = 0; j < one->c.size(); ++j) {
            // Most stay below their l1, where they cost nothing.
            if (std::abs(one->c[j]) <= problem_.penalty.l1_scale * l1_factor[j]) continue;
            if (!problem_.usable[j] || one->model.slot(static_cast<Index>(j)) >= 0) continue;
            dual.add(problem_.penalty[j], 0.0, one->c[j], norm[j], scale[j]);
        }
    }
    result.dual =
        dual.best([&](double t) { return dual_loss(t); }, result.primal - 0.1 * options_.tol * null_loss_, thorough);
    result.gap = std::abs(result.primal - result.dual);
    result.rel_gap = null_loss_ > 0 ? result.gap / null_loss_ : (result.gap > 0 ? kInfinity : 0.0);
    result.kkt_max = dual.kkt_max() / problem_.weight;
    return result;
}

}  // namespace riata
