// Solutions of a smooth loss as they leave.
#include <cmath>
#include <limits>

#include "kernels/sum_of.hpp"
#include "path/newton_driver.hpp"

namespace riata {

/// What rounding of the margins makes of the mean loss.
double NewtonDriver::rounding_of_loss(const Lane& lane) const {
    const double sum = sum_of(lane.eta.size(), [&](std::size_t i) {
        return (problem_.weights() ? problem_.s[i] : 1.0) * std::abs(lane.r[i]) * std::abs(lane.eta[i] + lane.b);
    });
    return std::numeric_limits<double>::epsilon() * sum / problem_.weight;
}

/// How far the mean loss of the numbers handed out is above the lane's; the bound of it where that is but rounding.
double NewtonDriver::excess(const Lane& lane, const Solution& s, double bound) const {
    if (bound <= rounding_of_loss(lane)) return bound;
    std::vector<double> eta = margins_of(problem_, s), r(eta.size());
    for (std::size_t i = 0; i < eta.size() && offset_; ++i) eta[i] += offset_[i];
    return (loss_.evaluate(eta.data(), 0.0, r.data()).value - lane.loss) / problem_.weight;
}

Outcome NewtonDriver::outcome(std::size_t k) const {
    const Lane& lane = lanes_[k];
    Outcome out;
    out.alpha = lane.alpha;
    out.tol = tolerance(k);
    out.loss = lane.loss;
    out.solves = lane.solves + stone_solves_;
    out.certificate = certificates_[k];
    auto& [w, b] = out.outputs.emplace_back();
    for (std::size_t slot = 0; slot < lane.w.size(); ++slot)
        if (lane.w[slot] != 0) w.emplace_back(model_.features()[slot], lane.w[slot]);
    b = lane.b;
    for (std::int64_t given : options_.margins_of) {
        const auto row = static_cast<std::size_t>(given);
        out.margins.push_back(lane.eta[row] + lane.b - (offset_ ? offset_[row] : 0.0));
    }
    return out;
}

}  // namespace riata
