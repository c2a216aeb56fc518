#include "path/driver.hpp"

#include <algorithm>
#include <cmath>

#include "path/certify.hpp"
#include "path/grid.hpp"

namespace riata {

namespace {
constexpr double kAhead = 0.7;      // of the gap: what a single fit descends to
constexpr double kOpened = 1e-2;    // relative gap from which the active set starts in the place of stepping stones
constexpr double kSmall = 1 << 17;  // entries of X up to which the exact solution costs next to nothing
constexpr double kFewSweeps = 30, kSweepsPerGram = 0.3, kSweepsPerL2 = 5;

std::vector<Index> support_of(const std::vector<double>& w) {
    std::vector<Index> support;
    for (std::size_t j = 0; j < w.size(); ++j)
        if (w[j] != 0) support.push_back(static_cast<Index>(j));
    return support;
}
}  // namespace

Driver::Driver(const Problem& problem, const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), design_(problem.design), model_(problem),
      report_(problem, options, control, 1, [](double off) { return 0.5 * off * off; }) {  // residuals have mean 0
    report_.judge_with([this](const Solution& s) { return judge_numbers(s); });
}

Path Driver::run() {
    if (!open()) follow_alphas();
    return std::move(report_.finish()[0]);
}

void Driver::follow_alphas() {
    alphas_ = make_alphas(options_, start(), wide());
    for (std::size_t k = 0; k < alphas_.size() && !report_.ended();) {
        if (options_.only_last && (spent_ >= options_.max_solves / 2 || control_.out_of_time())) k = alphas_.size() - 1;
        choose_system();
        speculate(k, std::min(width_, alphas_.size() - k));
        certify();
        const std::size_t done = accept();
        k += done;
        width_ = next_width(design_, done, batch_.count);
        drafts_ = drafts_ || (done < batch_.count && frontier_->lacks(done));
        if (report_.ended()) break;
        if (control_.out_of_time() && !report_.empty()) report_.end(Stop::kTimeLimit);
        if (model_.complete() || k == alphas_.size()) continue;
        std::vector<Index> lacking;
        if (done < batch_.count) lacking = frontier_->violators(done, room());
        frontier_->advance(done);
        grow(lacking);
        if (done > 0) grow(frontier_->candidates(last_alpha(k), room()));
    }
}

/// Tries coordinate descent on the columns where a single penalty is asked for; true where that was enough.
bool Driver::open() {
    if (!options_.only_last || options_.alphas.empty() || design_.entries() < kSmall) return false;
    const PenaltyAt penalty = problem_.at(options_.alphas.back());
    ColumnDescent descent(problem_, penalty, control_);
    if (!descent.applies()) return false;
    null_ = 0.5 * problem_.yy;
    const double goal = std::max(options_.tol, options_.enough);
    opening_ = descent.run(kAhead * goal, patience(penalty.l2_scale > 0));
    if (!(opening_.rel_gap <= goal)) return false;
    alphas_ = {options_.alphas.back()};
    report_.begin(alpha_max(problem_, problem_.xty), null_);
    report_.count_passes(static_cast<double>(opening_.sweeps));
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

/// Sweeps over X that are worth spending before a Gram matrix of what may be in use is formed and factorised.
double Driver::patience(bool l2) const {
    const double n = static_cast<double>(design_.rows()), p = static_cast<double>(design_.cols());
    const double support = std::min(n, p);
    const double longer = l2 ? kSweepsPerL2 : 1.0;  // supports may be larger than n, then
    return kFewSweeps + longer * kSweepsPerGram * support * support / p;
}

/// Puts into W what no alpha keeps out, all features where one sweep for the whole Gram matrix pays, and solves the
/// null model with it. Returns the largest alpha.
double Driver::start() {
    if (model_.size() == 0 && (options_.whole_gram || whole_gram_pays())) {
        const auto likely = likely_support();
        const bool sweep = options_.plain || 2 * likely.size() > design_.cols();
        model_.grow_to_all(sweep);
        model_.admit(likely);
        report_.count_passes(sweep ? 1 : static_cast<double>(likely.size()) / 8);
    } else {
        model_.grow(unpenalised(problem_));
    }
    active_ = std::make_unique<ActiveSet>(model_, make_gram_system(model_), control_);
    null_ = 0.5 * problem_.yy;
    const auto correlations = null_correlations(problem_, model_, *active_);
    const double largest = alpha_max(problem_, correlations);
    report_.begin(largest, null_);
    frontier_ = std::make_unique<Frontier>(problem_, model_, problem_.y, problem_.xty, correlations);
    return largest;
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
    if (wanted(k)) report_.hand_out(outcome(k));
    leave_alpha();
    return report_.ended();
}

/// The certificate of the numbers as they are rounded, from a residual of their own.
Certificate Driver::judge_numbers(const Solution& s) const {
    std::vector<double> coef(design_.cols(), 0.0);
    for (std::size_t i = 0; i < s.features.size(); ++i) coef[static_cast<std::size_t>(s.features[i])] = s.values[i];
    return riata::certify(problem_, {coef.data(), &s.intercept, 1}, s.alpha).certificate;
}

Outcome Driver::outcome(std::size_t k) const {
    Outcome out;
    out.alpha = alphas_[batch_.first + k];
    out.tol = tolerance_of(options_, wanted(k));
    out.loss = 0.5 * batch_.loss[k];
    out.solves = batch_.solves[k];
    out.certificate = batch_.certificates[k];
    auto& [w, b] = out.outputs.emplace_back();
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (batch_.w[k][slot] != 0) w.emplace_back(model_.features()[slot], batch_.w[k][slot]);
    b = problem_.y_mean();
    return out;
}

Path solve_path(const Problem& problem, const PathOptions& options, Control& control) {
    return Driver(problem, options, control).run();
}

}  // namespace riata
