#include "path/folds.hpp"

#include "parallel/jobs.hpp"
#include "path/certify.hpp"
#include "path/fold_job.hpp"
#include "path/grid.hpp"

namespace riata {

namespace {

/// The grids that are not given start at the whole data's alpha_max; `lasso`, unless null, is the problem for l1_ratio 1.
std::vector<std::vector<double>> make_grids(const Design& design, const Response& response, const Request& request,
                                            const FoldOptions& options, Problem* lasso, Team& team, Control& control) {
    std::vector<std::vector<double>> grids(options.l1_ratios.size(), options.path.alphas);
    if (!options.path.alphas.empty()) return grids;
    const auto twin = design.twin();
    // alpha_max times l1_ratio is the same for all of them where no feature is free of the penalty.
    double shared = lasso && unpenalised(*lasso).empty() ? alpha_max(*lasso, control) : 0;
    for (std::size_t i = 0; i < grids.size(); ++i) {
        const double l1_ratio = options.l1_ratios[i];
        double top = shared / l1_ratio;
        if (shared == 0) {
            Request one = request;
            one.l1_ratio = l1_ratio;
            Problem problem = make_problem(*twin, response, one, team);
            top = response.family.is_quadratic() ? alpha_max(problem, control) : alpha_max(problem, response, control);
            if (unpenalised(problem).empty()) shared = top * l1_ratio;
        }
        grids[i] = make_alphas(options.path, top, design.cols() > design.rows());
    }
    return grids;
}

/// First the paths of all rows and, beside each, that of the first fold, so that two threads have one each; then those of the
/// other folds, which start from the paths of all rows. Who starts from what depends on no number of threads: neither does the
/// answer. Jobs that leave threads without one have them all, one after the other.
void guided_by_whole(const CrossValidation& all, int n_threads, Control& control, std::vector<FoldPaths>& results) {
    constexpr std::size_t kAhead = 2;  // of the jobs of an l1_ratio
    const std::size_t guided = all.options.folds.size() + 1 - kAhead;
    const auto run = [&](std::size_t ratio, std::size_t path, int threads, Control& own, const Path* guide) {
        FoldPaths& to = results[ratio];
        const int fold = static_cast<int>(path) - 1;
        to.paths[path] = FoldJob(all, fold, all.options.l1_ratios[ratio], to.alphas, own, threads, guide).run();
    };
    run_shared(
        results.size() * kAhead, results.size() * guided, n_threads, control,
        [&](std::size_t job, int threads, Control& own) { run(job / kAhead, job % kAhead, threads, own, nullptr); });
    run_shared(results.size() * guided, 0, n_threads, control, [&](std::size_t job, int threads, Control& own) {
        const std::size_t ratio = job / guided;
        run(ratio, kAhead + job % guided, threads, own, &results[ratio].paths[0].path);
    });
}

}  // namespace

std::vector<FoldPaths> cross_validate(const Design& design, const Response& response, const Request& request,
                                      const FoldOptions& options, int n_threads, Control& control) {
    std::unique_ptr<FoldMoments> moments;
    std::unique_ptr<SharedMoments> shared;
    std::vector<FoldPaths> results;
    const std::size_t each = options.folds.size() + 1;
    {
        Team team(n_threads, &control);
        const double* y = response.family.is_quadratic() ? response.y.data() : nullptr;
        if (y) moments = FoldMoments::make(design, y, request, options, team);
        if (!moments) shared = SharedMoments::make(design, y, request, options.folds, team);
        Problem* whole = moments ? &moments->whole() : y && shared ? &shared->whole() : nullptr;
        for (auto& grid : make_grids(design, response, request, options, whole, team, control))
            results.push_back({std::move(grid), std::vector<FoldPath>(each)});
    }
    const CrossValidation all{design, response, request, options, moments.get(), shared.get()};
    if (!response.family.is_quadratic()) {
        guided_by_whole(all, n_threads, control, results);
        return results;
    }
    run_jobs(results.size() * each, n_threads, control, [&](std::size_t job, Control& own) {
        FoldPaths& to = results[job / each];
        to.paths[job % each] =
            FoldJob(all, static_cast<int>(job % each) - 1, options.l1_ratios[job / each], to.alphas, own).run();
    });
    return results;
}

}  // namespace riata
