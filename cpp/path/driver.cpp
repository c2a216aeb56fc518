#include "path/driver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernels.hpp"
#include "path/certify.hpp"

namespace riata {

namespace {
constexpr std::size_t kWidest = 8;   // residuals per pass: eight fit the registers of the widest instruction set
constexpr double kLikely = 0.97;      // of its l1: what an extrapolated correlation has to reach to be predicted
constexpr double kStone = 0.6;        // ratio of neighbouring stepping stones
constexpr double kStoneGap = 1e-2;    // relative gap at which a stepping stone is left behind
constexpr int kCorrections = 4;      // defect corrections of one alpha before its gap is reported as it is
}  // namespace

Driver::Driver(Problem& problem, const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), design_(problem.design), model_(problem),
      bounds_(design_.rows(), problem.weights(), problem.y.data(), problem.xty, design_.moments().norm),
      c_before_(design_.cols(), 0.0), c_now_(problem.xty) {}

Path Driver::run() {
    start();
    make_grid();
    for (std::size_t k = 0; k < alphas_.size() && path_.stop == Stop::kCompleted;) {
        choose_system();
        speculate(k, std::min(width_, alphas_.size() - k));
        certify();
        const std::size_t done = accept();
        if (getenv("RDBG")) fprintf(stderr, "k %zu count %zu done %zu W %zu members %zu free %zu listed %zu lacking %zu solves %ld t %.1fms\n", k, batch_.count, done, model_.size(), model_.members(), active_->free_count(), batch_.listed.size(), batch_.lacking.size(), batch_.solves[0], control_.seconds()*1e3);
        k += done;
        width_ = done == batch_.count ? std::min(2 * done, kWidest) : std::max<std::size_t>(1, done);
        if (path_.stop != Stop::kCompleted) break;
        if (control_.out_of_time()) path_.stop = Stop::kTimeLimit;
        if (model_.complete() || k == alphas_.size()) continue;
        look_beyond(done);
        if (done < batch_.count) grow_by_violators(done);
        if (done > 0) grow_by_prediction(k);
    }
    return std::move(path_);
}

/// Puts into W what no alpha keeps out, all features where one sweep for the whole Gram matrix pays, and solves the
/// null model with it.
void Driver::start() {
    if (whole_gram_pays()) {
        model_.grow_to_all();
        path_.n_passes += 1;
    } else {
        for (std::size_t j = 0; j < design_.cols(); ++j)
            if (problem_.usable[j]) beyond_.push_back(static_cast<Index>(j));
        add(unpenalised(problem_));
    }
    active_ = std::make_unique<ActiveSet>(problem_, model_, make_gram_system(model_), control_);
    null_ = 0.5 * problem_.yy;
    c_now_ = null_correlations(problem_, model_, *active_);
    path_.alpha_max = alpha_max(problem_, c_now_);
}

bool Driver::whole_gram_pays() const {
    const double n = static_cast<double>(design_.rows()), p = static_cast<double>(design_.cols());
    if (options_.memory_limit && GramModel::bytes_for(design_.cols()) > options_.memory_limit) return false;
    if (std::any_of(problem_.usable.begin(), problem_.usable.end(), [](char u) { return !u; })) return false;
    const double n_alphas = static_cast<double>(options_.alphas.empty() ? options_.n_alphas : options_.alphas.size());
    // A sweep of n p^2 / 2 against a few passes of n p a batch, and some Gram work on the support anyway.
    return n >= 4 * p && p <= 1500 && p <= 16 + 4 * n_alphas;
}

void Driver::make_grid() {
    if (!options_.alphas.empty()) {
        if (options_.only_last) make_stepping_stones(options_.alphas.back());
        else alphas_ = options_.alphas;
        return;
    }
    const double eps = options_.eps > 0 ? options_.eps : design_.cols() > design_.rows() ? 1e-2 : 1e-4;
    const double highest = path_.alpha_max > 0 ? path_.alpha_max : std::numeric_limits<double>::epsilon();
    for (std::size_t k = 0; k < options_.n_alphas; ++k) {
        const double t = options_.n_alphas > 1 ? static_cast<double>(k) / static_cast<double>(options_.n_alphas - 1) : 0;
        alphas_.push_back(highest * std::pow(eps, t));
    }
}

/// A short path ahead of the one alpha asked for: cheaper than growing W from far away.
void Driver::make_stepping_stones(double alpha) {
    const double steps = std::ceil(std::log(path_.alpha_max / alpha) / std::log(1 / kStone));
    if (std::isfinite(steps))
        for (double k = steps - 1; k >= 1; --k) alphas_.push_back(alpha * std::pow(path_.alpha_max / alpha, k / steps));
    alphas_.push_back(alpha);
}

/// True where the n x n form of the linear algebra is the cheaper one and can be used.
bool Driver::samples_pay() const {
    const auto& l2 = problem_.penalty.l2_factor;
    if (problem_.request.l1_ratio >= 1 || 4 * active_->free_count() < 3 * design_.rows()) return false;
    return std::all_of(model_.features().begin(), model_.features().end(),
                       [&](Index j) { return l2[static_cast<std::size_t>(j)] > 0; });
}

void Driver::choose_system() {
    if (on_samples_ || !samples_pay()) return;
    active_->switch_system(make_sample_system(model_, problem_));
    on_samples_ = true;
}

void Driver::set_alpha(std::size_t k) { problem_.at(alphas_[k]); }

/// Solves on W for `count` alphas from `first`.
void Driver::speculate(std::size_t first, std::size_t count) {
    batch_.first = first;
    batch_.count = count;
    batch_.w.resize(count);
    batch_.solves.assign(count, 0);
    if (first == 0 && !model_.complete()) {
        // Nothing is known of the path yet: begin with what the null model says the first alphas will want.
        const Penalty& penalty = problem_.penalty;
        std::vector<Candidate> candidates;
        problem_.at(alphas_[first + count - 1]);
        for (Index feature : beyond_) {
            const auto j = static_cast<std::size_t>(feature);
            if (std::abs(c_now_[j]) > penalty.l1(j))
                candidates.push_back({feature, std::abs(c_now_[j]) / penalty.l1_factor[j]});
        }
        grow(candidates, 64);
    }
    for (std::size_t k = 0; k < count; ++k) {
        set_alpha(first + k);
        const auto report = active_->solve(problem_.penalty, problem_.noise(), options_.max_solves);
        batch_.solves[k] += report.solves;
        batch_.w[k] = active_->w();
    }
}

/// r_k = y - Xh_W w_k for the whole batch in one pass over the union of the supports.
void Driver::find_residuals() {
    const std::size_t n = design_.rows(), K = batch_.count;
    std::vector<Index> support;
    std::vector<double> minus_w;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        bool any = false;
        for (std::size_t k = 0; k < K; ++k) any = any || batch_.w[k][slot] != 0;
        if (!any) continue;
        support.push_back(model_.features()[slot]);
        for (std::size_t k = 0; k < K; ++k) minus_w.push_back(-batch_.w[k][slot]);
    }
    batch_.r.resize(n * K);
    for (std::size_t k = 0; k < K; ++k) std::copy(problem_.y.begin(), problem_.y.end(), batch_.r.begin() + k * n);
    design_.accumulate(support, minus_w.data(), K, batch_.r.data(), problem_.team);
    batch_.rr.resize(K);
    for (std::size_t k = 0; k < K; ++k) {
        double* r = batch_.r.data() + k * n;
        problem_.recentre(r);
        batch_.rr[k] = problem_.inner(r, r);
    }
}

