// The model of a smooth loss as least squares on columns times the roots of the curvatures, for columns so nearly dependent that
// their Gram matrix cannot tell them apart,
//
//     min 1/2 |t - Z w|^2 + h(w),     Z = D^.5 X~,     t = Z w0 + D^-.5 S r,
//
// and the steps that are made of it: orthogonal factors of Z take the place of G.
#include <algorithm>
#include <cmath>

#include "kernels/sum_of.hpp"
#include "solver/newton.hpp"

namespace riata {

namespace {
constexpr double kLeastCurvature = 1e-12;  // of a slope: curvatures below lose its digits
constexpr double kRoom = 1 << 30;          // bytes that factors may take
constexpr double kShort = 0.5;             // largest change of a margin after which slopes are those of a mean
constexpr double kFarMargin = 600;         // from those without features: no curvature is left there, or no number
}  // namespace

void NewtonModel::expand_roots(const std::vector<double>& w, const std::vector<double>& moved, const double* r) {
    const std::size_t n = rows();
    const double* s = problem_.weights();
    root_.resize(n);
    target_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        target_[i] = (s ? s[i] : 1.0) * r[i];
        d_[i] = std::max(d_[i], kLeastCurvature * std::abs(target_[i]));
    }
    total_ = sum_of(n, [&](std::size_t i) { return d_[i]; });
    const bool centred = problem_.request.fit_intercept && total_ > 0;
    const double mean = centred ? sum_of(n, [&](std::size_t i) { return d_[i] * moved[i]; }) / total_ : 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        root_[i] = std::sqrt(d_[i]);
        target_[i] = root_[i] > 0 ? target_[i] / root_[i] + root_[i] * (moved[i] - mean) : 0.0;
    }
    w0_ = w;
    w0_.resize(size(), 0.0);
    support_of_w0_.clear();  // of no members of a Gram matrix: these have targets from the next expansion on
}

double NewtonModel::root_shift(const std::vector<double>& w) const {
    if (!problem_.request.fit_intercept || !(total_ > 0)) return 0;
    std::vector<double> z(rows(), 0.0), way(w.size());
    for (std::size_t slot = 0; slot < w.size(); ++slot) way[slot] = w0_[slot] - w[slot];
    design_.accumulate(features_, way.data(), 1, z.data(), team_);
    return sum_of(rows(), [&](std::size_t i) { return d_[i] * z[i]; }) / total_;
}

void NewtonModel::root_columns(const std::vector<std::size_t>& slots, double* out) {
    wanted_.clear();
    for (std::size_t slot : slots) wanted_.push_back(features_[slot]);
    design_.gather(wanted_, root_.data(), out, team_);
    if (!problem_.request.fit_intercept || !(total_ > 0)) return;
    const std::size_t n = rows();
    for (double* z = out; z < out + n * slots.size(); z += n) {
        const double mean = sum_of(n, [&](std::size_t i) { return root_[i] * z[i]; }) / total_;
        for (std::size_t i = 0; i < n; ++i) z[i] -= mean * root_[i];
    }
}

void NewtonModel::root_target(double* t) { std::copy(target_.begin(), target_.end(), t); }

void NewtonModel::root_correlate(const std::vector<std::size_t>& slots, const double* r, double* g) {
    const std::size_t n = rows();
    const bool centred = problem_.request.fit_intercept && total_ > 0;
    const double mean = centred ? sum_of(n, [&](std::size_t i) { return root_[i] * r[i]; }) / total_ : 0.0;
    u_.resize(n);
    for (std::size_t i = 0; i < n; ++i) u_[i] = root_[i] * (r[i] - mean * root_[i]);
    wanted_.clear();
    for (std::size_t slot : slots) wanted_.push_back(features_[slot]);
    design_.correlate(wanted_, u_.data(), 1, g, team_);
}

double NewtonModel::root_size() const { return std::sqrt(total_); }

/// Whether factors of so many columns have room.
bool Newton::columns_fit(std::size_t columns) const {
    const double m = static_cast<double>(columns + 64), n = static_cast<double>(problem_.design.rows());
    return sizeof(double) * m * (n + 2 * m) <= kRoom;
}

/// From here on no Gram matrix where `on`.
void Newton::take_columns(bool on) {
    if (on == on_columns_) return;
    on_columns_ = on;
    fresh_ = true;
    if (!on) active_.switch_system(make_gram_system(model_));
}

