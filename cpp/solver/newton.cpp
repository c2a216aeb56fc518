#include "solver/newton.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace riata {

namespace {
constexpr int kMaxRounds = 200;
constexpr int kStalls = 6;              // rounds without progress before a lane is left as it is,
constexpr int kStuck = 2;               // and before the columns take the place of their Gram matrix
constexpr double kProgress = 0.5;       // of the gap: a round that leaves more of it is none,
constexpr double kGain = 1e-2;          // unless the objective fell by that much of it
constexpr double kStuckRound = 0.3;     // of the gap left: a sign that curvatures are off where it matters
constexpr double kFirstGap = 0.05;      // taken for a lane that nothing is known of
constexpr double kWorstRound = 0.8;     // of the gap left by the worst curvatures
constexpr double kSpread = 0.02;        // least difference of curvatures among lanes
constexpr double kNextToNothing = 1e5;  // multiply-adds
constexpr double kEntryCost = 12;       // operations that reading an entry of X stands for
constexpr double kLossCost = 50;        // multiply-adds that a row's loss and its logarithms stand for
constexpr double kFewFree = 300, kLaneEntries = 0.5;  // see lanes_pay
constexpr double kTogetherDrift = 0.02;               // of curvatures that cost little to take
constexpr double kTogetherGap = 0.1;                  // of a lane's gap: what its model may be solved to
constexpr double kTogetherTol = 0.2;                  // of the gap aimed at: the least that is worth it
constexpr double kLeastAccuracy = 0.1;                // of l1: the largest violation left
constexpr double kMoreAccurate = 0.2;                 // after a round that left too much of the gap
constexpr long kTogetherRounds = 50;
constexpr double kFirstDamping = 1e-3, kMoreDamping = 30, kLessDamping = 0.1;  // after steps that fail, or do not
constexpr long kMostSweeps = 10000;                                            // of coordinate descent on one model
constexpr double kStaleStep = 0.1;  // drift from which a single step takes new curvatures

/// Without a dual point worth the name the loss itself, which is never below 0, is a gap.
double bounded_gap(const Certificate& certificate) {
    return certificate.gap < certificate.primal ? certificate.gap : certificate.primal;
}
}  // namespace

Newton::Newton(const Problem& problem, const Loss& loss, const double* offset, NewtonModel& model, Control& control)
    : problem_(problem), loss_(loss), model_(model), active_(model, make_gram_system(model), control),
      control_(control), base_(problem.design.rows(), 0.0) {
    if (offset) base_.assign(offset, offset + base_.size());
}

Lane Newton::empty_lane(double alpha) const {
    const std::size_t n = problem_.design.rows();
    Lane lane;
    lane.alpha = alpha;
    lane.eta = base_;
    lane.r.resize(n);
    Loss::Sums sums;
    if (problem_.request.fit_intercept) {  // to the last digit: gaps are relative to this loss
        lane.b = loss_.margin_of_mean();
        sums = profile_intercept(loss_, lane.eta.data(), lane.b, lane.r.data(), 0.0);
    } else {
        sums = loss_.evaluate(lane.eta.data(), 0.0, lane.r.data());
    }
    const_cast<Newton*>(this)->settle(lane, sums);
    return lane;
}

Lane Newton::lane_at(double alpha, const std::vector<double>& w) {
    Lane lane = empty_lane(alpha);
    lane.w.assign(w.size(), 0.0);
    lane.loss = kInfinity;
    std::vector<Lane*> lanes{&lane};
    take(lanes, {{w, lane.b}});
    if (!unheld(lane).empty()) orthogonalise(lane);
    return lane;
}

Loss::Sums Newton::profile(const double* eta, double& b, double* r) const {
    if (problem_.request.fit_intercept) return profile_intercept(loss_, eta, b, r, kInterceptGain * tol_ * unit_);
    b = 0;
    return loss_.evaluate(eta, 0.0, r);
}

/// Takes the loss and moves r to s'r = 0, which a first order step of the intercept does: r - f'' s'r / s'f''. Predictions
/// stay within their range as long as that step is short.
void Newton::settle(Lane& lane, const Loss::Sums& sums) {
    lane.loss = sums.value;
    if (!problem_.request.fit_intercept || !(sums.curvature > 0)) return;
    z_.resize(lane.r.size());
    loss_.curvature(lane.r.data(), z_.data(), true);
    const double step = sums.slope / sums.curvature;
    for (std::size_t i = 0; i < z_.size(); ++i) lane.r[i] -= step * z_[i];
}

