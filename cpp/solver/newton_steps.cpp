// How far a Newton step goes: back where it does not descend, and on where the objective still falls.
#include <algorithm>
#include <cmath>

#include "solver/newton.hpp"

namespace riata {

namespace {
constexpr double kStillFalling = 0.25;   // of the slope at the start of a step: what asks for a longer one,
constexpr double kFurthest = 16;         // times as long at most
constexpr double kDescentSlack = 1e-13;  // of the loss: what of a difference of objectives is rounding
constexpr int kMaxCuts = 40;
constexpr double kFiniteWay = 700;  // of margins: e to the power of twice as much is no number
}  // namespace

/// Whether the objective at `step`, with this loss, is not above that of the lane.
bool Newton::descends(const Lane& lane, const Step& step, double loss) const {
    if (!std::isfinite(loss)) return false;
    penalise(lane.alpha);
    double change = loss - lane.loss;
    for (std::size_t slot = 0; slot < step.w.size(); ++slot) {
        if (step.w[slot] == lane.w[slot]) continue;
        const ScalarPenalty h = problem_.penalty[static_cast<std::size_t>(model_.features()[slot])];
        change += h.value(step.w[slot]) - h.value(lane.w[slot]);
    }
    // Intercepts are profiled to within a share of tol, which a step can lose again.
    return change <= kDescentSlack * (unit_ + std::abs(loss)) + kInterceptGain * tol_ * unit_;
}

/// Doubles a step as long as the objective still falls nearly as steeply at its end as at its start, which it does for long
/// where classes are all but separated; for smooth penalties. eta_ holds the margins at the step's end, slopes_ the slopes.
void Newton::reach_further(const Lane& lane, Step& step, Loss::Sums& sums) {
    penalise(lane.alpha);
    const Penalty& penalty = problem_.penalty;
    if (penalty.bounded() || !std::isfinite(lane.loss)) return;
    const std::size_t n = lane.eta.size(), m = step.w.size();
    for (std::size_t slot = 0; slot < m && penalty.l1_scale > 0; ++slot)
        if (penalty.l1_factor[static_cast<std::size_t>(model_.features()[slot])] > 0) return;
    along_.resize(n);
    for (std::size_t i = 0; i < n; ++i) along_[i] = eta_[i] - lane.eta[i];
    std::vector<double> way(m);
    for (std::size_t slot = 0; slot < m; ++slot) way[slot] = step.w[slot] - lane.w[slot];
    const double shift = step.b - lane.b;
    const auto slope = [&](const std::vector<double>& r, double t) {
        double sum = -problem_.inner(r.data(), along_.data());
        for (std::size_t slot = 0; slot < m; ++slot)
            sum += penalty.l2(static_cast<std::size_t>(model_.features()[slot])) * way[slot] *
                   (lane.w[slot] + t * way[slot]);
        return sum;
    };
    const double enough = kStillFalling * slope(lane.r, 0);
    if (!(slope(slopes_, 1) < enough)) return;
    // From the columns: the lane's own margins have lost digits to each change of those without features, of which every
    // doubling would make more.
    std::fill(along_.begin(), along_.end(), 0.0);
    problem_.design.accumulate(model_.features(), way.data(), 1, along_.data(), problem_.team);
    const double low = tol_ * unit_;  // a loss that is certified whatever the dual point
    for (double t = 2; t <= kFurthest && sums.value > low && slope(slopes_, t / 2) < enough; t *= 2) {
        trial_.resize(n);
        trial_slopes_.resize(n);
        for (std::size_t i = 0; i < n; ++i) trial_[i] = eta_[i] + 0.5 * t * along_[i];
        double b = lane.b + t * shift;
        const Loss::Sums there = profile(trial_.data(), b, trial_slopes_.data());
        if (!(slope(trial_slopes_, t) <= 0)) return;
        eta_.swap(trial_);
        slopes_.swap(trial_slopes_);
        sums = there;
        step.b = b;
        for (std::size_t slot = 0; slot < m; ++slot) step.w[slot] = lane.w[slot] + t * way[slot];
    }
}

/// Shortens the step that ends at the margins eta_, with this loss, until it descends: to where the loss is sure to be finite
/// where it is not, then by halves. Then eta_ holds its margins. False when it never does.
bool Newton::cut_back(Lane& lane, const Step& step, double loss, Step& shorter) {
    const std::size_t n = lane.eta.size();
    std::vector<double> trial(n);
    double t = 1;
    if (!std::isfinite(loss)) {
        double longest = std::abs(step.b - lane.b);
        for (std::size_t i = 0; i < n; ++i) longest = std::max(longest, std::abs(eta_[i] - lane.eta[i]));
        if (longest > kFiniteWay) t = kFiniteWay / longest;
    }
    for (int k = 0; k < kMaxCuts; ++k) {
        t *= 0.5;
        shorter.w.resize(step.w.size());
        for (std::size_t slot = 0; slot < step.w.size(); ++slot)
            shorter.w[slot] = lane.w[slot] + t * (step.w[slot] - lane.w[slot]);
        shorter.b = lane.b + t * (step.b - lane.b);
        for (std::size_t i = 0; i < n; ++i) trial[i] = lane.eta[i] + t * (eta_[i] - lane.eta[i]);
        const Loss::Sums sums = profile(trial.data(), shorter.b, slopes_.data());
        if (!descends(lane, shorter, sums.value)) continue;
        eta_.swap(trial);
        return true;
    }
    return false;
}

}  // namespace riata
