#include "path/driver.hpp"

#include <algorithm>
#include <cmath>

#include "path/certify.hpp"
#include "path/grid.hpp"
#include "path/handed_out.hpp"

namespace riata {

namespace {
constexpr double kAhead = 0.7;      // of the gap: what a single fit descends to
constexpr double kOpened = 1e-2;    // relative gap from which the active set starts in the place of stepping stones
constexpr double kNoticed = 1e-2;   // of the tolerance: rounding of the intercept that is looked at
constexpr double kSmall = 1 << 17;  // entries of X up to which the exact solution costs next to nothing
constexpr double kFewSweeps = 30, kSweepsPerGram = 0.3, kSweepsPerL2 = 5;

std::vector<Index> support_of(const std::vector<double>& w) {
    std::vector<Index> support;
    for (std::size_t j = 0; j < w.size(); ++j)
        if (w[j] != 0) support.push_back(static_cast<Index>(j));
    return support;
}
}  // namespace

Driver::Driver(Problem& problem, const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), design_(problem.design), model_(problem) {}

Path Driver::run() {
    if (open()) return std::move(path_);
    start();
    alphas_ = make_alphas(options_, path_.alpha_max, wide());
    for (std::size_t k = 0; k < alphas_.size() && path_.stop == Stop::kCompleted;) {
        if (options_.only_last && (spent_ >= options_.max_solves / 2 || control_.out_of_time())) k = alphas_.size() - 1;
        choose_system();
        speculate(k, std::min(width_, alphas_.size() - k));
        certify();
        const std::size_t done = accept();
        k += done;
        width_ = next_width(design_, done, batch_.count);
        drafts_ = drafts_ || (done < batch_.count && frontier_->lacks(done));
        if (path_.stop != Stop::kCompleted) break;
        if (control_.out_of_time() && !path_.solutions.empty()) path_.stop = Stop::kTimeLimit;
        if (model_.complete() || k == alphas_.size()) continue;
        std::vector<Index> lacking;
        if (done < batch_.count) lacking = frontier_->violators(done, room());
        frontier_->advance(done);
        grow(lacking);
        if (done > 0) grow(frontier_->candidates(last_alpha(k), room()));
    }
    return std::move(path_);
}

/// Tries coordinate descent on the columns where a single penalty is asked for; true where that was enough.
bool Driver::open() {
    if (!options_.only_last || options_.alphas.empty() || design_.entries() < kSmall) return false;
    problem_.at(options_.alphas.back());
    ColumnDescent descent(problem_, control_);
    if (!descent.applies()) return false;
    null_ = 0.5 * problem_.yy;
    const double goal = std::max(options_.tol, options_.enough);
    opening_ = descent.run(kAhead * goal, patience());
    if (!(opening_.rel_gap <= goal)) return false;
    alphas_ = {options_.alphas.back()};
    path_.alpha_max = alpha_max(problem_, problem_.xty);
    path_.n_passes += static_cast<double>(opening_.sweeps);
    model_.grow(support_of(opening_.w));
    frontier_ = std::make_unique<Frontier>(problem_, model_, problem_.y, problem_.xty, problem_.xty);
    batch_.count = 1;
    batch_.solves = {opening_.sweeps};
    batch_.w.resize(1);
    for (Index j : model_.features()) batch_.w[0].push_back(opening_.w[static_cast<std::size_t>(j)]);
    find_residuals();
    correlate_model(false);
    look_beyond();
    batch_.certificates = {certificate(0)};
    const bool there = batch_.certificates[0].rel_gap <= goal;
    if (there) finish(0);
    return there;
}

/// Goes on from where coordinate descent came to, without stepping stones.
void Driver::follow_opening() {
    alphas_ = {alphas_.back()};
    std::vector<Index> fresh;
    for (Index j : support_of(opening_.w))
        if (model_.slot(j) < 0) fresh.push_back(j);
    grow(fresh);
    std::vector<double> w;
    for (Index j : model_.features()) w.push_back(opening_.w[static_cast<std::size_t>(j)]);
    set_alpha(0);
    active_->start_from(problem_.penalty, w);
}

/// Sweeps over X that are worth spending before a Gram matrix of what may be in use is formed and factorised.
double Driver::patience() const {
    const double n = static_cast<double>(design_.rows()), p = static_cast<double>(design_.cols());
    const double support = std::min(n, p);
    const double l2 = problem_.penalty.l2_scale > 0 ? kSweepsPerL2 : 1.0;  // supports may be larger than n, then
    return kFewSweeps + l2 * kSweepsPerGram * support * support / p;
}

/// Puts into W what no alpha keeps out, all features where one sweep for the whole Gram matrix pays, and solves the
/// null model with it.
void Driver::start() {
    if (model_.size() == 0 && (options_.whole_gram || whole_gram_pays())) {
        const auto likely = likely_support();
        const bool sweep = options_.plain || 2 * likely.size() > design_.cols();
        model_.grow_to_all(sweep);
        model_.admit(likely);
        path_.n_passes += sweep ? 1 : static_cast<double>(likely.size()) / 8;
    } else {
        model_.grow(unpenalised(problem_));
    }
    active_ = std::make_unique<ActiveSet>(model_, make_gram_system(model_), control_);
    null_ = 0.5 * problem_.yy;
    const auto correlations = null_correlations(problem_, model_, *active_);
    path_.alpha_max = alpha_max(problem_, correlations);
    frontier_ = std::make_unique<Frontier>(problem_, model_, problem_.y, problem_.xty, correlations);
}

/// What is to be free, as far as can be foreseen.
std::vector<std::size_t> Driver::likely_support() {
    if (options_.plain) return {};
    if (!(opening_.rel_gap < kOpened)) return support_of_sample();
    const auto support = support_of(opening_.w);
    return {support.begin(), support.end()};
}

/// The features that a path on a sample of the rows makes use of.
std::vector<std::size_t> Driver::support_of_sample() {
    const std::size_t n = design_.rows(), p = design_.cols();
    const std::size_t step = std::max<std::size_t>(4, n / std::max<std::size_t>(8 * p, 1000)), rows = n / step;
    const auto sample = design_.sample(step, rows);
    std::vector<double> y(rows), s;
    for (std::size_t i = 0; i < rows; ++i) y[i] = problem_.y[i * step];
    Request request = problem_.request;
    if (problem_.weights()) {
        for (std::size_t i = 0; i < rows; ++i) s.push_back(problem_.s[i * step]);
        if (std::none_of(s.begin(), s.end(), [](double v) { return v > 0; })) return {};
        request.sample_weight = s.data();
    }
    PathOptions options;
    options.plain = true;
    options.tol = 1e-4;
    options.n_alphas = 25;
    options.eps = options_.alphas.empty() ? lowest_ratio(options_, wide())
                                          : std::min(1.0, options_.alphas.back() / alpha_max(problem_, problem_.xty));
    request.lower = request.upper = nullptr;
    Problem small(*sample, y.data(), request, problem_.team);
    std::vector<char> used(p, 0);
    for (const Solution& solution : Driver(small, options, control_).run().solutions)
        for (Index j : solution.features) used[static_cast<std::size_t>(j)] = 1;
    std::vector<std::size_t> support;
    for (std::size_t j = 0; j < p; ++j)
        if (used[j]) support.push_back(j);
    return support;
}

bool Driver::whole_gram_pays() const {
    const double n = static_cast<double>(design_.rows()), p = static_cast<double>(design_.cols());
    if (options_.memory_limit && GramModel::bytes_for(design_.cols()) > options_.memory_limit) return false;
    if (std::any_of(problem_.usable.begin(), problem_.usable.end(), [](char u) { return !u; })) return false;
    const double n_alphas = static_cast<double>(options_.alphas.empty() ? options_.n_alphas : options_.alphas.size());
    // A sweep of n p^2 / 2 against a few passes of n p a batch, and some Gram work on the support anyway.
    return n >= 4 * p && p <= 1500 && p <= 16 + 4 * std::max(n_alphas, 60.0);
}

void Driver::set_alpha(std::size_t k) { problem_.at(alphas_[k]); }

bool Driver::wanted(std::size_t k) const { return is_wanted(options_, batch_.first + k, alphas_.size()); }

bool Driver::accepted(std::size_t k) const {
    return batch_.certificates[k].rel_gap <= tolerance_of(options_, wanted(k));
}

void Driver::grow(const std::vector<Index>& features) {
    if (features.empty()) return;
    model_.grow(features);
    frontier_->drop_members();
}

/// Hands out one solution. True when the path ends here.
bool Driver::finish(std::size_t k) {
    if (!wanted(k)) {
        leave_alpha();
        return false;
    }
    path_.solutions.push_back(solution(k));
    leave_alpha();
    path_.stop = stop_after(options_, path_.solutions, path_.solutions.back().features.size());
    return path_.stop != Stop::kCompleted;
}

/// The certificate of the numbers as they are rounded, from a residual of their own.
void Driver::judge_as_handed_out(Solution& s) const {
    std::vector<double> coef(design_.cols(), 0.0);
    for (std::size_t i = 0; i < s.features.size(); ++i) coef[static_cast<std::size_t>(s.features[i])] = s.values[i];
    const Certificate own = riata::certify(problem_, coef.data(), s.intercept, s.alpha).certificate;
    if (own.primal < s.certificate.dual) return;  // rounding of another kind: the values at hand are as good
    s.certificate.primal = own.primal;
    s.certificate.dual = std::max(s.certificate.dual, own.dual);
    s.certificate.compare(problem_.objective(null_));
}

Solution Driver::solution(std::size_t k) const {
    Solution s;
    s.alpha = alphas_[batch_.first + k];
    s.n_solves = batch_.solves[k];
    s.seconds = control_.seconds();
    s.dev_ratio = problem_.yy > 0 ? 1.0 - batch_.loss[k] / problem_.yy : 0.0;
    std::vector<std::pair<Index, double>> entries = problem_.displaced_constants;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        const Index j = model_.features()[slot];
        const double w = batch_.w[k][slot];
        if (w != 0) entries.emplace_back(j, problem_.coefficient(static_cast<std::size_t>(j), w));
    }
    const double off = hand_out(problem_, std::move(entries), problem_.y_mean(), s);
    s.certificate = batch_.certificates[k];
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap})
        *value = problem_.objective(*value);
    s.certificate.primal += problem_.constant_cost(s.alpha);
    s.certificate.dual += problem_.constant_cost(s.alpha);
    const double tol = tolerance_of(options_, wanted(k));
    const double rounding = 0.5 * off * off;  // residuals have mean 0
    if (rounding > kNoticed * tol * problem_.objective(null_) && null_ > 0) judge_as_handed_out(s);
    s.status = s.certificate.rel_gap <= tol ? Status::kConverged : Status::kGapAboveTol;
    return s;
}

Path solve_path(Problem& problem, const PathOptions& options, Control& control) {
    Path path = Driver(problem, options, control).run();
    path.null_objective = problem.objective(0.5 * problem.yy);
    return path;
}

}  // namespace riata
