#include "path/newton_driver.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "path/certify.hpp"

namespace riata {

namespace {
constexpr double kMargin = 0.7;           // of tol: gap over W at which the features beyond are looked at
constexpr double kAhead = 0.5;            // of gap and gradient: what quasi-Newton steps go to,
constexpr double kFinest = 1e-13;         // relative gap below which they are slower than Newton's,
constexpr long kQuasiNewton = 200;        // so many at most;
constexpr double kOpened = 1e-2;          // of the null model: a gap at which Newton's method goes on from there
constexpr double kNullGap = 1e-13;        // of the null model, as near as it gets
constexpr double kFarthest = 4;           // times the distance between two solutions that others are extrapolated from
constexpr std::size_t kBase = 3;          // alphas between the two
constexpr int kRetries = 3;               // attempts at one alpha before its gap is reported as it is
constexpr double kTighter = 0.1;          // of the tolerance: what an attempt aims at after one that fell short
constexpr std::size_t kMostMoved = 5000;  // columns that may all be needed to bring margins back
}  // namespace

std::vector<double> starting_point(const Problem& problem, const GramModel& model, const double* coefs, double alpha) {
    std::vector<double> w;
    for (Index feature : model.features()) {
        const auto j = static_cast<std::size_t>(feature);
        const ScalarPenalty h = problem.at(alpha)[j];
        const bool rests = alpha == kInfinity && (problem.penalty.l1_factor[j] > 0 || problem.penalty.l2_factor[j] > 0);
        w.push_back(rests ? h.rest() : std::clamp(problem.normalised(j, coefs[j]), h.lower, h.upper));
    }
    return w;
}

NewtonDriver::NewtonDriver(Problem& problem, const Response& response, const PathOptions& options, Control& control)
    : problem_(problem), options_(options), offset_(response.offset), control_(control),
      loss_(response.family, response.y, problem.weights(), problem.team), model_(problem, loss_),
      newton_(problem, loss_, response.offset, model_, control),
      report_(problem, options, control, 1, [this](double off) { return loss_.shift_cost(off); }) {}

Path NewtonDriver::run() {
    if (!open()) follow_alphas();
    return std::move(report_.finish()[0]);
}

void NewtonDriver::follow_alphas() {
    alphas_ = make_alphas(options_, start(), problem_.design.cols() > problem_.design.rows());
    if (!opening_.empty() || take_start(alphas_.back())) alphas_ = {alphas_.back()};
    if (!opening_.empty()) follow_opening(last_);
    grow(frontier_->first_candidates(alphas_[std::min(width_, alphas_.size()) - 1], 64));
    grow(guide_support(0, width_));
    for (std::size_t k = 0; k < alphas_.size() && !report_.ended();) {
        prepare(k);
        newton_.minimise(lanes_, kMargin * tolerance(0) * std::pow(kTighter, retries_), options_.max_solves);
        certify();
        const std::size_t done = accept();
        k += done;
        if (report_.ended()) break;
        if (control_.out_of_time()) report_.end(Stop::kTimeLimit);
        width_ = next_width(problem_.design, done, lanes_.size());
        std::vector<Index> lacking;
        if (done < lanes_.size()) lacking = frontier_->violators(done, room());
        if (done > 0) {
            frontier_->advance(done);
            const auto end = lanes_.begin() + static_cast<std::ptrdiff_t>(done);
            std::move(lanes_.begin(), end, std::back_inserter(spare_));
            lanes_.erase(lanes_.begin(), end);
        }
        grow(lacking);
        if (k < alphas_.size() && done > 0)
            grow(frontier_->candidates(alphas_[std::min(k + width_, alphas_.size()) - 1], room()));
        grow(guide_support(k, width_));
    }
}

/// Solves the null model, with the features that nothing keeps out of it. Returns the largest alpha.
double NewtonDriver::start() {
    Lane lane = newton_.empty_lane(kInfinity);
    null_loss_ = lane.loss;
    newton_.set_unit(null_loss_);
    problem_.set_noise(std::max(problem_.inner(lane.r.data(), lane.r.data()), std::numeric_limits<double>::min()));
    if (model_.size() == 0) model_.grow(unpenalised(problem_));
    lanes_ = {std::move(lane)};
    newton_.follow_model(lanes_);
    last_ = std::move(lanes_[0]);
    if (model_.size() > 0) {
        take_start(kInfinity);
        lanes_ = {std::move(last_)};
        newton_.bring_back(lanes_[0], options_.max_solves);
        newton_.minimise(lanes_, kNullGap, options_.max_solves);
        last_ = std::move(lanes_[0]);
        if (options_.only_last) stone_solves_ = last_.solves;
    }
    lanes_.clear();
    null_r_ = last_.r;
    std::vector<double> u(null_r_.size());
    null_c_.resize(problem_.design.cols());
    problem_.weigh(null_r_.data(), u.data());
    problem_.design.correlate_all(u.data(), 1, null_c_.data(), problem_.team);
    report_.count_passes(1);
    frontier_ = std::make_unique<Frontier>(problem_, model_, null_r_, null_c_, null_c_);
    const double largest = alpha_max(problem_, null_c_);
    report_.begin(largest, null_loss_);
    return largest;
}

/// Makes the coefficients that the caller starts from the last solution. False where the one at hand is better.
bool NewtonDriver::take_start(double alpha) {
    if (!options_.only_last || options_.start_coefs.empty()) return false;
    std::vector<Index> features;
    for (std::size_t j = 0; j < problem_.design.cols() && alpha < kInfinity; ++j)
        if (options_.start_coefs[j] != 0 && problem_.usable[j]) features.push_back(static_cast<Index>(j));
    grow(features);
    lanes_ = {last_};
    Lane& lane = lanes_[0];
    lane.alpha = alpha;
    newton_.follow_model(lanes_);
    const double without = newton_.certify(lane, {}, {}, options_.tol, false, true).primal;
    newton_.move({&lane}, {starting_point(problem_, model_, options_.start_coefs.data(), alpha)});
    const double with = newton_.certify(lane, {}, {}, options_.tol, false, true).primal;
    const bool better = with < without;
    if (better) last_ = std::move(lane);
    lanes_.clear();
    return better;
}

/// Tries quasi-Newton steps where a single smooth penalty is asked for; true where that was enough.
bool NewtonDriver::open() {
    if (!options_.only_last || options_.alphas.empty() || !options_.start_coefs.empty()) return false;
    const double goal = std::max(options_.tol, options_.enough), alpha = options_.alphas.back();
    if (goal < kFinest) return false;
    const ScalarLoss loss(loss_, offset_, problem_.weights());
    QuasiNewton steps(problem_, problem_.at(alpha), loss, control_);
    if (!steps.applies()) return false;
    Lane lane = newton_.empty_lane(kInfinity);
    null_loss_ = lane.loss;
    newton_.set_unit(null_loss_);
    newton_.set_tolerance(goal);
    problem_.set_noise(std::max(problem_.inner(lane.r.data(), lane.r.data()), std::numeric_limits<double>::min()));
    const bool there = steps.run({lane.b}, kAhead * goal * null_loss_, kAhead * options_.gradient * alpha,
                                 std::min(kQuasiNewton, options_.max_solves));
    report_.count_passes(static_cast<double>(steps.iterations()));
    stone_solves_ += steps.iterations();
    if (!(steps.gap() < kOpened * null_loss_)) return false;
    opening_.resize(problem_.design.cols());
    for (std::size_t j = 0; j < opening_.size(); ++j) opening_[j] = steps.w(j);
    opening_b_ = steps.b();
    if (!there && !(steps.gap() < options_.tol * null_loss_)) return false;
    model_.list(unpenalised(problem_));
    alphas_ = {alpha};
    lanes_ = {std::move(lane)};
    follow_opening(lanes_[0]);
    report_.begin(0.0, null_loss_);
    report_.count_passes(2);
    certificates_ = {newton_.certify(lanes_[0], {}, {}, goal, false)};
    if (!(certificates_[0].rel_gap <= goal)) {
        problem_.design.pin(model_.features(), problem_.team);
        lanes_.clear();
        return false;
    }
    finish(0);
    return true;
}

void NewtonDriver::follow_opening(Lane& lane) {
    std::vector<double> w;
    for (Index j : model_.features()) w.push_back(opening_[static_cast<std::size_t>(j)]);
    lane.alpha = alphas_.back();
    lane.b = opening_b_;
    lane.w.resize(w.size(), 0.0);
    newton_.move({&lane}, {std::move(w)});
}

/// Fills the batch from alpha `first` on: what is left of the last one goes on where it is, others start from the last lane.
void NewtonDriver::prepare(std::size_t first) {
    first_ = first;
    const std::size_t width = newton_.by_gradients() ? 1 : width_;
    const std::size_t count = std::max(lanes_.size(), std::min(width, alphas_.size() - first));
    const std::size_t known = lanes_.size();
    while (lanes_.size() < count) {
        const Lane& like = lanes_.empty() ? last_ : lanes_.back();
        Lane lane;
        if (!spare_.empty()) {
            lane = std::move(spare_.back());
            spare_.pop_back();
        }
        lane = like;
        lane.solves = 0;
        lanes_.push_back(std::move(lane));
    }
    for (std::size_t k = 0; k < count; ++k) lanes_[k].alpha = alphas_[first + k];
    newton_.follow_model(lanes_);
    if (!follow_guide(known)) extrapolate(known);
    for (std::size_t k = known; k < count; ++k) bring_back(lanes_[k]);
}

/// Moves a lane whose margins are far to better ones, for which all features may be needed.
void NewtonDriver::bring_back(Lane& lane) {
    if (!newton_.is_far(lane)) return;
    std::vector<Index> all;
    for (std::size_t j = 0; j < problem_.design.cols(); ++j)
        if (problem_.usable[j]) all.push_back(static_cast<Index>(j));
    if (all.size() <= kMostMoved) grow(all);
    newton_.follow_model(lanes_);
    newton_.bring_back(lane, options_.max_solves);
}

/// The guide's coefficients at the k-th alpha, per slot; zeros for the null model, -1.
std::vector<double> NewtonDriver::guided(std::ptrdiff_t k) const {
    std::vector<double> w(model_.size(), 0.0);
    if (k < 0) return w;
    const Solution& s = options_.guide->solutions[static_cast<std::size_t>(k)];
    for (std::size_t i = 0; i < s.features.size(); ++i)
        if (const Index slot = model_.slot(s.features[i]); slot >= 0)
            w[static_cast<std::size_t>(slot)] =
                problem_.normalised(static_cast<std::size_t>(s.features[i]), s.values[i]);
    return w;
}

/// Columns that the guide has at some of the alphas from `first` on and the model does not.
std::vector<Index> NewtonDriver::guide_support(std::size_t first, std::size_t count) const {
    std::vector<Index> support;
    if (!options_.guide) return support;
    const auto& guide = options_.guide->solutions;
    for (std::size_t k = first; k < std::min(first + count, guide.size()); ++k)
        for (Index j : guide[k].features)
            if (problem_.usable[static_cast<std::size_t>(j)] && model_.slot(j) < 0) support.push_back(j);
    std::sort(support.begin(), support.end());
    support.erase(std::unique(support.begin(), support.end()), support.end());
    return support;
}

/// Starts the lanes from `known` on beside the guide, off it by the line through how far two earlier solutions are, in log
/// alpha. False where the guide does not reach.
bool NewtonDriver::follow_guide(std::size_t known) {
    if (!options_.guide || options_.guide->solutions.size() < first_ + lanes_.size()) return false;
    if (known == lanes_.size()) return true;
    const Lane &now = known > 0 ? lanes_[known - 1] : last_, &before = known > 0 ? last_ : before_;
    const auto first = static_cast<std::ptrdiff_t>(first_), place = first + static_cast<std::ptrdiff_t>(known) - 1;
    const std::ptrdiff_t place_before = known > 0 ? first - 1 : place_before_;
    const double run = place_before >= 0 ? std::log(before.alpha / now.alpha) : 0.0;
    const std::size_t m = model_.size();
    std::vector<double> off(m, 0.0), drift(m, 0.0);
    if (place >= 0) {
        const std::vector<double> guide_now = guided(place), guide_before = guided(run > 0 ? place_before : -1);
        for (std::size_t slot = 0; slot < m; ++slot) {
            off[slot] = (slot < now.w.size() ? now.w[slot] : 0.0) - guide_now[slot];
            if (run > 0) drift[slot] = off[slot] - (slot < before.w.size() ? before.w[slot] : 0.0) + guide_before[slot];
        }
    }
    std::vector<Lane*> moved;
    std::vector<std::vector<double>> starts;
    for (std::size_t k = known; k < lanes_.size(); ++k) {
        const double t = run > 0 ? std::min(std::log(now.alpha / lanes_[k].alpha) / run, kFarthest) : 0.0;
        std::vector<double> w = guided(first + static_cast<std::ptrdiff_t>(k));
        for (std::size_t slot = 0; slot < m; ++slot) {
            const ScalarPenalty h = problem_.at(lanes_[k].alpha)[static_cast<std::size_t>(model_.features()[slot])];
            const double next = w[slot] + off[slot] + t * drift[slot];
            const double side = slot < now.w.size() && now.w[slot] != 0 ? now.w[slot] : w[slot];
            w[slot] = std::clamp(h.l1 == 0 || next * side > 0 ? next : 0.0, h.lower, h.upper);
        }
        moved.push_back(&lanes_[k]);
        starts.push_back(std::move(w));
    }
    newton_.move(moved, starts);
    return true;
}

/// Starts the lanes from `known` on at the line through two earlier solutions, in log alpha, up to where a sign changes.
void NewtonDriver::extrapolate(std::size_t known) {
    const Lane &now = known > 0 ? lanes_[known - 1] : last_, &before = known > 0 ? last_ : before_;
    const double run = std::log(before.alpha / now.alpha);
    if (known == lanes_.size() || !std::isfinite(run) || !(run > 0)) return;
    std::vector<Lane*> moved;
    std::vector<std::vector<double>> starts;
    for (std::size_t k = known; k < lanes_.size(); ++k) {
        const double t = std::log(now.alpha / lanes_[k].alpha) / run;
        if (!(t > 0) || !(t <= kFarthest)) continue;
        std::vector<double> w = now.w;
        w.resize(model_.size(), 0.0);
        for (std::size_t slot = 0; slot < w.size(); ++slot) {
            const double back = slot < before.w.size() ? before.w[slot] : 0.0, next = w[slot] + t * (w[slot] - back);
            const ScalarPenalty h = problem_.at(lanes_[k].alpha)[static_cast<std::size_t>(model_.features()[slot])];
            w[slot] = std::clamp(next * w[slot] > 0 ? next : 0.0, h.lower, h.upper);
        }
        moved.push_back(&lanes_[k]);
        starts.push_back(std::move(w));
    }
    newton_.move(moved, starts);
}

/// Certificates of the batch over all features.
void NewtonDriver::certify() {
    const std::size_t K = lanes_.size();
    std::vector<double> alphas, exact;
    std::vector<const double*> r;
    for (const Lane& lane : lanes_) {
        alphas.push_back(lane.alpha);
        r.push_back(lane.r.data());
    }
    report_.count_columns(static_cast<double>(frontier_->look(r, alphas) + model_.size()));
    std::vector<Index> beyond;
    for (std::size_t i : frontier_->lacking()) beyond.push_back(frontier_->listed()[i]);
    certificates_.resize(K);
    exact.resize(beyond.size());
    for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t i = 0; i < beyond.size(); ++i) exact[i] = frontier_->exact(frontier_->lacking()[i], k);
        certificates_[k] = newton_.certify(lanes_[k], beyond, exact, options_.tol, false);
    }
}

