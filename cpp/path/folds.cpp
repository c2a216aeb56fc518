#include "path/folds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "parallel/jobs.hpp"
#include "path/certify.hpp"
#include "path/fold_moments.hpp"
#include "path/shared_moments.hpp"

namespace riata {

namespace {

double weight_of(const Request& request, std::int64_t row) {
    return request.sample_weight ? request.sample_weight[row] : 1.0;
}

/// What a fold trains with: the sample weights on its rows, as often as they are listed.
std::vector<double> training_weights(const Fold& fold, const Request& request, std::size_t n) {
    std::vector<double> s(n, 0.0);
    for (std::size_t i = 0; i < fold.n_train; ++i) s[fold.train[i]] += weight_of(request, fold.train[i]);
    return s;
}

std::vector<double> geometric(double from, double eps, std::size_t count) {
    std::vector<double> grid;
    for (std::size_t k = 0; k < count; ++k)
        grid.push_back(from * std::pow(eps, count > 1 ? static_cast<double>(k) / static_cast<double>(count - 1) : 0.0));
    return grid;
}

Problem make_problem(Design& design, const Response& response, const Request& request, Team& team,
                     const MomentSource* source = nullptr) {
    if (response.family == Family::kGaussian) return Problem(design, response.y.data(), request, team, source);
    return Problem(design, request, team, source);
}

/// The grids that are not given start at the whole data's alpha_max; `lasso`, unless null, is the problem for l1_ratio 1.
std::vector<std::vector<double>> make_grids(const Design& design, const Response& response, const Request& request,
                                            const FoldOptions& options, Problem* lasso, Team& team, Control& control) {
    std::vector<std::vector<double>> grids(options.l1_ratios.size(), options.path.alphas);
    if (!options.path.alphas.empty()) return grids;
    const auto twin = design.twin();
    const double eps = options.path.eps > 0 ? options.path.eps : design.cols() > design.rows() ? 1e-2 : 1e-4;
    // alpha_max times l1_ratio is the same for all of them where no feature is free of the penalty.
    double shared = lasso && unpenalised(*lasso).empty() ? alpha_max(*lasso, control) : 0;
    for (std::size_t i = 0; i < grids.size(); ++i) {
        const double l1_ratio = options.l1_ratios[i];
        double top = shared / l1_ratio;
        if (shared == 0) {
            Request one = request;
            one.l1_ratio = l1_ratio;
            Problem problem = make_problem(*twin, response, one, team);
            top = response.family == Family::kGaussian ? alpha_max(problem, control)
                                                       : alpha_max(problem, response, control);
            if (unpenalised(problem).empty()) shared = top * l1_ratio;
        }
        grids[i] = geometric(top > 0 ? top : std::numeric_limits<double>::epsilon(), eps, options.path.n_alphas);
    }
    return grids;
}

/// The loss of a row at the margin eta, less its least value.
double loss_of(Family family, double y, double eta) {
    switch (family) {
        case Family::kBinomial: {
            const double m = y > 0 ? -eta : eta;
            return std::max(m, 0.0) + std::log1p(std::exp(-std::abs(m)));
        }
        case Family::kPoisson:
            return std::exp(eta) - y * eta - (y > 0 ? y - y * std::log(y) : 0.0);
        default:
            return (y - eta) * (y - eta);
    }
}

/// Weighted means of the losses of the rows held out.
std::vector<double> losses(const std::vector<double>& predictions, const Fold& fold, const Response& response,
                           const Request& request) {
    double weight = 0;
    for (std::size_t i = 0; i < fold.n_test; ++i) weight += weight_of(request, fold.test[i]);
    std::vector<double> losses;
    for (std::size_t first = 0; first < predictions.size(); first += fold.n_test) {
        double sum = 0;
        for (std::size_t i = 0; i < fold.n_test; ++i) {
            const auto row = static_cast<std::size_t>(fold.test[i]);
            const double eta = predictions[first + i] + (response.offset ? response.offset[row] : 0.0);
            sum += weight_of(request, fold.test[i]) * loss_of(response.family, response.y[row], eta);
        }
        losses.push_back(sum / weight);
    }
    return losses;
}

/// What every job needs.
struct Jobs {
    const Design& design;
    const Response& response;
    const Request& request;
    const FoldOptions& options;
    const FoldMoments* moments;   ///< or null
    const SharedMoments* shared;  ///< or null

