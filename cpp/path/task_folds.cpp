// Cross-validation of several tasks that share their features.
#include <memory>
#include <optional>

#include "parallel/jobs.hpp"
#include "path/fold_moments.hpp"
#include "path/fold_request.hpp"
#include "path/grid.hpp"
#include "path/multitask.hpp"
#include "path/shared_moments.hpp"

namespace riata {

namespace {

/// What every job needs.
struct Jobs {
    const Design& design;
    const std::vector<std::vector<double>>& Y;
    const Request& request;
    const FoldOptions& options;
    const FoldMoments* moments = nullptr;   ///< or null
    const SharedMoments* shared = nullptr;  ///< or null

    /// The paths of a training set and their losses on what is held out; fold -1: of the whole data.
    TaskFoldPath solve(int fold, double l1_ratio, const std::vector<double>& alphas, Control& control) const {
        const FoldRequest own(request, options, fold, l1_ratio, alphas, design.rows());
        if (moments)
            if (auto done = moments->solve(fold, own.request, own.path, control)) {
                if (own.split && options.predictions) judge(*done, moments->whole().design, *own.split, false, control);
                return std::move(*done);
            }
        Team team(1, &control);
        const auto twin = design.twin();
        std::optional<SharedMoments::Training> source;
        if (shared) source.emplace(*shared, fold);
        Problem problem(*twin, own.request, team, source ? &*source : nullptr);
        TaskFoldPath out;
        out.path = solve_multitask_path(problem, Y, own.path, control);
        if (own.split) judge(out, *twin, *own.split, true, control);
        return out;
    }

    /// Finds the predictions for the rows held out, and the losses if asked for.
    void judge(TaskFoldPath& result, const Design& measured, const Fold& fold, bool losses, Control& control) const {
        Team team(1, &control);
        std::vector<double> s(fold.n_test);
        double weight = 0;
        for (std::size_t i = 0; i < fold.n_test; ++i) {
            s[i] = weight_of(request, fold.test[i]);
            weight += s[i];
        }
        const double share = weight * static_cast<double>(Y.size());
        if (losses) result.loss.assign(result.path[0].solutions.size(), 0.0);
        for (std::size_t t = 0; t < Y.size(); ++t) {
            const auto eta = predict_rows(measured, result.path[t].solutions, fold.test, fold.n_test, team);
            for (std::size_t k = 0; losses && k < result.loss.size(); ++k)
                for (std::size_t i = 0; i < fold.n_test; ++i) {
                    const double e = Y[t][static_cast<std::size_t>(fold.test[i])] - eta[k * fold.n_test + i];
                    result.loss[k] += s[i] * e * e / share;
                }
            if (options.predictions) result.predictions.insert(result.predictions.end(), eta.begin(), eta.end());
        }
    }

    double alpha_max_of(double l1_ratio, Control& control, Team& team) const {
        Request one = request;
        one.l1_ratio = l1_ratio;
        if (moments)
            if (const auto known = moments->alpha_max(one, control)) return *known;
        const auto twin = design.twin();
        Problem problem(*twin, one, team);
        return alpha_max(problem, Responses(problem, Y), control);
    }

    /// One grid for all folds: where none is given it starts at the whole data's alpha_max.
    std::vector<double> grid(double l1_ratio, Control& control, Team& team) const {
        const double top = options.path.alphas.empty() ? alpha_max_of(l1_ratio, control, team) : 0.0;
        return make_alphas(options.path, top, design.cols() > design.rows());
    }
};

}  // namespace

std::vector<TaskFoldPaths> cross_validate(const Design& design, const std::vector<std::vector<double>>& Y,
                                          const Request& request, const FoldOptions& options, int n_threads,
                                          Control& control) {
    std::unique_ptr<FoldMoments> moments;
    std::vector<TaskFoldPaths> results;
    const std::size_t each = options.folds.size() + 1;
    std::unique_ptr<SharedMoments> shared;
    Jobs jobs{design, Y, request, options};
    {
        Team team(n_threads, &control);
        moments = FoldMoments::make(design, Y, request, options, team);
        if (!moments) shared = SharedMoments::make(design, nullptr, request, options.folds, team);
        jobs.moments = moments.get();
        jobs.shared = shared.get();
        for (double l1_ratio : options.l1_ratios)
            results.push_back({jobs.grid(l1_ratio, control, team), std::vector<TaskFoldPath>(each)});
    }
    run_jobs(results.size() * each, n_threads, control, [&](std::size_t job, Control& own) {
        TaskFoldPaths& to = results[job / each];
        to.paths[job % each] =
            jobs.solve(static_cast<int>(job % each) - 1, options.l1_ratios[job / each], to.alphas, own);
    });
    return results;
}

}  // namespace riata
