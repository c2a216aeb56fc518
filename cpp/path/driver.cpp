#include "path/driver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernels.hpp"
#include "path/certify.hpp"

namespace riata {

namespace {
constexpr std::size_t kWidest = 8;   // residuals per pass: eight fit the registers of the widest instruction set
constexpr int kCorrections = 4;      // defect corrections of one alpha before its gap is reported as it is
}  // namespace

Driver::Driver(Problem& problem, const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), design_(problem.design),
      model_(design_, problem.weights(), problem.team),
      bounds_(design_.rows(), problem.weights(), problem.y.data(), problem.xty, design_.moments().norm) {}

Path Driver::run() {
    start();
    make_grid();
    for (std::size_t k = 0; k < alphas_.size() && path_.stop == Stop::kCompleted;) {
        choose_system();
        speculate(k, std::min(width_, alphas_.size() - k));
        certify();
        const std::size_t done = accept();
        k += done;
        width_ = std::clamp<std::size_t>(2 * done, 1, kWidest);
        if (path_.stop != Stop::kCompleted) break;
        if (control_.out_of_time()) path_.stop = Stop::kTimeLimit;
        else if (done < batch_.count) {
            if (!model_.complete()) grow_by_violators(done);
        } else if (k < alphas_.size() && !model_.complete()) {
            grow_by_prediction(k);
        }
    }
    return std::move(path_);
}

/// Puts into W what no alpha keeps out, all features where one sweep for the whole Gram matrix pays, and solves the
/// null model with it.
void Driver::start() {
    const Penalty& penalty = problem_.penalty;
    std::vector<Index> always;
    std::vector<double> rest(design_.cols(), 0.0);
    for (std::size_t j = 0; j < design_.cols(); ++j) {
        if (!problem_.usable[j]) continue;
        const bool displaced = penalty.bounded() && (penalty.lower[j] > 0 || penalty.upper[j] < 0);
        if (penalty.l1_factor[j] == 0 || displaced || problem_.request.l1_ratio == 0)
            always.push_back(static_cast<Index>(j));
    }
    if (whole_gram_pays()) {
        model_.grow_to_all(problem_.xty.data(), problem_.root_weights());
        path_.n_passes += 1;
    } else if (!always.empty()) {
        model_.grow(always, problem_.xty.data(), true);
    }
    active_ = std::make_unique<ActiveSet>(model_, make_gram_system(model_, problem_.team), control_);
    null_ = 0.5 * problem_.yy;
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
    path_.alpha_max = alpha_max(problem_);
    if (!options_.alphas.empty()) {
        alphas_ = options_.alphas;
        return;
    }
    const double eps = options_.eps > 0 ? options_.eps : design_.cols() > design_.rows() ? 1e-2 : 1e-4;
    const double highest = path_.alpha_max > 0 ? path_.alpha_max : std::numeric_limits<double>::epsilon();
    for (std::size_t k = 0; k < options_.n_alphas; ++k) {
        const double t = options_.n_alphas > 1 ? static_cast<double>(k) / static_cast<double>(options_.n_alphas - 1) : 0;
        alphas_.push_back(highest * std::pow(eps, t));
    }
}

void Driver::choose_system() {}

void Driver::set_alpha(std::size_t k) { problem_.at(alphas_[k]); }

/// Solves on W for `count` alphas from `first`.
void Driver::speculate(std::size_t first, std::size_t count) {
    batch_.first = first;
    batch_.count = count;
    batch_.w.resize(count);
    batch_.solves.assign(count, 0);
    if (model_.size() == 0) {
        // Nothing is in W yet: begin with what the first alphas will want.
        const Penalty& penalty = problem_.penalty;
        std::vector<Candidate> candidates;
        problem_.at(alphas_[first + count - 1]);
        for (std::size_t j = 0; j < design_.cols(); ++j)
            if (problem_.usable[j] && penalty.l1_factor[j] > 0 && std::abs(problem_.xty[j]) > penalty.l1(j))
                candidates.push_back({static_cast<Index>(j), std::abs(problem_.xty[j]) / penalty.l1_factor[j]});
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
    const std::size_t n = design_.rows(), K = batch_.count, p = design_.cols();
    const Penalty& penalty = problem_.penalty;
    const double* u = batch_.r.data();
    std::vector<double> weighted;
    if (problem_.weights()) {
        weighted.resize(n * K);
        for (std::size_t k = 0; k < K; ++k) problem_.weigh(batch_.r.data() + k * n, weighted.data() + k * n);
        u = weighted.data();
    }
    std::vector<double> scales(K);
    for (std::size_t k = 0; k < K; ++k) {
        set_alpha(batch_.first + k);
        scales[k] = penalty.l1_scale;
    }
    batch_.outside.clear();
    batch_.exact.clear();
    if (!model_.complete()) {
        bounds_.look_at(batch_.r.data(), K);
        for (std::size_t j = 0; j < p; ++j) {
            if (!problem_.usable[j] || model_.slot(static_cast<Index>(j)) >= 0) continue;
            for (std::size_t k = K; k-- > 0;)
                if (bounds_.bound(j, k) > scales[k] * penalty.l1_factor[j]) {
                    batch_.outside.push_back(static_cast<Index>(j));
                    break;
                }
        }
    }
    batch_.in_model.resize(model_.size() * K);
    if (batch_.outside.size() + model_.size() > p / 2 + p / 4) {
        std::vector<double> all(p * K);
        design_.correlate_all(u, K, all.data(), problem_.team);
        path_.n_passes += 1;
        for (std::size_t slot = 0; slot < model_.size(); ++slot)
            std::copy_n(all.begin() + model_.features()[slot] * K, K, batch_.in_model.begin() + slot * K);
        batch_.outside.clear();
        for (std::size_t j = 0; j < p; ++j)
            if (problem_.usable[j] && model_.slot(static_cast<Index>(j)) < 0) {
                batch_.outside.push_back(static_cast<Index>(j));
                batch_.exact.insert(batch_.exact.end(), all.begin() + j * K, all.begin() + (j + 1) * K);
            }
        return;
    }
    design_.correlate(model_.features(), u, K, batch_.in_model.data(), problem_.team);
    batch_.exact.resize(batch_.outside.size() * K);
    if (!batch_.outside.empty())
        design_.correlate(batch_.outside, u, K, batch_.exact.data(), problem_.team);
    path_.n_passes += static_cast<double>(batch_.outside.size() + model_.size()) / static_cast<double>(p);
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
    for (std::size_t i = 0; i < batch_.outside.size(); ++i) {
        const Index j = batch_.outside[i];
        dual.add(penalty[j], 0.0, batch_.exact[i * K + k], norm[j]);
    }
    Certificate c;
    c.primal = cost;
    c.dual = dual.best(problem_.inner(r, problem_.y.data()), batch_.rr[k]);
    c.gap = std::max(0.0, c.primal - c.dual);
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

bool Driver::accepted(std::size_t k) const { return batch_.certificates[k].rel_gap <= options_.tol; }

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
        for (std::size_t i = 0; i < batch_.outside.size() && !lacking; ++i)
            lacking = problem_.penalty[batch_.outside[i]].violation(0.0, batch_.exact[i * batch_.count]) > 0;
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
    if (options_.only_last && batch_.first + k + 1 < alphas_.size()) return false;
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
    if (batch_.outside.empty()) return;
    bounds_.store(batch_.r.data() + k * design_.rows());
    for (std::size_t i = 0; i < batch_.outside.size(); ++i)
        bounds_.note(static_cast<std::size_t>(batch_.outside[i]), batch_.exact[i * batch_.count + k]);
}

/// Adds features that violate their condition at batch member k or a later one.
void Driver::grow_by_violators(std::size_t k) {
    const Penalty& penalty = problem_.penalty;
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < batch_.outside.size(); ++i) {
        double worst = 0;
        for (std::size_t later = k; later < batch_.count; ++later) {
            set_alpha(batch_.first + later);
            const ScalarPenalty h = penalty[batch_.outside[i]];
            const double excess = h.violation(0.0, batch_.exact[i * batch_.count + later]) / h.l1;
            worst = std::max(worst, excess / static_cast<double>(1 + later - k));
        }
        if (worst > 0) candidates.push_back({batch_.outside[i], worst});
    }
    grow(candidates, std::max<std::size_t>(64, model_.size() / 2));
}

/// Adds the features that are likely to enter before the end of the next batch.
void Driver::grow_by_prediction(std::size_t next) {
    const std::size_t last = std::min(next + width_, alphas_.size()) - 1, K = batch_.count;
    set_alpha(last);
    const Penalty& penalty = problem_.penalty;
    std::vector<Candidate> candidates;
    for (std::size_t j = 0; j < design_.cols(); ++j) {
        if (!problem_.usable[j] || model_.slot(static_cast<Index>(j)) >= 0) continue;
        const double score = std::abs(bounds_.guess(j, K - 1)) / penalty.l1_factor[j];
        if (score > penalty.l1_scale) candidates.push_back({static_cast<Index>(j), score});
    }
    grow(candidates, std::max<std::size_t>(32, model_.size() / 4));
}

void Driver::grow(std::vector<Candidate>& candidates, std::size_t limit) {
    const auto by_score = [](const Candidate& a, const Candidate& b) { return a.score > b.score; };
    if (candidates.size() > limit) {
        std::nth_element(candidates.begin(), candidates.begin() + limit, candidates.end(), by_score);
        candidates.resize(limit);
    }
    std::vector<Index> features;
    for (const Candidate& c : candidates) features.push_back(c.feature);
    std::sort(features.begin(), features.end());
    if (!features.empty()) model_.grow(features, problem_.xty.data(), true);
}

/// Replaces q by what the explicit residual of batch member k says it is, q := X_W'r + G w. False when that has been
/// tried often enough.
bool Driver::correct(std::size_t k) {
    if (corrections_++ >= kCorrections) {
        corrections_ = 0;
        return false;
    }
    const kernels::Kernels& leaf = kernels::active();
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        model_.q()[slot] = batch_.in_model[slot * batch_.count + k] +
                           leaf.dot(model_.column(slot), batch_.w[k].data(), model_.size());
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
