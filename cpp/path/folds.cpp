#include "path/folds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "parallel/jobs.hpp"
#include "path/certify.hpp"

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

/// The grids that are not given start at the whole data's alpha_max.
std::vector<std::vector<double>> make_grids(const Design& design, const double* y, const Request& request,
                                            const FoldOptions& options, int n_threads, Control& control) {
    std::vector<std::vector<double>> grids(options.l1_ratios.size(), options.path.alphas);
    if (!options.path.alphas.empty()) return grids;
    Team team(n_threads, &control);
    const auto twin = design.twin();
    const double eps = options.path.eps > 0 ? options.path.eps : design.cols() > design.rows() ? 1e-2 : 1e-4;
    double lasso = 0;  // alpha_max times l1_ratio, the same for all of them where no feature is free of the penalty
    for (std::size_t i = 0; i < grids.size(); ++i) {
        const double l1_ratio = options.l1_ratios[i];
        double top = lasso / l1_ratio;
        if (lasso == 0) {
            Request one = request;
            one.l1_ratio = l1_ratio;
            Problem problem(*twin, y, one, team);
            top = alpha_max(problem, control);
            if (unpenalised(problem).empty()) lasso = top * l1_ratio;
        }
        grids[i] = geometric(top > 0 ? top : std::numeric_limits<double>::epsilon(), eps, options.path.n_alphas);
    }
    return grids;
}

/// The path of one training set, and its losses on what is held out; fold null: of the whole data.
FoldPath solve_fold(const Design& design, const double* y, Request request, const Fold* fold, bool predictions,
                    const PathOptions& options, Control& control) {
    Team team(1, &control);
    const auto twin = design.twin();
    const Request whole = request;
    std::vector<double> s;
    if (fold) {
        s = training_weights(*fold, request, design.rows());
        request.sample_weight = s.data();
    }
    Problem problem(*twin, y, request, team);
    FoldPath out;
    out.path = solve_path(problem, options, control);
    if (!fold) return out;
    auto eta = predict_rows(problem, out.path.solutions, fold->test, fold->n_test);
    double weight = 0;
    for (std::size_t i = 0; i < fold->n_test; ++i) weight += weight_of(whole, fold->test[i]);
    for (std::size_t k = 0; k < out.path.solutions.size(); ++k) {
        const double* of = eta.data() + k * fold->n_test;
        double sum = 0;
        for (std::size_t i = 0; i < fold->n_test; ++i) {
            const double r = y[fold->test[i]] - of[i];
            sum += weight_of(whole, fold->test[i]) * r * r;
        }
        out.loss.push_back(sum / weight);
    }
    if (predictions) out.predictions = std::move(eta);
    return out;
}

}  // namespace

std::vector<double> predict_rows(Problem& problem, const std::vector<Solution>& solutions, const std::int64_t* rows,
                                 std::size_t n_rows) {
    const Design& design = problem.design;
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
        problem.design.pin(support, problem.team);
        eta.shape(n, K, design.interleaves());
        design.combine(zero.data(), support, w.data(), eta, problem.team);
        for (std::size_t k = 0; k < K; ++k) {
            eta.copy(k, one.data());
            double* to = out.data() + (first + k) * n_rows;
            for (std::size_t i = 0; i < n_rows; ++i) to[i] = one[static_cast<std::size_t>(rows[i])] + constant[k];
        }
        for (Index j : support) place[static_cast<std::size_t>(j)] = -1;
    }
    return out;
}

std::vector<FoldPaths> cross_validate(const Design& design, const double* y, const Request& request,
                                      const FoldOptions& options, int n_threads, Control& control) {
    const std::size_t each = options.folds.size() + 1;
    std::vector<FoldPaths> results;
    for (auto& grid : make_grids(design, y, request, options, n_threads, control))
        results.push_back({std::move(grid), std::vector<FoldPath>(each)});
    run_jobs(results.size() * each, n_threads, control, [&](std::size_t job, Control& own) {
        FoldPaths& to = results[job / each];
        Request one = request;
        one.l1_ratio = options.l1_ratios[job / each];
        PathOptions path = options.path;
        path.alphas = to.alphas;
        const Fold* fold = job % each ? &options.folds[job % each - 1] : nullptr;
        to.paths[job % each] = solve_fold(design, y, one, fold, options.predictions, path, own);
    });
    return results;
}

}  // namespace riata
