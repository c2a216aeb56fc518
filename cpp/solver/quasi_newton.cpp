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
}  // namespace

QuasiNewton::QuasiNewton(const Problem& problem, const PenaltyAt& penalty, const Loss& loss, const double* offset,
                         Control& control)
    : problem_(problem), penalty_(penalty), loss_(loss), offset_(offset), control_(control) {
    const std::size_t p = problem.design.cols();
    l2_.resize(p);
    for (std::size_t j = 0; j < p; ++j) l2_[j] = problem.usable[j] ? penalty.l2(j) : 0.0;
}

bool QuasiNewton::applies() const {
    if (penalty_.bounded() || !problem_.displaced_constants.empty()) return false;
    bool any = false;
    for (std::size_t j = 0; j < l2_.size(); ++j) {
        if (!problem_.usable[j]) continue;
        if (penalty_.l1(j) > 0 || !(l2_[j] > 0)) return false;
        any = true;
    }
    return any;
}

/// Margins, value and gradient in one pass over X.
void QuasiNewton::evaluate(Point& at) {
    const std::size_t n = problem_.design.rows(), p = problem_.design.cols();
    at.eta.resize(n);
    at.g.resize(p);
    slopes_.resize(n);
    std::vector<Loss::Sums> parts(Design::kRowRanges);
    problem_.design.through(
        at.w.data(),
        [&](std::size_t range, std::size_t begin, std::size_t end, double* z) {
            if (offset_)
                for (std::size_t i = begin; i < end; ++i) z[i - begin] += offset_[i];
            std::copy(z, z + (end - begin), at.eta.data() + begin);
            parts[range] += loss_.evaluate_rows(begin, end, z, at.b, z);
            if (const double* s = problem_.weights())
                for (std::size_t i = begin; i < end; ++i) z[i - begin] *= s[i];
        },
        at.g.data(), problem_.team);
    Loss::Sums sums;
    for (const Loss::Sums& part : parts) sums += part;
    at.value = sums.value;
    at.gb = problem_.request.fit_intercept ? sums.slope : 0.0;
    at.curvature = sums.curvature;
    judge(at);
}

/// The penalty's part of value and gradient, and what follows from the whole.
void QuasiNewton::judge(Point& at) const {
    const Moments& m = problem_.design.moments();
    // A step of the intercept makes the slopes sum up to zero; to first order it costs this.
    at.gap = at.gb == 0 ? 0.0 : at.gb * at.gb / (2 * at.curvature);
    at.kkt = std::abs(at.gb);
    for (std::size_t j = 0; j < l2_.size(); ++j) {
        if (!(l2_[j] > 0)) {
            at.g[j] = 0;
            continue;
        }
        at.value += 0.5 * l2_[j] * at.w[j] * at.w[j];
        at.g[j] -= l2_[j] * at.w[j];
        at.gap += at.g[j] * at.g[j] / (2 * l2_[j]);
        at.kkt = std::max(at.kkt, std::abs(at.g[j]) / m.scale[j]);
    }
    at.kkt /= problem_.weight;
}

