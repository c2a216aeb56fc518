#include "solver/active_set.hpp"

#include <algorithm>
#include <cmath>

namespace riata {

namespace {
constexpr double kTie = 1e-11;       // relative slack at |g| = l1: without it ties are added and dropped for ever
constexpr double kTolerated = 1e-9;  // violation, relative to l1, of a slot refused for depending on others
constexpr int kPatience = 4;         // exchanges without progress before the descent takes over
constexpr int kMaxExchanges = 25;
constexpr long kUntimed = 100;              // solves that no time limit cuts short: a path starts with a solution
constexpr int kFailures = 2, kSkipped = 8;  // exchanges failed in a row before only each kSkipped-th is tried
}  // namespace

ActiveSet::ActiveSet(GramModel& model, std::unique_ptr<FreeSystem> system, Control& control)
    : model_(model), system_(std::move(system)), control_(control) {}

ScalarPenalty::Segment ActiveSet::segment(std::size_t slot) const {
    const ScalarPenalty& h = h_[slot];
    return side_[slot] > 0 ? h.above(std::max(h.lower, 0.0)) : h.below(std::min(h.upper, 0.0));
}

double ActiveSet::unit_slope(std::size_t slot) const {
    if (h_[slot].l1 == 0) return 0.0;
    return side_[slot] * penalty_.factors->l1_factor[model_.features()[slot]];
}

void ActiveSet::pin(std::size_t slot, double value) {
    side_[slot] = 0;
    w_[slot] = value;
    if (value != 0) system_->shift_pinned(slot, value);
}

/// Brings h, w and side to the model's size and the penalty's alpha; a new slot is pinned where it rests.
void ActiveSet::follow_model(const PenaltyAt& penalty) {
    penalty_ = penalty;
    const std::size_t m = model_.size(), known = w_.size();
    h_.resize(m);
    w_.resize(m, 0.0);
    side_.resize(m, 0);
    refused_.assign(m, 0);
    std::vector<double> l2(m);
    for (std::size_t slot = 0; slot < m; ++slot) {
        h_[slot] = penalty[model_.features()[slot]];
        l2[slot] = h_[slot].l2;
    }
    for (std::size_t slot : system_->set_curvature(l2)) pin(slot, h_[slot].rest());
    for (std::size_t slot = known; slot < m; ++slot) pin(slot, h_[slot].rest());
    std::vector<Move> unpenalised;
    for (std::size_t slot = known; slot < m; ++slot)
        if (!h_[slot].is_breakpoint(w_[slot])) unpenalised.push_back({slot, 1, true, 1.0});
    release(unpenalised, unpenalised.size());
}

void ActiveSet::start_from(const PenaltyAt& penalty, const std::vector<double>& w) {
    follow_model(penalty);
    w_ = w;
    rebuild();
}

void ActiveSet::switch_system(std::unique_ptr<FreeSystem> system) {
    system_ = std::move(system);
    if (!h_.empty()) {
        std::vector<double> l2(h_.size());
        for (std::size_t slot = 0; slot < h_.size(); ++slot) l2[slot] = h_[slot].l2;
        system_->set_curvature(l2);
        rebuild();
    }
}

/// Makes the free system that of w_: everything off its breakpoints is free.
void ActiveSet::rebuild() {
    system_->clear();
    std::vector<std::size_t> slots;
    std::vector<double> unit;
    for (std::size_t slot = 0; slot < w_.size(); ++slot) {
        side_[slot] = 0;
        if (h_[slot].is_breakpoint(w_[slot])) {
            if (w_[slot] != 0) system_->shift_pinned(slot, w_[slot]);
            continue;
        }
        side_[slot] = w_[slot] < 0 ? -1 : 1;
        slots.push_back(slot);
        unit.push_back(unit_slope(slot));
    }
    for (std::size_t slot : system_->add(slots, unit)) {
        pin(slot, h_[slot].rest());
        refused_[slot] = 1;
    }
}

void ActiveSet::read_solution() {
    const auto& order = system_->order();
    target_.resize(order.size());
    system_->solve(penalty_.l1_scale, target_.data());
}

void ActiveSet::drop(const std::vector<std::size_t>& positions) {
    system_->remove(positions);
    if (!positions.empty()) std::fill(refused_.begin(), refused_.end(), 0);
}

/// Pins every free slot whose target lies outside its segment at the end it crossed and takes the others' targets;
/// returns the positions pinned, which are still in the system.
std::vector<std::size_t> ActiveSet::pin_outside() {
    std::vector<std::size_t> out;
    const auto& order = system_->order();
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto seg = segment(order[i]);
        w_[order[i]] = target_[i];
        if (target_[i] < seg.from || target_[i] > seg.to) out.push_back(i);
    }
    return out;
}