/// Exact correlations of the batch's residuals with W, and with every other feature that no bound settles.
void Driver::correlate() {
    const std::size_t n = design_.rows(), K = batch_.count;
    const Penalty& penalty = problem_.penalty;
    std::vector<double> scales(K);
    for (std::size_t k = 0; k < K; ++k) {
        set_alpha(batch_.first + k);
        scales[k] = penalty.l1_scale;
    }
    const double* u = batch_.r.data();
    if (problem_.weights()) {
        batch_.u.resize(n * K);
        for (std::size_t k = 0; k < K; ++k) problem_.weigh(batch_.r.data() + k * n, batch_.u.data() + k * n);
        u = batch_.u.data();
    }
    batch_.in_model.resize(model_.size() * K);
    design_.correlate(model_.features(), u, K, batch_.in_model.data(), problem_.team);

    batch_.listed.clear();
    batch_.lacking.clear();
    if (!beyond_.empty()) bounds_.look_at(batch_.r.data(), K);
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        for (std::size_t k = K; k-- > 0;)
            if (bounds_.bound(j, k) > scales[k] * penalty.l1_factor[j]) {
                batch_.listed.push_back(feature);
                break;
            }
    }
    batch_.exact.resize(batch_.listed.size() * K);
    if (!batch_.listed.empty()) design_.correlate(batch_.listed, u, K, batch_.exact.data(), problem_.team);
    for (std::size_t i = 0; i < batch_.listed.size(); ++i) {
        const double factor = penalty.l1_factor[static_cast<std::size_t>(batch_.listed[i])];
        const double* c = batch_.exact.data() + i * K;
        bool lacks = false;
        for (std::size_t k = 0; k < K; ++k) lacks = lacks || std::abs(c[k]) > scales[k] * factor;
        if (lacks) batch_.lacking.push_back(i);
    }
    path_.n_passes += static_cast<double>(batch_.listed.size() + model_.size()) / static_cast<double>(design_.cols());
}

