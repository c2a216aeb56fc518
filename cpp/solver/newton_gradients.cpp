// Newton steps for smooth penalties on many features: the model's linear system by conjugate gradients on the columns, no
// Gram matrix.
#include <algorithm>
#include <cmath>

#include "solver/curvature_system.hpp"
#include "solver/newton.hpp"

namespace riata {

namespace {
constexpr std::size_t kFewColumns = 300;            // for which a Gram matrix is the better way
constexpr long kMostSteps = 500;                    // of conjugate gradients for one Newton step
constexpr long kManySteps = 150;                    // from which on a factor is the better way,
constexpr std::size_t kFactorable = 5000;           // of so many features at most
constexpr double kShare = 0.1;                      // of the gap aimed at: what may be left of the gradient
constexpr double kLoosest = 0.3, kTightest = 1e-3;  // of the gradient: what a step may leave
}  // namespace

/// No condition of any feature has a corner, and there are too many of them for a factor.
bool Newton::by_gradients() const {
    if (factored_ || problem_.penalty.bounded() || model_.size() <= kFewColumns) return false;
    const auto& l1 = problem_.penalty.l1_factor;
    return problem_.request.l1_ratio == 0 || std::all_of(model_.features().begin(), model_.features().end(),
                                                         [&](Index j) { return l1[static_cast<std::size_t>(j)] == 0; });
}

/// The minimiser of the model about the lane, roughly: (Xh' D Xh + l2) z = c - l2 w with columns centred under D. The part of
/// the gradient that is left shrinks with the root of the gap, which keeps convergence superlinear. False where that takes too
/// many steps and a factor is to be had.
bool Newton::propose_by_gradients(Lane& lane, Step& step) {
    const PenaltyAt penalty = problem_.at(lane.alpha);
    const std::vector<Index>& features = model_.features();
    const std::vector<double>& d = model_.curvatures();
    const std::size_t m = features.size();
    CurvatureSystem system(problem_, features, d, model_.total_curvature());
    std::vector<double> g(m, 0.0);
    for (std::size_t slot = 0; slot < m; ++slot) {
        const auto j = static_cast<std::size_t>(features[slot]);
        // At infinity what is penalised rests.
        if (lane.alpha == kInfinity && (problem_.penalty.l1_factor[j] > 0 || problem_.penalty.l2_factor[j] > 0)) {
            system.leave_out(slot);
            continue;
        }
        system.set_curvature(slot, lane.alpha == kInfinity ? 0.0 : penalty[j].l2);
        g[slot] = lane.c[slot] - system.l2(slot) * lane.w[slot];
    }
    const double gap = unit_ > 0 ? lane.certificate.gap / unit_ : 1.0;
    const double left = std::clamp(std::isfinite(gap) ? std::sqrt(gap) : 1.0, kTightest, kLoosest);
    // What the dual value loses by a gradient, sum g^2 / 2 l2, needs no more than a share of the tolerance.
    const auto settled = [&](const Gradients& now) {
        double loss = 0;
        for (std::size_t slot = 0; slot < m; ++slot)
            if (now.g[slot] != 0) loss += now.g[slot] * now.g[slot] / (2 * system.l2(slot));
        return loss <= kShare * tol_ * unit_;
    };
    const bool factorable = m <= kFactorable;
    const auto done = [&](const Gradients& now) {
        return now.steps >= (factorable ? kManySteps : kMostSteps) || now.left <= left * left * now.first ||
               settled(now);
    };
    const auto at = system.solve(std::move(g), done, control_);
    lane.solves += at.steps;
    if (factorable && at.steps >= kManySteps) return false;
    std::vector<double> w = lane.w;
    for (std::size_t slot = 0; slot < m; ++slot) w[slot] += at.x[slot];
    step = {std::move(w), lane.b - at.mean};
    return true;
}

}  // namespace riata