void Newton::follow_model(std::vector<Lane>& lanes) {
    std::vector<Lane*> behind;
    for (Lane& lane : lanes)
        if (lane.c.size() < model_.size()) {
            lane.w.resize(model_.size(), 0.0);
            behind.push_back(&lane);
        }
    if (behind.empty()) return;
    for (Lane* lane : behind)
        for (std::size_t slot = lane->c.size(); slot < model_.size(); ++slot)
            lane->w[slot] = problem_.penalty.rest(static_cast<std::size_t>(model_.features()[slot]));
    // Features that rest away from 0 change the margins: only the null model starts with such.
    bool moved = false;
    for (Lane* lane : behind)
        for (std::size_t slot = lane->c.size(); slot < model_.size(); ++slot) moved = moved || lane->w[slot] != 0;
    if (moved) {
        for (Lane* lane : behind) place(*lane, std::vector<double>(lane->w));
    } else {
        correlate(behind);
    }
}

void Newton::move(std::vector<Lane*> lanes, const std::vector<std::vector<double>>& w) {
    std::vector<Step> steps;
    for (std::size_t k = 0; k < lanes.size(); ++k) {
        lanes[k]->loss = kInfinity;
        steps.push_back({w[k], lanes[k]->b});
    }
    take(lanes, steps);
}

void Newton::minimise(std::vector<Lane>& lanes, double tol, long max_solves) {
    tol_ = tol;
    std::vector<Lane*> active;
    for (Lane& lane : lanes) {
        lane.done = lane.cut = false;
        lane.stalls = 0;
        lane.accuracy = 1;
        judge(lane, tol);
        active.push_back(&lane);
    }
    take_columns(false);
    alike_ = false;
    double progress = 1;
    bool kept = false;  // curvatures, in the last round
    for (int round = 0; round < kMaxRounds; ++round) {
        std::erase_if(active, [](const Lane* lane) { return lane->done; });
        if (active.empty()) return;
        if (control_.cancelled()) throw Cancelled{};
        const bool recurves = !on_columns_ && !by_gradients() && curvature_pays(active, tol, progress, kept);
        if (recurves) {
            double damping = 0;
            for (const Lane* lane : active) damping = std::max(damping, lane->damping);
            recurve(*active[active.size() / 2], damping);
        }
        kept = !recurves;
        if (!together_ && !on_columns_ && lanes_pay(active)) {
            together_ = std::make_unique<Lanes>(problem_, control_);
            model_.drop_gram();
            fresh_ = true;
        }
        std::vector<Step> steps;
        if (together_)
            steps = propose_together(active, max_solves);
        else
            for (Lane* lane : active) {
                // Curvatures of another lane may be orders of magnitude off where means span orders of magnitude.
                const bool astray = (lane->cut || lane->stalls > 0) && model_.drift(lane->r.data()) > kStaleStep;
                if (!on_columns_ && (by_gradients() || astray)) recurve(*lane, lane->damping);
                steps.push_back(propose(*lane, max_solves));
            }
        take(active, steps);
        progress = 0;
        bool stuck = false;
        for (Lane* lane : active) {
            const Certificate before = lane->certificate;
            judge(*lane, tol);
            if (lane->done) continue;
            const double gap = bounded_gap(before), left = bounded_gap(lane->certificate) / gap;
            progress = std::max(progress, left);
            if (together_ && left > kStuckRound) lane->accuracy *= kMoreAccurate;
            const bool gained = before.primal - lane->certificate.primal > kGain * gap;
            lane->stalls = left < kProgress || gained ? 0 : lane->stalls + 1;
            if (lane->stalls >= kStalls || lane->solves >= max_solves) give_up(*lane, tol);
            stuck = stuck || (!lane->done && (alike_ || lane->stalls >= kStuck));
        }
        if (stuck && !on_columns_ && !together_ && columns_fit(active_.free_count())) {
            take_columns(true);
            for (Lane* lane : active) lane->stalls = 0;
        }
    }
}

/// Leaves the lane as it is, with the best dual point that it has.
void Newton::give_up(Lane& lane, double tol) {
    lane.done = true;
    if (unheld(lane).empty()) return;
    const Lane before = lane;
    if (!orthogonalise(lane)) return;
    lane.certificate = certify(lane, {}, {}, tol, true);
    if (!(lane.certificate.rel_gap < before.certificate.rel_gap)) lane = before;
}