Certificate Driver::certificate(std::size_t k) {
    const std::size_t K = batch_.count;
    const auto& norm = design_.moments().norm;
    const auto& w = batch_.w[k];
    const double* r = batch_.r.data() + k * design_.rows();
    set_alpha(batch_.first + k);
    const Penalty& penalty = problem_.penalty;
    DualPoint dual(1e3 * problem_.noise());
    double cost = 0.5 * batch_.rr[k];
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        const Index j = model_.features()[slot];
        const ScalarPenalty h = penalty[j];
        cost += h.value(w[slot]);
        dual.add(h, w[slot], batch_.in_model[slot * K + k], norm[j]);
    }
    for (std::size_t i : batch_.lacking) {
        const Index j = batch_.listed[i];
        dual.add(penalty[j], 0.0, batch_.exact[i * K + k], norm[j]);
    }
    Certificate c;
    c.primal = cost;
    c.dual = dual.best(problem_.inner(r, problem_.y.data()), batch_.rr[k]);
    c.gap = std::abs(c.primal - c.dual);  // below 0 it is rounding, and says how much
    c.rel_gap = null_ > 0 ? c.gap / null_ : (c.gap > 0 ? kInfinity : 0.0);
    c.kkt_max = dual.kkt_max();
    return c;
}

void Driver::certify() {
    find_residuals();
    correlate();
    batch_.certificates.resize(batch_.count);
    for (std::size_t k = 0; k < batch_.count; ++k) batch_.certificates[k] = certificate(k);
}

bool Driver::wanted(std::size_t k) const { return !options_.only_last || batch_.first + k + 1 == alphas_.size(); }

bool Driver::accepted(std::size_t k) const {
    return batch_.certificates[k].rel_gap <= (wanted(k) ? options_.tol : std::max(options_.tol, kStoneGap));
}

/// Takes the leading solutions of the batch that are certified; returns how many.
std::size_t Driver::accept() {
    std::size_t k = 0;
    for (; k < batch_.count && path_.stop == Stop::kCompleted; ++k) {
        if (!accepted(k)) break;
        corrections_ = 0;
        if (finish(k)) {
            ++k;
            break;
        }
    }
    if (k == 0 && path_.stop == Stop::kCompleted) {
        // Not for want of features: either q is corrected and the alpha solved again, or this is as good as it gets.
        bool lacking = false;
        set_alpha(batch_.first);
        for (std::size_t i : batch_.lacking)
            lacking = lacking || problem_.penalty[batch_.listed[i]].violation(0.0, batch_.exact[i * batch_.count]) > 0;
        if (!lacking && !correct(0)) {
            finish(0);
            k = 1;
        }
    }
    if (k > 0) remember(k - 1);
    return k;
}

/// Hands out one solution. True when the path ends here.
bool Driver::finish(std::size_t k) {
    if (!wanted(k)) return false;
    path_.solutions.push_back(solution(k));
    const Solution& s = path_.solutions.back();
    const std::size_t index = path_.solutions.size() - 1;
    if (options_.callback && options_.callback(index, s.alpha, s.certificate.rel_gap, s.features.size(), s.dev_ratio))
        path_.stop = Stop::kCallback;
    if (options_.max_features && s.features.size() > options_.max_features) path_.stop = Stop::kMaxFeatures;
    if (options_.early_stop && index >= 5) {
        const double before = path_.solutions[index - 1].dev_ratio;
        if (s.dev_ratio > 0.999 || s.dev_ratio - before < 1e-5 * s.dev_ratio) path_.stop = Stop::kEarlyStop;
    }
    return path_.stop != Stop::kCompleted;
}

/// The exact correlations at the residual of batch member k become the reference for later bounds.
void Driver::remember(std::size_t k) {
    if (batch_.listed.empty()) return;
    bounds_.store(batch_.r.data() + k * design_.rows());
    for (std::size_t i = 0; i < batch_.listed.size(); ++i)
        bounds_.note(static_cast<std::size_t>(batch_.listed[i]), batch_.exact[i * batch_.count + k]);
}

/// Notes the correlations beyond W at the last accepted alpha and at an earlier one, to extrapolate from.
void Driver::look_beyond(std::size_t done) {
    if (done == 0) return;
    const std::size_t K = batch_.count, last = done - 1;
    if (done >= 2) {
        for (Index feature : beyond_) {
            const auto j = static_cast<std::size_t>(feature);
            c_before_[j] = bounds_.guess(j, 0);
            c_now_[j] = bounds_.guess(j, last);
        }
        for (std::size_t i = 0; i < batch_.listed.size(); ++i) {
            const auto j = static_cast<std::size_t>(batch_.listed[i]);
            c_before_[j] = batch_.exact[i * K];
            c_now_[j] = batch_.exact[i * K + last];
        }
        set_alpha(batch_.first);
        at_before_ = problem_.penalty.l1_scale;
    } else {
        c_before_.swap(c_now_);
        at_before_ = at_now_;
        for (Index feature : beyond_)
            c_now_[static_cast<std::size_t>(feature)] = bounds_.guess(static_cast<std::size_t>(feature), last);
        for (std::size_t i = 0; i < batch_.listed.size(); ++i)
            c_now_[static_cast<std::size_t>(batch_.listed[i])] = batch_.exact[i * K + last];
    }
    set_alpha(batch_.first + last);
    at_now_ = problem_.penalty.l1_scale;
}

