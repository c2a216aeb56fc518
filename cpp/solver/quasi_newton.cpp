#include "solver/quasi_newton.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"

namespace riata {

namespace {
constexpr std::size_t kPairs = 10;   // that are remembered
constexpr double kArmijo = 1e-4;     // of the slope: what a step has to gain at least
constexpr double kFlat = 0.9;        // of the slope at the start: what may be left at the end of a step
constexpr int kTrials = 30;          // steps along one direction
constexpr double kPositive = 1e-12;  // of |step| |change|: curvature worth remembering

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return kernels::active().dot(a.data(), b.data(), a.size());
}

void add(double t, const std::vector<double>& v, std::vector<double>& to) {
    kernels::active().axpy(t, v.data(), to.data(), v.size());
}
}  // namespace

QuasiNewton::QuasiNewton(Problem& problem, const MarginLoss& loss, Control& control)
    : problem_(problem), loss_(loss), control_(control), margins_(loss.margins()) {
    const std::size_t p = problem.design.cols();
    l2_.resize(p);
    for (std::size_t j = 0; j < p; ++j) l2_[j] = problem.usable[j] ? problem.penalty.l2(j) : 0.0;
}

bool QuasiNewton::applies() const {
    const Penalty& penalty = problem_.penalty;
    if (penalty.bounded() || !problem_.displaced_constants.empty()) return false;
    bool any = false;
    for (std::size_t j = 0; j < l2_.size(); ++j) {
        if (!problem_.usable[j]) continue;
        if (penalty.l1(j) > 0 || !(l2_[j] > 0)) return false;
        any = true;
    }
    return any;
}

/// Margins, value and gradient in one pass over X.
void QuasiNewton::evaluate(Point& at) {
    const std::size_t n = problem_.design.rows(), p = l2_.size(), K = margins_;
    at.eta.resize(n * K);
    at.g.resize((p + 1) * K);
    const double* b = at.x.data() + p * K;
    std::vector<MarginLoss::Sums> parts(Design::kRowRanges, MarginLoss::Sums(K));
    problem_.design.through(
        at.x.data(), K,
        [&](std::size_t range, std::size_t begin, std::size_t end, double* z) {
            const std::size_t rows = end - begin;
            for (std::size_t k = 0; k < K; ++k) std::copy_n(z + k * rows, rows, at.eta.data() + k * n + begin);
            loss_.evaluate(begin, end, z, b, parts[range]);
        },
        at.g.data(), problem_.team);
    MarginLoss::Sums sums(K);
    for (const MarginLoss::Sums& part : parts) sums += part;
    at.value = sums.value;
    at.curvature = sums.curvature;
    for (std::size_t k = 0; k < K; ++k) at.g[p * K + k] = problem_.request.fit_intercept ? sums.slope[k] : 0.0;
    judge(at);
}

/// The penalty's part of value and gradient, and what follows from the whole.
void QuasiNewton::judge(Point& at) const {
    const Moments& m = problem_.design.moments();
    const std::size_t p = l2_.size(), K = margins_;
    at.gap = at.kkt = 0;
    for (std::size_t j = 0; j < p; ++j)
        for (std::size_t a = j * K; a < (j + 1) * K; ++a) {
            if (!(l2_[j] > 0)) {
                at.g[a] = 0;
                continue;
            }
            at.value += 0.5 * l2_[j] * at.x[a] * at.x[a];
            at.g[a] -= l2_[j] * at.x[a];
            at.gap += at.g[a] * at.g[a] / (2 * l2_[j]);
            at.kkt = std::max(at.kkt, std::abs(at.g[a]) / m.scale[j]);
        }
    for (std::size_t k = 0; k < K; ++k) {
        // A step of the intercept makes the slopes sum up to zero; to first order it costs this.
        const double g = at.g[p * K + k];
        at.gap += g == 0 ? 0.0 : g * g / (2 * at.curvature[k]);
        at.kkt = std::max(at.kkt, std::abs(g));
    }
    at.kkt /= problem_.weight;
}

/// Divides by the diagonal of the Hessian at a curvature that is the same for all rows.
void QuasiNewton::precondition(std::vector<double>& v) const {
    const Moments& m = problem_.design.moments();
    const std::size_t p = l2_.size(), K = margins_;
    for (std::size_t j = 0; j < p; ++j)
        for (std::size_t k = 0; k < K; ++k) {
            const double mean = now_.curvature[k] / problem_.weight;
            v[j * K + k] = l2_[j] > 0 ? v[j * K + k] / (mean * m.norm[j] * m.norm[j] + l2_[j]) : 0.0;
        }
    for (std::size_t k = 0; k < K; ++k) v[p * K + k] = now_.curvature[k] > 0 ? v[p * K + k] / now_.curvature[k] : 0.0;
}