/// The minimiser of the model about the lane, on the columns.
Newton::Step Newton::propose_on_columns(Lane& lane, long max_solves) {
    recurve(lane);
    const PenaltyAt at = penalty(lane);
    std::vector<double> moved = lane.eta;
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= base_[i];
    model_.expand_roots(lane.w, moved, lane.r.data());
    active_.switch_system(make_column_system(model_, problem_));
    if (!active_.w().empty()) active_.start_from(at, lane.w);
    const long left = std::max(max_solves - lane.solves, 1L);
    lane.solves += active_.solve(at, problem_.noise(), left).solves;
    return {active_.w(), lane.b + model_.root_shift(active_.w())};
}

/// What orthogonalise() is for, from orthogonal factors of the columns.
bool Newton::orthogonalise_on_columns(Lane& lane, const std::vector<std::size_t>& free) {
    alike_ = true;
    const std::size_t n = lane.r.size(), m = free.size();
    std::vector<Index> features;
    for (std::size_t slot : free) features.push_back(model_.features()[slot]);
    NewtonModel model(problem_, loss_);
    model.list(features);
    model.recurve(lane.r.data());
    model.expand_roots({}, std::vector<double>(n, 0.0), lane.r.data());
    const auto system = make_column_system(model, problem_);
    system->set_curvature(std::vector<double>(m, 0.0));
    std::vector<std::size_t> slots(m);
    for (std::size_t a = 0; a < m; ++a) slots[a] = a;
    system->add(slots, std::vector<double>(m, 0.0));
    std::vector<double> z(m);
    system->solve(0.0, z.data());
    const double* residual = system->residual();
    for (std::size_t i = 0; i < n; ++i)
        if (!(std::abs(model.margin_of(residual, i)) <= kShort)) return false;
    const double* s = problem_.weights();
    for (std::size_t i = 0; i < n; ++i)
        if (const double weight = s ? s[i] : 1.0; weight > 0) lane.r[i] = model.slopes_of(residual, i) / weight;
    correlate({&lane});
    return true;
}

/// Whether bounds keep the lane's margins where the loss has no curvature left, or no finite value.
bool Newton::is_far(const Lane& lane) const {
    if (!problem_.penalty.bounded()) return false;
    if (!std::isfinite(lane.loss)) return true;
    for (std::size_t i = 0; i < lane.eta.size(); ++i)
        if (std::abs(lane.eta[i] - base_[i]) > kFarMargin) return true;
    return false;
}

/// Moves a lane that is far to the minimiser, within the bounds, of the quadratic model about the margins without features, or
/// without the penalty: to the best of the three.
void Newton::bring_back(Lane& lane, long max_solves) {
    if (!is_far(lane)) return;
    Lane start = empty_lane(lane.alpha);
    start.w.assign(model_.size(), 0.0);
    correlate({&start});
    recurve(start);
    const Lane from = lane;
    double least = certify(lane, {}, {}, tol_, false, true).primal;
    for (const bool penalised : {true, false}) {
        const PenaltyAt at = penalised || lane.alpha == kInfinity ? penalty(lane) : PenaltyAt{&problem_.penalty, 0, 0};
        model_.expand(start.w, start.c);
        active_.start_from(at, from.w);
        Lane there = from;
        there.solves += active_.solve(at, problem_.noise(), max_solves).solves;
        place(there, active_.w());
        const double objective = certify(there, {}, {}, tol_, false, true).primal;
        if (!(objective < least) && !(std::isfinite(objective) && std::isnan(least))) continue;
        least = objective;
        lane = std::move(there);
    }
}

/// Puts the lane at these coefficients whatever its loss is there: where that is no number its slopes are those without features.
void Newton::place(Lane& lane, const std::vector<double>& w) {
    lane.w = w;
    lane.eta = base_;
    problem_.design.accumulate(model_.features(), lane.w.data(), 1, lane.eta.data(), problem_.team);
    Loss::Sums sums = profile(lane.eta.data(), lane.b, lane.r.data());
    settle(lane, sums);
    if (!std::isfinite(lane.loss)) loss_.evaluate(base_.data(), lane.b, lane.r.data());
    correlate({&lane});
}

}  // namespace riata