/// Pinned slots whose gradient lies outside their subdifferential, at the current w_.
std::vector<ActiveSet::Move> ActiveSet::violators(double noise) {
    pinned_.clear();
    for (std::size_t slot = 0; slot < w_.size(); ++slot)
        if (side_[slot] == 0 && !refused_[slot]) pinned_.push_back(slot);
    gradient_.resize(pinned_.size());
    system_->gradient(w_.data(), pinned_, gradient_.data());
    std::vector<Move> moves;
    for (std::size_t i = 0; i < pinned_.size(); ++i) {
        const std::size_t slot = pinned_[i];
        const ScalarPenalty& h = h_[slot];
        const double v = w_[slot], g = gradient_[i] - h.l2 * v, slack = kTie * h.l1 + noise;
        const auto up = h.above(v), down = h.below(v);
        if (up.exists() && g > up.slope + slack)
            moves.push_back({slot, v < 0 ? -1 : 1, true, g - up.slope});
        else if (down.exists() && g < down.slope - slack)
            moves.push_back({slot, v > 0 ? 1 : -1, false, down.slope - g});
    }
    return moves;
}

/// Frees the `limit` largest of the moves.
void ActiveSet::release(std::vector<Move>& moves, std::size_t limit) {
    if (moves.empty()) return;
    if (moves.size() > limit) {
        std::nth_element(moves.begin(), moves.begin() + limit, moves.end(),
                         [](const Move& a, const Move& b) { return a.violation > b.violation; });
        moves.resize(limit);
    }
    std::sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) { return a.slot < b.slot; });
    std::vector<std::size_t> slots;
    std::vector<double> unit;
    for (const Move& move : moves) {
        if (w_[move.slot] != 0) system_->shift_pinned(move.slot, -w_[move.slot]);
        side_[move.slot] = static_cast<signed char>(move.side);
        slots.push_back(move.slot);
        unit.push_back(unit_slope(move.slot));
    }
    for (std::size_t slot : system_->add(slots, unit)) {
        pin(slot, w_[slot]);
        refused_[slot] = 1;
    }
}

ActiveSet::Report ActiveSet::solve(const PenaltyAt& penalty, double noise, long max_solves, bool replaceable) {
    follow_model(penalty);
    Report report;
    const std::vector<double> before = w_;
    if (exchange_pays()) {
        if (exchange(noise, max_solves, report)) {
            failures_ = 0;
            return report;
        }
        ++failures_;
        w_ = before;
        rebuild();
    }
    const long steps = static_cast<long>(w_.size());
    report.settled = descend(noise, max_solves, replaceable ? 2 * steps + 50 : 20 * steps + 200, report);
    return report;
}

ActiveSet::Report ActiveSet::sweep(double noise, long max_sweeps) {
    Report report;
    report.solves = model_.descend(penalty_, w_, kTie, noise, max_sweeps, control_);
    report.settled = report.solves < max_sweeps;
    rebuild();
    return report;
}

bool ActiveSet::over(const Report& report, long max_solves) {
    if (control_.cancelled()) throw Cancelled{};
    return report.solves >= max_solves || (report.solves >= kUntimed && control_.out_of_time());
}

/// Where columns are nearly the same the exchange fails at one alpha after the other; then it is tried now and then.
bool ActiveSet::exchange_pays() { return failures_ < kFailures || ++skipped_ % kSkipped == 0; }

/// Primal-dual exchange. True when it ends with neither a slot outside its segment nor a violator.
bool ActiveSet::exchange(double noise, long max_solves, Report& report) {
    std::size_t best = static_cast<std::size_t>(-1);
    int stalls = 0;
    for (int iteration = 0; iteration < kMaxExchanges && !over(report, max_solves); ++iteration) {
        read_solution();
        ++report.solves;
        const auto outside = pin_outside();
        auto moves = violators(noise);
        if (outside.empty() && moves.empty()) {
            // What was refused may still violate: then the descent exchanges it against what it depends on.
            std::fill(refused_.begin(), refused_.end(), 0);
            moves = violators(noise);
            return std::none_of(moves.begin(), moves.end(), [&](const Move& move) {
                return move.violation > kTolerated * h_[move.slot].l1 + noise;
            });
        }
        const std::size_t infeasible = outside.size() + moves.size();
        stalls = infeasible < best ? 0 : stalls + 1;
        best = std::min(best, infeasible);
        if (stalls >= kPatience) return false;
        std::vector<std::size_t> crossed;
        for (std::size_t position : outside) crossed.push_back(system_->order()[position]);
        for (std::size_t slot : crossed) {
            const auto seg = segment(slot);
            pin(slot, w_[slot] < seg.from ? seg.from : seg.to);
        }
        drop(outside);
        release(moves, std::max<std::size_t>(16, free_count() / 3));
    }
    return false;
}

