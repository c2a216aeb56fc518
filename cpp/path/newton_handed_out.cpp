// Solutions of a smooth loss as they leave.
#include <cmath>
#include <limits>

#include "kernels/sum_of.hpp"
#include "path/handed_out.hpp"
#include "path/newton_driver.hpp"

namespace riata {

/// What an intercept that is off by so much adds to the mean loss. With g and h the slope and the curvature at the profiled
/// one, g off + h off^2 / 2 <= g^2 / 2 h + h off^2, and profiling leaves g^2 / 2 h a small share of the gap.
double NewtonDriver::intercept_cost(double off) const {
    if (loss_.family() == Family::kBinomial) return 0.25 * off * off;
    return off < 1 ? std::exp(loss_.margin_of_mean() + 1) * off * off : kInfinity;
}

/// What rounding of the margins makes of the mean loss.
double NewtonDriver::rounding_of_loss(const Lane& lane) const {
    const double sum = sum_of(lane.eta.size(), [&](std::size_t i) {
        return (problem_.weights() ? problem_.s[i] : 1.0) * std::abs(lane.r[i]) * std::abs(lane.eta[i] + lane.b);
    });
    return std::numeric_limits<double>::epsilon() * sum / problem_.weight;
}

/// The primal value of the numbers as they are rounded.
void NewtonDriver::judge_as_handed_out(const Lane& lane, Solution& s) const {
    std::vector<double> eta = margins_of(problem_, s), r(eta.size());
    for (std::size_t i = 0; i < eta.size() && offset_; ++i) eta[i] += offset_[i];
    s.certificate.primal += (loss_.evaluate(eta.data(), 0.0, r.data()).value - lane.loss) / problem_.weight;
    s.certificate.compare(null_loss_ / problem_.weight);
}

Solution NewtonDriver::solution(std::size_t k) const {
    const Lane& lane = lanes_[k];
    Solution s;
    s.alpha = lane.alpha;
    s.n_solves = lane.solves + stone_solves_;
    s.seconds = control_.seconds();
    s.dev_ratio = null_loss_ > 0 ? 1.0 - lane.loss / null_loss_ : 0.0;
    std::vector<std::pair<Index, double>> entries = problem_.displaced_constants;
    for (std::size_t slot = 0; slot < lane.w.size(); ++slot) {
        const Index j = model_.features()[slot];
        if (lane.w[slot] != 0) entries.emplace_back(j, problem_.coefficient(static_cast<std::size_t>(j), lane.w[slot]));
    }
    const double off = hand_out(problem_, std::move(entries), lane.b, s);
    s.certificate = certificates_[k];
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap}) *value /= problem_.weight;
    s.certificate.primal += problem_.constant_cost(s.alpha);
    s.certificate.dual += problem_.constant_cost(s.alpha);
    const double tol = tolerance_of(options_, wanted(k));
    const double cost = intercept_cost(off), unit = null_loss_ / problem_.weight;
    if (is_noticed(cost, tol, unit) && cost > rounding_of_loss(lane))
        judge_as_handed_out(lane, s);
    else
        account_for(cost, tol, unit, s.certificate);
    s.status = s.certificate.rel_gap <= tol ? Status::kConverged : Status::kGapAboveTol;
    return s;
}

}  // namespace riata