/// Takes the leading lanes that are certified; returns how many.
std::size_t NewtonDriver::accept() {
    std::size_t k = 0;
    if (!accepted(0) && !frontier_->lacks(0)) certificates_[0] = newton_.certify(lanes_[0], {}, {}, options_.tol, true);
    while (k < lanes_.size() && accepted(k)) {
        retries_ = 0;
        if (finish(k++)) break;
    }
    if (k == 0 && !(frontier_->lacks(0)) && ++retries_ > kRetries) {  // as good as it gets
        retries_ = 0;
        finish(k++);
    }
    if (k > 0) {
        const std::size_t back = k > kBase ? k - 1 - kBase : 0;
        before_ = k > 1 ? lanes_[back] : last_;
        place_before_ = static_cast<std::ptrdiff_t>(k > 1 ? first_ + back : first_) - (k > 1 ? 0 : 1);
        last_ = lanes_[k - 1];
        frontier_->remember(k - 1);
    }
    return k;
}

/// Hands out one solution. True when the path ends here.
bool NewtonDriver::finish(std::size_t k) {
    if (!wanted(k)) {
        stone_solves_ += lanes_[k].solves;
        return false;
    }
    report_.measure_with([this, k](const std::vector<Path>& paths, double bound) {
        return excess(lanes_[k], paths[0].solutions.back(), bound);
    });
    return report_.hand_out(outcome(k));
}

void NewtonDriver::grow(const std::vector<Index>& features) {
    if (features.empty()) return;
    std::vector<Index> fresh;
    for (Index j : features)
        if (model_.slot(j) < 0) fresh.push_back(j);
    model_.grow(fresh);
    if (frontier_) frontier_->drop_members();
}

Path solve_path(Problem& problem, const Response& response, const PathOptions& options, Control& control) {
    return NewtonDriver(problem, response, options, control).run();
}

}  // namespace riata