/// The two-loop recursion.
std::vector<double> QuasiNewton::direction() const {
    std::vector<double> d = now_.g, weights(pairs_.size());
    for (std::size_t k = pairs_.size(); k-- > 0;) {
        weights[k] = dot(pairs_[k].step, d) / pairs_[k].product;
        add(-weights[k], pairs_[k].change, d);
    }
    precondition(d);
    // Of independent columns the diagonal of X'X is to its largest eigenvalues as 1 to 1 + p/n.
    double gamma = 1 / (1 + static_cast<double>(l2_.size()) / static_cast<double>(problem_.design.rows()));
    if (!pairs_.empty()) {
        std::vector<double> scaled = pairs_.back().change;
        precondition(scaled);
        const double sum = dot(pairs_.back().change, scaled);
        if (sum > 0) gamma = pairs_.back().product / sum;
    }
    for (double& v : d) v *= gamma;
    for (std::size_t k = 0; k < pairs_.size(); ++k)
        add(weights[k] - dot(pairs_[k].change, d) / pairs_[k].product, pairs_[k].step, d);
    return d;
}

/// The objective and its slope at t of the way between two points whose margins are known, which costs no pass over X.
double QuasiNewton::along(const Point& from, const Point& to, double t, double& slope) {
    const std::size_t n = problem_.design.rows(), p = l2_.size(), K = margins_;
    const auto between = [&](const std::vector<double>& a, const std::vector<double>& b, std::size_t i) {
        return a[i] + t * (b[i] - a[i]);
    };
    eta_.resize(n * K);
    for (std::size_t i = 0; i < n * K; ++i) eta_[i] = between(from.eta, to.eta, i);
    std::vector<double> b(K);
    for (std::size_t k = 0; k < K; ++k) b[k] = between(from.x, to.x, p * K + k);
    MarginLoss::Sums sums(K);
    loss_.evaluate(0, n, eta_.data(), b.data(), sums);
    double value = sums.value;
    slope = 0;
    for (std::size_t k = 0; k < K; ++k) slope -= sums.slope[k] * (to.x[p * K + k] - from.x[p * K + k]);
    for (std::size_t i = 0; i < n * K; ++i) slope -= eta_[i] * (to.eta[i] - from.eta[i]);
    for (std::size_t j = 0; j < p; ++j)
        for (std::size_t a = j * K; a < (j + 1) * K; ++a) {
            const double w = between(from.x, to.x, a);
            value += 0.5 * l2_[j] * w * w;
            slope += l2_[j] * w * (to.x[a] - from.x[a]);
        }
    return value;
}

/// A step along d that gains enough and leaves little slope. False where there is none.
bool QuasiNewton::advance(const std::vector<double>& d) {
    const double start = -dot(now_.g, d);
    if (!(start < 0)) return false;
    const auto go = [&](double t) {
        next_.x = now_.x;
        add(t, d, next_.x);
        evaluate(next_);
    };
    double t = 1;
    go(t);
    if (next_.value <= now_.value + kArmijo * start && std::abs(dot(next_.g, d)) <= -kFlat * start) return true;
    // The margins are known all along the line: find its lowest point, then look there.
    double low = 0, high = kInfinity, slope = 0;
    for (int k = 0; k < kTrials; ++k) {
        const double value = along(now_, next_, t, slope);
        const bool too_far = !(value <= now_.value + kArmijo * t * start) || slope > -0.1 * start;
        if (!too_far && slope >= 0.1 * start) break;
        (too_far ? high : low) = t;
        t = high < kInfinity ? 0.5 * (low + high) : 2 * t;
    }
    if (!(t > 0) || t == 1) return next_.value < now_.value;
    go(t);
    return next_.value < now_.value;
}

void QuasiNewton::remember(const Point& before) {
    Pair pair{now_.x, before.g, 0};
    add(-1, before.x, pair.step);
    add(-1, now_.g, pair.change);
    pair.product = dot(pair.step, pair.change);
    if (!(pair.product > kPositive * std::sqrt(dot(pair.step, pair.step) * dot(pair.change, pair.change)))) return;
    if (pairs_.size() == kPairs) pairs_.erase(pairs_.begin());
    pairs_.push_back(std::move(pair));
}

bool QuasiNewton::run(const std::vector<double>& b, double gap, double kkt, long max_iterations) {
    now_ = {};
    now_.x.assign(l2_.size() * margins_, 0.0);
    now_.x.insert(now_.x.end(), b.begin(), b.end());
    evaluate(now_);
    while (!(now_.gap <= gap && now_.kkt <= kkt)) {
        if (control_.cancelled()) throw Cancelled{};
        if (iterations_ >= max_iterations || !std::isfinite(now_.value)) return false;
        if (!advance(direction())) return false;
        ++iterations_;
        std::swap(now_, next_);
        remember(next_);
    }
    return true;
}

}  // namespace riata