void Newton::rebase(Lane& lane, const std::vector<double>& offset) {
    for (std::size_t i = 0; i < offset.size(); ++i) lane.eta[i] += offset[i] - base_[i];
    base_ = offset;
    const Loss::Sums sums = profile(lane.eta.data(), lane.b, lane.r.data());
    settle(lane, sums);
    correlate({&lane});
}

void Newton::step(Lane& lane, long max_solves) {
    if (by_gradients() || lane.cut || model_.drift(lane.r.data()) > kStaleStep) recurve(lane, lane.damping);
    std::vector<Lane*> lanes{&lane};
    advance(lanes, {propose(lane, max_solves)});
}

/// Whether new curvatures are worth their Gram matrix. A round with curvatures off by a share rho leaves about (1.5 rho)^2
/// of the gap, or what the last round left with those that were kept; those of the lane in the middle are off by what the
/// lanes differ among themselves.
bool Newton::curvature_pays(const std::vector<Lane*>& lanes, double tol, double progress, bool kept) {
    const double drift = model_.drift(lanes[lanes.size() / 2]->r.data());
    const auto held_back = [&](const Lane* lane) { return lane->damping > model_.damping(); };
    if (drift == kInfinity || std::any_of(lanes.begin(), lanes.end(), held_back)) return true;
    if (drift == 0) return false;
    if (progress > kStuckRound && progress < 1) return true;
    if (std::any_of(lanes.begin(), lanes.end(), [](const Lane* lane) { return lane->cut; })) return true;
    if (together_) return drift > kTogetherDrift;
    double gap = 0;
    for (const Lane* lane : lanes) gap = std::max(gap, std::min(lane->certificate.rel_gap, kFirstGap));
    const auto rounds = [&](double rho, double seen) {
        const double left = std::min(kWorstRound, std::max(seen, 2.25 * rho * rho));
        return std::ceil(std::log(std::max(gap / tol, 1.0)) / -std::log(left));
    };
    const double spread = std::max(kSpread, 0.5 * model_.drift(lanes.back()->r.data(), lanes.front()->r.data()));
    const double n = static_cast<double>(problem_.design.rows()), K = static_cast<double>(lanes.size());
    const double A = static_cast<double>(active_.free_count());
    const double gram = A * A * n + A * A * A / 3;
    if (gram <= kNextToNothing) return true;  // Newton's own convergence for small problems
    const double entries = n * (A + static_cast<double>(model_.size()));
    const double look = std::max(2 * K, kEntryCost) * entries + 2 * n * K * kLossCost;
    return (rounds(drift, kept && progress < 1 ? progress : 0.0) - rounds(spread, 0.0)) * look > gram;
}

void Newton::recurve(const Lane& lane, double damping) {
    model_.recurve(lane.r.data(), damping);
    fresh_ = true;
}

/// The minimiser of the model about the lane. Curvatures that are those of the model times a factor leave the model as it is but for
/// a penalty and slopes over that factor.
Newton::Step Newton::propose(Lane& lane, long max_solves) {
    if (on_columns_) return propose_on_columns(lane, max_solves);
    if (by_gradients()) {
        Step step;
        if (propose_by_gradients(lane, step)) return step;
        factored_ = true;
        recurve(lane);
    }
    const double scale = model_.scale(lane.r.data());
    const PenaltyAt scaled = penalty(lane).over(scale);
    scaled_ = lane.c;
    for (double& c : scaled_) c /= scale;
    model_.expand(lane.w, scaled_);
    if (fresh_ && !active_.w().empty())
        active_.start_from(scaled, lane.w);
    else
        active_.refresh();
    fresh_ = false;
    const long left = std::max(max_solves - lane.solves, 1L);
    const auto report = active_.solve(scaled, problem_.noise(), left);
    lane.solves += report.solves;
    if (!report.settled && report.solves < left)
        lane.solves += active_.sweep(problem_.noise(), std::min(kMostSweeps, left - report.solves)).solves;
    return {active_.w(), lane.b + model_.intercept_shift(active_.w())};
}

/// True where solving side by side on the columns costs less than the Gram matrix: some sweeps over the entries of the working
/// set against the squares of the support.
bool Newton::lanes_pay(const std::vector<Lane*>& lanes) const {
    if (!problem_.design.interleaves() || lanes.size() > Lanes::kLanes) return false;
    if (!(penalty(*lanes[0]).l1_scale > 0)) return false;
    const auto m = static_cast<double>(active_.free_count());
    if (m <= kFewFree || m * m <= kLaneEntries * problem_.design.entries(model_.features())) return false;
    return std::all_of(model_.features().begin(), model_.features().end(),
                       [&](Index j) { return problem_.penalty.l1_factor[static_cast<std::size_t>(j)] > 0; });
}

