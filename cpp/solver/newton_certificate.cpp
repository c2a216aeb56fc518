// The certificate of a lane. For any v = S r with 1'v = 0 Fenchel's inequality gives
//
//     P(w, b) >= D(v) = - sum_i s_i f*(y_i, -r_i) - v'offset - sum_j h_j*(xh_j'v),
//
// and every multiple of the slopes of an iterate is such a v as soon as the conjugates of the penalty are finite. As
// v'(eta - offset) = sum_j w_j xh_j'v, the gap is a sum of terms that are none of them below 0,
//
//     P - D = sum_i s_i [f(y_i, m_i) + f*(y_i, -r_i) + r_i m_i] + sum_j [h_j(w_j) + h_j*(c_j) - c_j w_j],    c_j = xh_j'v,
//
// of second order in the distance from the optimum wherever h is smooth: no difference of large numbers limits it.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "solver/cholesky.hpp"
#include "solver/curvature_system.hpp"
#include "solver/newton.hpp"

namespace riata {

namespace {
constexpr double kPivot = 1e-12;             // of the diagonal: what a feature has to add to those before it,
constexpr double kApart = 1e-8;              // and where the columns themselves tell them apart better
constexpr std::size_t kMostFactored = 5000;  // features without any penalty whose Gram matrix is made
constexpr int kProjections = 4;              // by conjugate gradients, each from a fresh start
constexpr long kMostSteps = 2000;            // of each
constexpr double kVanished = 0.1;            // of what the dual point takes for rounding
constexpr double kFirstPart = 1e-6;          // of the correlations: what one projection leaves at best
constexpr double kRounding = 1e3;            // rounding levels of a correlation that count as none, of many columns,
constexpr double kLeastRounding =
    10;  // and of few rows: what is charged for them supposes coefficients like those at hand
constexpr double kNearlyAll = 1 - 1e-4;    // of the slopes: a multiple whose divergence from them is taken for none
constexpr double kResolved = 1e-11;        // relative gap that a difference of primal and dual value resolves
constexpr double kRoundingOfGaps = 1e-14;  // of the objective: a difference of two values that is rounding
constexpr double kShort = 0.5;  // largest relative change of a prediction's variance that keeps it in its range

/// Rounding levels of a correlation that count as none.
double levels(std::size_t rows, std::size_t columns) {
    return columns > kMostFactored ? kRounding
                                   : std::clamp(std::sqrt(static_cast<double>(rows)), kLeastRounding, kRounding);
}
}  // namespace

Certificate Newton::certify(const Lane& lane, const std::vector<Index>& beyond, const std::vector<double>& exact,
                            double tol, bool thorough, bool rough) const {
    penalise(lane.alpha);
    const auto &norm = problem_.design.moments().norm, &scale = problem_.design.moments().scale;
    DualPoint dual(levels(problem_.design.rows(), model_.size()) * problem_.noise());
    Certificate result;
    result.primal = lane.loss;
    double along = 0;  // (eta - offset)'v
    for (std::size_t slot = 0; slot < lane.c.size(); ++slot) {
        const auto j = static_cast<std::size_t>(model_.features()[slot]);
        const ScalarPenalty h = problem_.penalty[j];
        if (lane.alpha == kInfinity && h.l1 > 0) continue;  // held where it rests, whatever that costs
        result.primal += h.value(lane.w[slot]);
        along += lane.c[slot] * lane.w[slot];
        dual.add(h, lane.w[slot], lane.c[slot], norm[j], scale[j]);
    }
    for (std::size_t i = 0; i < beyond.size(); ++i) {
        const auto j = static_cast<std::size_t>(beyond[i]);
        dual.add(problem_.penalty[j], 0.0, exact[i], norm[j], scale[j]);
    }
    const auto part = [&](double t) {
        const double apart =
            rough && t > kNearlyAll ? 0.0 : loss_.divergence(lane.eta.data(), lane.b, lane.r.data(), t);
        return lane.loss + t * along - apart;
    };
    result.dual = dual.best(part, result.primal - 0.1 * tol * unit_, thorough);
    if (!(result.dual > 0)) result.dual = 0;  // no objective is below; margins may overflow
    result.compare(unit_);
    if (!rough && tol_ * unit_ < kResolved * std::max(unit_, result.primal) &&
        result.gap <= kResolved * std::max(unit_, result.primal)) {
        const double sum = divergence(lane, beyond, exact, dual.reach()) + dual.slack();
        if (sum <= std::max(result.gap, kRoundingOfGaps * std::max(unit_, result.primal))) result.resolve(sum, unit_);
    }
    result.kkt_max = dual.kkt_max() / problem_.weight;
    return result;
}

/// The gap of the dual point t r, as the sum of its terms. What DualPoint charges as slack is no part of it.
double Newton::divergence(const Lane& lane, const std::vector<Index>& beyond, const std::vector<double>& exact,
                          double t) const {
    const auto& norm = problem_.design.moments().norm;
    double sum = loss_.divergence(lane.eta.data(), lane.b, lane.r.data(), t);
    const double none = levels(problem_.design.rows(), model_.size()) * problem_.noise();
    const auto add = [&](Index feature, double w, double c) {
        const auto j = static_cast<std::size_t>(feature);
        const ScalarPenalty h = problem_.penalty[j];
        if (lane.alpha == kInfinity && h.l1 > 0) return;
        const bool slack = h.l2 == 0 && std::abs(c) > h.l1 && std::abs(c) <= none * norm[j];
        if (!slack) sum += h.divergence(w, t * c);
    };
    for (std::size_t slot = 0; slot < lane.c.size(); ++slot) add(model_.features()[slot], lane.w[slot], lane.c[slot]);
    for (std::size_t i = 0; i < beyond.size(); ++i) add(beyond[i], 0.0, exact[i]);
    return sum;
}

/// Whether every condition holds to rounding: then no step gets any nearer.
bool Newton::is_exact(const Lane& lane) const {
    penalise(lane.alpha);
    const auto& norm = problem_.design.moments().norm;
    for (std::size_t slot = 0; slot < lane.c.size(); ++slot) {
        const auto j = static_cast<std::size_t>(model_.features()[slot]);
        const ScalarPenalty h = problem_.penalty[j];
        if (lane.alpha == kInfinity && h.l1 > 0) continue;
        if (!(h.violation(lane.w[slot], lane.c[slot] - h.l2 * lane.w[slot]) <= problem_.noise() * norm[j]))
            return false;
    }
    return true;
}

/// Takes the lane's certificate over W. What no penalty holds has to have no correlation at all in the dual: where all else
/// is well, r is made so; until then the certificate leaves it out.
void Newton::judge(Lane& lane, double tol) {
    const auto free = unheld(lane);
    const bool exact = tol < kResolved && is_exact(lane);
    if (!free.empty()) {
        std::vector<double> kept;
        for (std::size_t slot : free) kept.push_back(lane.c[slot]), lane.c[slot] = 0;
        lane.certificate = certify(lane, {}, {}, tol, false, true);
        for (std::size_t i = 0; i < free.size(); ++i) lane.c[free[i]] = kept[i];
        if (!(lane.certificate.rel_gap <= std::max(tol, kResolved))) return;
        // No objective is below 0, whatever the correlations.
        lane.done = lane.certificate.primal <= tol * unit_;
        if (lane.done) return;
        const std::vector<double> r = lane.r, c = lane.c;
        if (orthogonalise(lane)) {
            lane.certificate = certify(lane, {}, {}, tol, false);
            lane.done = exact || lane.certificate.rel_gap <= tol;
        }
        if (!lane.done) lane.r = r, lane.c = c;
        return;
    }
    for (const bool rough : {true, false}) {
        if (rough && tol < kResolved) continue;
        lane.certificate = certify(lane, {}, {}, tol, false, rough);
        lane.done = exact || lane.certificate.rel_gap <= tol;
        if (!lane.done) return;
    }
}

/// Slots in the open part of a segment without any penalty.
std::vector<std::size_t> Newton::unheld(const Lane& lane) const {
    penalise(lane.alpha);
    std::vector<std::size_t> slots;
    for (std::size_t slot = 0; slot < lane.c.size(); ++slot) {
        const ScalarPenalty h = problem_.penalty[static_cast<std::size_t>(model_.features()[slot])];
        if (h.l1 > 0 || h.l2 > 0 || (h.lower > -kInfinity && h.upper < kInfinity)) continue;
        if (lane.w[slot] > h.lower && lane.w[slot] < h.upper) slots.push_back(slot);
    }
    return slots;
}

/// r := r - f'' z with z in the span of the unheld columns, centred under the curvatures, such that their correlations
/// vanish; what a Newton step on them does to r. False when the step is too long for that.
bool Newton::orthogonalise(Lane& lane) {
    const auto free = unheld(lane);
    const std::size_t n = lane.r.size(), m = free.size();
    if (m > kMostFactored) return orthogonalise_by_gradients(lane, free);
    std::vector<double> plain(n), d(n), xd(m), G(m * m);
    loss_.curvature(lane.r.data(), plain.data(), true);
    loss_.curvature(lane.r.data(), d.data());
    const double total = problem_.request.fit_intercept ? std::accumulate(d.begin(), d.end(), 0.0) : kInfinity;
    std::vector<Index> features;
    for (std::size_t slot : free) features.push_back(model_.features()[slot]);
    Design& design = problem_.design;
    design.correlate(features, d.data(), 1, xd.data(), problem_.team);
    design.products(features, features, d.data(), G.data(), problem_.team);
    Cholesky factor(1);
    std::vector<std::size_t> kept;
    const bool fit = columns_fit(m);
    for (std::size_t a = 0; a < m; ++a) {
        std::vector<double> cross;
        for (std::size_t b : kept) cross.push_back(G[a * m + b] - xd[a] * xd[b] / total);
        double square = G[a * m + a] - xd[a] * xd[a] / total;
        const double floor = (fit ? kApart : kPivot) * G[a * m + a];
        if (factor.append(1, cross.data(), kept.size(), &square, &floor, {&lane.c[free[a]]}))
            kept.push_back(a);
        else if (fit)
            return orthogonalise_on_columns(lane, free);
    }
    std::vector<double> z = factor.forward(0), move(n, 0.0);
    factor.back(z.data());
    std::vector<Index> columns;
    double mean = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        columns.push_back(features[kept[i]]);
        mean += z[i] * xd[kept[i]] / total;
    }
    design.accumulate(columns, z.data(), 1, move.data(), problem_.team);
    double longest = 0;
    for (double& v : move) longest = std::max(longest, std::abs(v -= mean));
    if (!(longest <= kShort)) return false;
    for (std::size_t i = 0; i < n; ++i) lane.r[i] -= plain[i] * move[i];
    correlate({&lane});
    return true;
}

