#include "path/driver.hpp"

#include <algorithm>
#include <cmath>

#include "path/certify.hpp"
#include "path/grid.hpp"

namespace riata {

Driver::Driver(Problem& problem, const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), design_(problem.design), model_(problem) {}

Path Driver::run() {
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

/// Puts into W what no alpha keeps out, all features where one sweep for the whole Gram matrix pays, and solves the
/// null model with it.
void Driver::start() {
    if (options_.whole_gram || whole_gram_pays()) {
        const auto likely = options_.plain ? std::vector<std::size_t>{} : support_of_sample();
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

double Driver::rest_of(Index constant) const {
    for (const auto& [j, rest] : problem_.displaced_constants)
        if (j == constant) return rest;
    return 0;
}

Solution Driver::solution(std::size_t k) const {
    Solution s;
    s.alpha = alphas_[batch_.first + k];
    s.n_solves = batch_.solves[k];
    s.seconds = control_.seconds();
    s.dev_ratio = problem_.yy > 0 ? 1.0 - batch_.loss[k] / problem_.yy : 0.0;
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (batch_.w[k][slot] != 0) s.features.push_back(model_.features()[slot]);
    for (const auto& [j, rest] : problem_.displaced_constants) s.features.push_back(j);
    std::sort(s.features.begin(), s.features.end());
    s.intercept = problem_.y_mean();
    for (Index j : s.features) {
        const Index slot = model_.slot(j);
        const bool constant = slot < 0 || batch_.w[k][static_cast<std::size_t>(slot)] == 0;
        const double w = constant ? rest_of(j) : problem_.coefficient(j, batch_.w[k][static_cast<std::size_t>(slot)]);
        s.values.push_back(w);
        s.intercept -= w * design_.moments().mean[static_cast<std::size_t>(j)];
    }
    if (!problem_.request.fit_intercept) s.intercept = 0;
    s.certificate = batch_.certificates[k];
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap})
        *value = problem_.objective(*value);
    s.certificate.primal += problem_.constant_cost(s.alpha);
    s.certificate.dual += problem_.constant_cost(s.alpha);
    s.status = accepted(k) ? Status::kConverged : Status::kGapAboveTol;
    return s;
}

Path solve_path(Problem& problem, const PathOptions& options, Control& control) {
    Path path = Driver(problem, options, control).run();
    path.null_objective = problem.objective(0.5 * problem.yy);
    return path;
}

}  // namespace riata