/// Adds features that violate their condition at batch member k or a later one.
void Driver::grow_by_violators(std::size_t k) {
    const Penalty& penalty = problem_.penalty;
    std::vector<Candidate> candidates;
    for (std::size_t i : batch_.lacking) {
        double worst = 0;
        for (std::size_t later = k; later < batch_.count; ++later) {
            set_alpha(batch_.first + later);
            const ScalarPenalty h = penalty[static_cast<std::size_t>(batch_.listed[i])];
            const double excess = h.violation(0.0, batch_.exact[i * batch_.count + later]) / h.l1;
            worst = std::max(worst, excess / static_cast<double>(1 + later - k));
        }
        if (worst > 0) candidates.push_back({batch_.listed[i], worst});
    }
    grow(candidates, std::max<std::size_t>(64, model_.size() / 2));
}

/// Adds the features that are likely to enter before the end of the next batch: those whose correlation, extrapolated
/// along the path, reaches its l1.
void Driver::grow_by_prediction(std::size_t next) {
    set_alpha(std::min(next + width_, alphas_.size()) - 1);
    const Penalty& penalty = problem_.penalty;
    const double ahead = at_now_ - penalty.l1_scale, run = at_before_ - at_now_;
    const double step = run > 0 && ahead > 0 ? ahead / run : 0.0;
    std::vector<Candidate> candidates;
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        const double c = c_now_[j] + step * (c_now_[j] - c_before_[j]);
        const double score = std::abs(c) / penalty.l1_factor[j];
        if (score > kLikely * penalty.l1_scale) candidates.push_back({feature, score});
    }
    grow(candidates, std::max<std::size_t>(64, model_.size() / 2));
}

void Driver::grow(std::vector<Candidate>& candidates, std::size_t limit) {
    if (candidates.size() > limit) {
        std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(limit), candidates.end(),
                         [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
        candidates.resize(limit);
    }
    std::vector<Index> features;
    for (const Candidate& c : candidates) features.push_back(c.feature);
    std::sort(features.begin(), features.end());
    add(features);
}

void Driver::add(const std::vector<Index>& features) {
    if (features.empty()) return;
    model_.grow(features);
    std::erase_if(beyond_, [&](Index j) { return model_.slot(j) >= 0; });
}

/// Replaces q by what the explicit residual of batch member k says it is, q := X_W'r + G w. False when that has been
/// tried often enough.
bool Driver::correct(std::size_t k) {
    if (corrections_++ >= kCorrections) {
        corrections_ = 0;
        return false;
    }
    const kernels::Kernels& leaf = kernels::active();
    std::vector<double> w;
    for (std::size_t slot : model_.member()) w.push_back(batch_.w[k][slot]);
    for (std::size_t slot : model_.member())
        model_.q()[slot] = batch_.in_model[slot * batch_.count + k] + leaf.dot(model_.column(slot), w.data(), w.size());
    active_->refresh();
    return true;
}

Solution Driver::solution(std::size_t k) const {
    Solution s;
    s.alpha = alphas_[batch_.first + k];
    s.n_solves = batch_.solves[k];
    s.seconds = control_.seconds();
    s.dev_ratio = problem_.yy > 0 ? 1.0 - batch_.rr[k] / problem_.yy : 0.0;
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (batch_.w[k][slot] != 0) s.features.push_back(model_.features()[slot]);
    std::sort(s.features.begin(), s.features.end());
    s.intercept = problem_.y_mean();
    for (Index j : s.features) {
        const double w = problem_.coefficient(j, batch_.w[k][model_.slot(j)]);
        s.values.push_back(w);
        s.intercept -= w * design_.moments().mean[j];
    }
    if (!problem_.request.fit_intercept) s.intercept = 0;
    s.certificate = batch_.certificates[k];
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap})
        *value = problem_.objective(*value);
    s.status = accepted(k) ? Status::kConverged : Status::kGapAboveTol;
    return s;
}

Path solve_path(Problem& problem, const PathOptions& options, Control& control) {
    Path path = Driver(problem, options, control).run();
    path.null_objective = problem.objective(0.5 * problem.yy);
    return path;
}

}  // namespace riata