/// The largest step of at most 1 along `direction` (in the order of the free slots) that leaves no segment.
double ActiveSet::step_to_border(const std::vector<double>& direction, std::size_t& blocking) const {
    double step = 1.0;
    blocking = direction.size();
    const auto& order = system_->order();
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto seg = segment(order[i]);
        const double w = w_[order[i]], d = direction[i];
        const double room = d > 0 ? seg.to - w : d < 0 ? seg.from - w : kInfinity;
        if (d != 0 && room / d < step) {
            step = std::max(0.0, room / d);
            blocking = i;
        }
    }
    return step;
}

/// Frees one slot; if it depends on the free ones, first moves along the direction that changes no prediction until
/// something reaches the end of its segment and makes room.
void ActiveSet::release_one(const Move& move) {
    std::vector<Move> one{move};
    release(one, 1);
    if (!refused_[move.slot]) return;
    const auto order = system_->order();
    const double start = w_[move.slot];
    std::vector<double> direction(order.size());
    system_->regress(move.slot, direction.data());
    const double sign = move.rising ? 1.0 : -1.0;
    const auto own = move.rising ? h_[move.slot].above(start) : h_[move.slot].below(start);
    // A unit of the new slot takes -direction of the others. Scale so that "1" is far enough for anything.
    double reach = move.rising ? own.to - start : start - own.from;
    std::size_t blocking = order.size();
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto seg = segment(order[i]);
        const double d = -sign * direction[i], w = w_[order[i]];
        const double room = d > 0 ? (seg.to - w) / d : d < 0 ? (seg.from - w) / d : kInfinity;
        if (room < reach) reach = std::max(0.0, room), blocking = i;
    }
    if (!std::isfinite(reach)) return;  // stays refused
    for (std::size_t i = 0; i < order.size(); ++i) w_[order[i]] -= sign * reach * direction[i];
    const double value = start + sign * reach;
    if (start != 0) system_->shift_pinned(move.slot, -start);
    if (blocking == order.size()) {  // went to the end of its own segment
        pin(move.slot, value);
        refused_[move.slot] = 0;
        return;
    }
    const std::size_t leaver = order[blocking];
    const auto seg = segment(leaver);
    pin(leaver, std::abs(w_[leaver] - seg.from) < std::abs(w_[leaver] - seg.to) ? seg.from : seg.to);
    drop({blocking});
    w_[move.slot] = value;
    side_[move.slot] = static_cast<signed char>(move.side);
    for (std::size_t slot : system_->add({move.slot}, {unit_slope(move.slot)})) {
        pin(slot, h_[slot].rest());
        refused_[slot] = 1;
    }
}

/// Active-set descent from a feasible w_: every step lowers the objective. At most `limit` steps.
bool ActiveSet::descend(double noise, long max_solves, long limit, Report& report) {
    std::vector<double> direction;
    max_solves = std::min(max_solves, report.solves + limit);
    while (!over(report, max_solves)) {
        read_solution();
        ++report.solves;
        const auto order = system_->order();
        direction.resize(order.size());
        for (std::size_t i = 0; i < order.size(); ++i) direction[i] = target_[i] - w_[order[i]];
        std::size_t blocking;
        const double step = step_to_border(direction, blocking);
        for (std::size_t i = 0; i < order.size(); ++i)
            w_[order[i]] = step == 1.0 ? target_[i] : w_[order[i]] + step * direction[i];
        if (blocking < order.size()) {
            const auto seg = segment(order[blocking]);
            pin(order[blocking], direction[blocking] > 0 ? seg.to : seg.from);
            drop({blocking});
            continue;
        }
        const auto moves = violators(noise);
        if (moves.empty()) return true;
        release_one(*std::max_element(moves.begin(), moves.end(),
                                      [](const Move& a, const Move& b) { return a.violation < b.violation; }));
    }
    return false;
}

}  // namespace riata