/// The same for more columns than a Gram matrix is made of.
bool Newton::orthogonalise_by_gradients(Lane& lane, const std::vector<std::size_t>& free) {
    const std::size_t n = lane.r.size();
    std::vector<Index> features;
    std::vector<double> floor;
    for (std::size_t slot : free) {
        features.push_back(model_.features()[slot]);
        floor.push_back(kVanished * kRounding * problem_.noise() *
                        problem_.design.moments().norm[static_cast<std::size_t>(features.back())]);
    }
    const auto vanished = [&](const std::vector<double>& g, double part) {
        for (std::size_t i = 0; i < g.size(); ++i)
            if (!(std::abs(g[i]) <= std::max(floor[i], part))) return false;
        return true;
    };
    std::vector<double> plain(n), d(n), g(free.size());
    for (int k = 0; k < kProjections; ++k) {
        double largest = 0;
        for (std::size_t i = 0; i < free.size(); ++i) largest = std::max(largest, std::abs(g[i] = lane.c[free[i]]));
        if (vanished(g, 0.0)) return true;
        loss_.curvature(lane.r.data(), plain.data(), true);
        loss_.curvature(lane.r.data(), d.data());
        const CurvatureSystem system(problem_, features, d, std::accumulate(d.begin(), d.end(), 0.0));
        CurvatureSystem::Iterate at = system.start(g);
        system.improve(
            at,
            [&](const CurvatureSystem::Iterate& now) {
                return now.steps >= kMostSteps || vanished(now.g, kFirstPart * largest);
            },
            control_);
        lane.solves += at.steps;
        if (std::any_of(at.moved.begin(), at.moved.end(), [](double v) { return !(std::abs(v) <= kShort); }))
            return false;
        for (std::size_t i = 0; i < n; ++i) lane.r[i] -= plain[i] * at.moved[i];
        correlate({&lane});
    }
    for (std::size_t i = 0; i < free.size(); ++i) g[i] = lane.c[free[i]];
    return vanished(g, 0.0);
}

}  // namespace riata
