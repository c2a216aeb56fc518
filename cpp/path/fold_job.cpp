#include "path/fold_job.hpp"

#include <algorithm>
#include <cmath>

namespace riata {

namespace {

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
            sum += weight_of(request, fold.test[i]) * response.family.loss(response.y[row], eta);
        }
        losses.push_back(sum / weight);
    }
    return losses;
}

}  // namespace

Problem make_problem(Design& design, const Response& response, const Request& request, Team& team,
                     const MomentSource* source) {
    if (response.family.is_quadratic()) return Problem(design, response.y.data(), request, team, source);
    return Problem(design, request, team, source);
}

FoldJob::FoldJob(const CrossValidation& all, int fold, double l1_ratio, const std::vector<double>& alphas,
                 Control& control, int n_threads, const Path* guide)
    : all_(all), fold_(fold), own_(all.request, all.options, fold, l1_ratio, alphas, all.design.rows()),
      control_(control), team_(n_threads, &control) {
    own_.path.guide = guide;
}

FoldPath FoldJob::run() {
    if (all_.moments)
        if (auto done = all_.moments->solve(fold_, all_.response.y.data(), own_.request, own_.path, control_)) {
            if (own_.split && all_.options.predictions)
                done->predictions = predict_rows(all_.moments->whole().design, done->path.solutions, own_.split->test,
                                                 own_.split->n_test, team_);
            return std::move(*done);
        }
    make_rows();
    if (all_.response.family.is_quadratic()) return judged(solve_path(*problem_, own_.path, control_));
    // A column that is constant in the training set but held off 0 by its bounds may vary in what is held out.
    if (own_.split && problem_->displaced_constants.empty())
        own_.path.margins_of.assign(own_.split->test, own_.split->test + own_.split->n_test);
    return judged(solve_path(*problem_, all_.response, own_.path, control_));
}

/// The problem on the rows themselves.
void FoldJob::make_rows() {
    std::optional<SharedMoments::Training> source;
    if (all_.shared) source.emplace(*all_.shared, fold_);
    twin_ = all_.design.twin();
    problem_ = std::make_unique<Problem>(
        make_problem(*twin_, all_.response, own_.request, team_, source ? &*source : nullptr));
}

FoldPath FoldJob::judged(Path path) {
    FoldPath out;
    out.path = std::move(path);
    if (!own_.split) return out;
    auto eta = own_.path.margins_of.empty()
                   ? predict_rows(*twin_, out.path.solutions, own_.split->test, own_.split->n_test, team_)
                   : std::move(out.path.margins);
    out.loss = losses(eta, *own_.split, all_.response, all_.request);
    if (all_.options.predictions) out.predictions = std::move(eta);
    return out;
}

std::vector<double> predict_rows(const Design& design, const std::vector<Solution>& solutions, const std::int64_t* rows,
                                 std::size_t n_rows, Team& team) {
    const auto &mean = design.moments().mean, &scale = design.moments().scale;
    const std::size_t n = design.rows();
    const std::vector<double> zero(n, 0.0);
    std::vector<double> out(n_rows * solutions.size()), w;
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
            double* to = out.data() + (first + k) * n_rows;
            eta.pick(k, rows, n_rows, to);
            for (std::size_t i = 0; i < n_rows; ++i) to[i] += constant[k];
        }
        for (Index j : support) place[static_cast<std::size_t>(j)] = -1;
    }
    return out;
}

}  // namespace riata