/// The two-loop recursion, from the diagonal of the Hessian at a curvature that is the same for all rows. The intercept is the
/// last entry.
std::vector<double> QuasiNewton::direction() const {
    const std::size_t p = l2_.size();
    const Moments& m = problem_.design.moments();
    std::vector<double> d = now_.g, weights(pairs_.size());
    d.push_back(now_.gb);
    const kernels::Kernels& leaf = kernels::active();
    const auto dot = [&](const std::vector<double>& a, const std::vector<double>& b) {
        return leaf.dot(a.data(), b.data(), p + 1);
    };
    const auto add = [&](double a, const std::vector<double>& v) { leaf.axpy(a, v.data(), d.data(), p + 1); };
    for (std::size_t k = pairs_.size(); k-- > 0;) {
        weights[k] = dot(pairs_[k].step, d) / pairs_[k].product;
        add(-weights[k], pairs_[k].change);
    }
    const double mean = now_.curvature / problem_.weight;
    const auto scaled = [&](std::size_t j, double v) {
        if (j == p) return now_.curvature > 0 ? v / now_.curvature : 0.0;
        return l2_[j] > 0 ? v / (mean * m.norm[j] * m.norm[j] + l2_[j]) : 0.0;
    };
    double gamma = 1;
    if (!pairs_.empty()) {
        const Pair& last = pairs_.back();
        double sum = 0;
        for (std::size_t j = 0; j <= p; ++j) sum += last.change[j] * scaled(j, last.change[j]);
        if (sum > 0) gamma = last.product / sum;
    }
    for (std::size_t j = 0; j <= p; ++j) d[j] = gamma * scaled(j, d[j]);
    for (std::size_t k = 0; k < pairs_.size(); ++k)
        add(weights[k] - dot(pairs_[k].change, d) / pairs_[k].product, pairs_[k].step);
    return d;
}

/// The objective and its slope at t of the way between two points whose margins are known, which costs no pass over X.
double QuasiNewton::along(const Point& from, const Point& to, double t, double& slope) {
    const std::size_t n = from.eta.size();
    eta_.resize(n);
    for (std::size_t i = 0; i < n; ++i) eta_[i] = from.eta[i] + t * (to.eta[i] - from.eta[i]);
    const Loss::Sums sums = loss_.evaluate(eta_.data(), from.b + t * (to.b - from.b), slopes_.data());
    double value = sums.value;
    slope = -sums.slope * (to.b - from.b);
    const double* s = problem_.weights();
    for (std::size_t i = 0; i < n; ++i) slope -= (s ? s[i] : 1.0) * slopes_[i] * (to.eta[i] - from.eta[i]);
    for (std::size_t j = 0; j < l2_.size(); ++j) {
        const double way = to.w[j] - from.w[j], w = from.w[j] + t * way;
        value += 0.5 * l2_[j] * w * w;
        slope += l2_[j] * w * way;
    }
    return value;
}

/// A step along d that gains enough and leaves little slope. False where there is none.
bool QuasiNewton::advance(const std::vector<double>& d) {
    const std::size_t p = l2_.size();
    double start = -now_.gb * d[p];
    for (std::size_t j = 0; j < p; ++j) start -= now_.g[j] * d[j];
    if (!(start < 0)) return false;
    const auto go = [&](double t) {
        next_.w = now_.w;
        for (std::size_t j = 0; j < p; ++j) next_.w[j] += t * d[j];
        next_.b = now_.b + t * d[p];
        evaluate(next_);
    };
    const auto slope_of = [&](const Point& at) {
        double sum = -at.gb * d[p];
        for (std::size_t j = 0; j < p; ++j) sum -= at.g[j] * d[j];
        return sum;
    };
    double t = 1;
    go(t);
    if (next_.value <= now_.value + kArmijo * start && std::abs(slope_of(next_)) <= -kFlat * start) return true;
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
    const std::size_t p = l2_.size();
    Pair pair{std::vector<double>(p + 1), std::vector<double>(p + 1), 0};
    double steps = 0, changes = 0;
    for (std::size_t j = 0; j <= p; ++j) {
        pair.step[j] = j < p ? now_.w[j] - before.w[j] : now_.b - before.b;
        pair.change[j] = j < p ? before.g[j] - now_.g[j] : before.gb - now_.gb;
        pair.product += pair.step[j] * pair.change[j];
        steps += pair.step[j] * pair.step[j];
        changes += pair.change[j] * pair.change[j];
    }
    if (!(pair.product > kPositive * std::sqrt(steps * changes))) return;
    if (pairs_.size() == kPairs) pairs_.erase(pairs_.begin());
    pairs_.push_back(std::move(pair));
}

bool QuasiNewton::run(double b, double gap, double kkt, long max_iterations) {
    now_ = {};
    now_.w.assign(l2_.size(), 0.0);
    now_.b = b;
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