/// Minimisers of the models about all lanes, side by side.
std::vector<Newton::Step> Newton::propose_together(const std::vector<Lane*>& lanes, long max_solves) {
    if (fresh_) together_->reweigh(model_.curvatures(), problem_.request.fit_intercept);
    fresh_ = false;
    together_->follow(model_.features());
    Lanes::Lane tolerance{};
    for (std::size_t k = 0; k < lanes.size(); ++k) {
        const Lane& lane = *lanes[k];
        const double scale = model_.scale(lane.r.data());
        const PenaltyAt scaled = penalty(lane).over(scale);
        together_->set(k, scaled, lane.w);
        together_->set_residual(k, lane.r.data(), problem_.weights(), scale);
        // Violations of eta * l1 cost the dual value about eta * sum l1 |w|.
        double cost = 0;
        for (std::size_t slot = 0; slot < model_.size(); ++slot)
            cost += scaled.l1(static_cast<std::size_t>(model_.features()[slot])) * std::abs(lane.w[slot]);
        const double gap = std::max(kTogetherGap * lane.certificate.gap, kTogetherTol * tol_ * unit_);
        tolerance[k] = std::min(kLeastAccuracy, lane.accuracy * gap / std::max(scale * cost, 1e-300));
    }
    const long sweeps = together_->solve(lanes.size(), tolerance, kTogetherRounds, max_solves);
    std::vector<Step> steps;
    for (std::size_t k = 0; k < lanes.size(); ++k) {
        steps.push_back({together_->solution(k), lanes[k]->b + together_->intercept_shift(k, lanes[k]->w)});
        lanes[k]->solves += sweeps;
    }
    return steps;
}

/// Moves every lane along its step, as far as it descends, and finds its correlations.
void Newton::take(std::vector<Lane*>& lanes, const std::vector<Step>& steps) {
    advance(lanes, steps);
    correlate(lanes);
}

void Newton::advance(std::vector<Lane*>& lanes, const std::vector<Step>& steps) {
    const std::size_t n = problem_.design.rows(), K = lanes.size();
    std::vector<Index> support;
    std::vector<double> weights;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        if (std::none_of(steps.begin(), steps.end(), [=](const Step& step) { return step.w[slot] != 0; })) continue;
        support.push_back(model_.features()[slot]);
        for (const Step& step : steps) weights.push_back(step.w[slot]);
    }
    const Design& design = problem_.design;
    panel_.shape(n, K, interleaves(K));
    design.combine(base_.data(), support, weights.data(), panel_, problem_.team);
    for (std::size_t k = 0; k < K; ++k) {
        Lane& lane = *lanes[k];
        Step step = steps[k];
        eta_.resize(n);
        slopes_.resize(n);
        panel_.copy(k, eta_.data());
        Loss::Sums sums = profile(eta_.data(), step.b, slopes_.data());
        lane.cut = !descends(lane, step, sums.value);
        if (lane.cut) {
            Step shorter;
            if (!cut_back(lane, step, sums.value, shorter)) {
                lane.damping = std::max(kFirstDamping, kMoreDamping * lane.damping);
                continue;
            }
            step = std::move(shorter);
            sums = profile(eta_.data(), step.b, slopes_.data());
        } else {
            reach_further(lane, step, sums);
        }
        lane.damping = lane.damping > kFirstDamping ? kLessDamping * lane.damping : 0.0;
        lane.eta.swap(eta_);
        lane.r.swap(slopes_);
        lane.w = std::move(step.w);
        lane.b = step.b;
        settle(lane, sums);
    }
}

/// c of all lanes over W in one pass.
void Newton::correlate(const std::vector<Lane*>& lanes) {
    const std::size_t n = problem_.design.rows(), K = lanes.size(), m = model_.size();
    panel_.shape(n, K, interleaves(K));
    std::vector<const double*> r;
    for (const Lane* lane : lanes) r.push_back(lane->r.data());
    panel_.put(r, problem_.weights(), problem_.team);
    out_.resize(m * K);
    problem_.design.correlate(model_.features(), panel_, out_.data(), problem_.team);
    for (std::size_t k = 0; k < K; ++k) {
        lanes[k]->c.resize(m);
        for (std::size_t slot = 0; slot < m; ++slot) lanes[k]->c[slot] = out_[slot * K + k];
    }
}

}  // namespace riata
