// Newton steps for smooth penalties on many features: the model's linear system by conjugate gradients on the columns, no
// Gram matrix.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
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

/// Whether no condition of any feature has a corner and there are too many of them for a factor.
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
    penalise(lane.alpha);
    const kernels::Kernels& leaf = kernels::active();
    const Design& design = problem_.design;
    const std::vector<Index>& features = model_.features();
    const std::vector<double>& d = model_.curvatures();
    const std::size_t n = design.rows(), m = features.size();
    const double total = model_.total_curvature();
    const bool centred = problem_.request.fit_intercept && total > 0;
    std::vector<double> l2(m), inverse(m), g(m, 0.0), z(m, 0.0), p(m), image(m), u(n), moved(n, 0.0);
    double rho = 0;
    for (std::size_t slot = 0; slot < m; ++slot) {
        const auto j = static_cast<std::size_t>(features[slot]);
        // At infinity what is penalised rests.
        if (lane.alpha == kInfinity && (problem_.penalty.l1_factor[j] > 0 || problem_.penalty.l2_factor[j] > 0))
            continue;
        const double norm = design.moments().norm[j];
        l2[slot] = lane.alpha == kInfinity ? 0.0 : problem_.penalty[j].l2;
        const double diagonal = total / problem_.weight * norm * norm + l2[slot];
        if (!(diagonal > 0)) continue;
        inverse[slot] = 1 / diagonal;
        g[slot] = lane.c[slot] - l2[slot] * lane.w[slot];
        p[slot] = g[slot] * inverse[slot];
        rho += g[slot] * p[slot];
    }
    const double gap = unit_ > 0 ? lane.certificate.gap / unit_ : 1.0;
    const double left = std::clamp(std::isfinite(gap) ? std::sqrt(gap) : 1.0, kTightest, kLoosest);
    const double enough = rho * left * left;
    // What the dual value loses by a gradient, sum g^2 / 2 l2, needs no more than a share of the tolerance.
    const auto settled = [&] {
        double loss = 0;
        for (std::size_t slot = 0; slot < m; ++slot)
            if (g[slot] != 0) loss += g[slot] * g[slot] / (2 * l2[slot]);
        return loss <= kShare * tol_ * unit_;
    };
    for (long k = 0; k < kMostSteps && rho > enough && !settled(); ++k) {
        if (control_.cancelled()) throw Cancelled{};
        if (k == kManySteps && m <= kFactorable) return false;
        std::fill(u.begin(), u.end(), 0.0);
        design.accumulate(features, p.data(), 1, u.data(), problem_.team);
        const double mean = centred ? leaf.dot(d.data(), u.data(), n) / total : 0.0;
        double bend = 0;
        std::vector<double>& du = z_;
        du.resize(n);
        for (std::size_t i = 0; i < n; ++i) {
            du[i] = d[i] * (u[i] - mean);
            bend += du[i] * (u[i] - mean);
        }
        design.correlate(features, du.data(), 1, image.data(), problem_.team);
        for (std::size_t slot = 0; slot < m; ++slot) bend += l2[slot] * p[slot] * p[slot];
        if (!(bend > 0)) break;
        const double length = rho / bend;
        leaf.axpy(length, p.data(), z.data(), m);
        leaf.axpy(length, u.data(), moved.data(), n);
        double next = 0;
        for (std::size_t slot = 0; slot < m; ++slot) {
            if (inverse[slot] == 0) continue;
            g[slot] -= length * (image[slot] + l2[slot] * p[slot]);
            next += g[slot] * g[slot] * inverse[slot];
        }
        for (std::size_t slot = 0; slot < m; ++slot) p[slot] = g[slot] * inverse[slot] + next / rho * p[slot];
        rho = next;
        ++lane.solves;
    }
    for (std::size_t slot = 0; slot < m; ++slot) z[slot] += lane.w[slot];
    step = {std::move(z), lane.b - (centred ? leaf.dot(d.data(), moved.data(), n) / total : 0.0)};
    return true;
}

}  // namespace riata