    /// The path of a training set and its losses on what is held out; fold -1: of the whole data.
    FoldPath solve(int fold, double l1_ratio, const std::vector<double>& alphas, Control& control) const {
        Request one = request;
        one.l1_ratio = l1_ratio;
        PathOptions path = options.path;
        path.alphas = alphas;
        if (fold >= 0 && !options.stretch.empty())
            for (double& alpha : path.alphas) alpha *= options.stretch[static_cast<std::size_t>(fold)];
        const Fold* split = fold < 0 ? nullptr : &options.folds[static_cast<std::size_t>(fold)];
        std::vector<double> s;
        if (split) {
            s = training_weights(*split, request, design.rows());
            one.sample_weight = s.data();
        }
        std::optional<SharedMoments::Training> source;
        if (shared) source.emplace(*shared, fold);
        if (moments)
            if (auto done = moments->solve(fold, response.y.data(), one, path, control)) {
                if (split && options.predictions) {
                    Team team(1, &control);
                    done->predictions =
                        predict_rows(moments->whole().design, done->path.solutions, split->test, split->n_test, team);
                }
                return std::move(*done);
            }
        return solve_on_rows(split, one, path, source ? &*source : nullptr, control);
    }

    FoldPath solve_on_rows(const Fold* fold, const Request& one, const PathOptions& path, const MomentSource* source,
                           Control& control) const {
        Team team(1, &control);
        const auto twin = design.twin();
        Problem problem = make_problem(*twin, response, one, team, source);
        FoldPath out;
        out.path = response.family == Family::kGaussian ? solve_path(problem, path, control)
                                                        : solve_path(problem, response, path, control);
        if (!fold) return out;
        auto eta = predict_rows(*twin, out.path.solutions, fold->test, fold->n_test, team);
        out.loss = losses(eta, *fold, response, request);
        if (options.predictions) out.predictions = std::move(eta);
        return out;
    }
};

}  // namespace

std::vector<double> predict_rows(const Design& design, const std::vector<Solution>& solutions, const std::int64_t* rows,
                                 std::size_t n_rows, Team& team) {
    const auto &mean = design.moments().mean, &scale = design.moments().scale;
    const std::size_t n = design.rows();
    const std::vector<double> zero(n, 0.0);
    std::vector<double> out(n_rows * solutions.size()), one(n), w;
    std::vector<Index> support, place(design.cols(), -1);
    Panel eta;
    for (std::size_t first = 0; first < solutions.size(); first += Panel::kLanes) {
        const std::size_t K = std::min(Panel::kLanes, solutions.size() - first);
        support.clear();
        for (std::size_t k = 0; k < K; ++k)
            for (Index j : solutions[first + k].features)
                if (place[static_cast<std::size_t>(j)] < 0) {
                    place[static_cast<std::size_t>(j)] = 0;
                    support.push_back(j);
                }
        std::sort(support.begin(), support.end());
        for (std::size_t f = 0; f < support.size(); ++f)
            place[static_cast<std::size_t>(support[f])] = static_cast<Index>(f);
        w.assign(support.size() * K, 0.0);
        double constant[Panel::kLanes] = {};
        for (std::size_t k = 0; k < K; ++k) {
            const Solution& s = solutions[first + k];
            constant[k] = s.intercept;
            for (std::size_t i = 0; i < s.features.size(); ++i) {
                const auto j = static_cast<std::size_t>(s.features[i]);
                w[static_cast<std::size_t>(place[j]) * K + k] = s.values[i] / scale[j];
                constant[k] += s.values[i] * mean[j];
            }
        }
        eta.shape(n, K, design.interleaves());
        design.combine(zero.data(), support, w.data(), eta, team);
        for (std::size_t k = 0; k < K; ++k) {
            eta.copy(k, one.data());
            double* to = out.data() + (first + k) * n_rows;
            for (std::size_t i = 0; i < n_rows; ++i) to[i] = one[static_cast<std::size_t>(rows[i])] + constant[k];
        }
        for (Index j : support) place[static_cast<std::size_t>(j)] = -1;
    }
    return out;
}

std::vector<FoldPaths> cross_validate(const Design& design, const Response& response, const Request& request,
                                      const FoldOptions& options, int n_threads, Control& control) {
    std::unique_ptr<FoldMoments> moments;
    std::unique_ptr<SharedMoments> shared;
    std::vector<FoldPaths> results;
    const std::size_t each = options.folds.size() + 1;
    {
        Team team(n_threads, &control);
        const double* y = response.family == Family::kGaussian ? response.y.data() : nullptr;
        if (y) moments = FoldMoments::make(design, y, request, options, team);
        if (!moments) shared = SharedMoments::make(design, y, request, options.folds, team);
        Problem* whole = moments ? &moments->whole() : y && shared ? &shared->whole() : nullptr;
        for (auto& grid : make_grids(design, response, request, options, whole, team, control))
            results.push_back({std::move(grid), std::vector<FoldPath>(each)});
    }
    const Jobs jobs{design, response, request, options, moments.get(), shared.get()};
    run_jobs(results.size() * each, n_threads, control, [&](std::size_t job, Control& own) {
        FoldPaths& to = results[job / each];
        to.paths[job % each] =
            jobs.solve(static_cast<int>(job % each) - 1, options.l1_ratios[job / each], to.alphas, own);
    });
    return results;
}

}  // namespace riata
