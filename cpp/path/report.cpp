#include "path/report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "path/grid.hpp"

namespace riata {

namespace {
constexpr double kRoundings = 4;      // of an intercept's terms: their own, and those of the means
constexpr double kNegligible = 1e-2;  // of the tolerance
}  // namespace

void Report::begin(double alpha_max, double null) {
    null_ = null;
    for (Path& path : paths_) {
        path.alpha_max = alpha_max;
        path.null_objective = problem_.objective(null);
    }
}

bool Report::hand_out(Outcome outcome) {
    double rounding = 0;
    for (std::size_t k = 0; k < paths_.size(); ++k) {
        Solution& s = paths_[k].solutions.emplace_back();
        rounding += cost_(take_output(outcome, outcome.outputs[k], s));
        take_certificate(outcome, s);
    }
    if (excess_ && is_noticed(rounding, outcome.tol)) rounding = excess_(paths_, rounding);
    for (Path& path : paths_) account_for(rounding, outcome.tol, path.solutions.back());
    auto& margins = paths_[0].margins;
    margins.insert(margins.end(), outcome.margins.begin(), outcome.margins.end());
    end(reason_to_end());
    return ended();
}

/// The coefficients in the caller's units, within their bounds, with the intercept b - sum_j w_j mean_j. Returns how far from the
/// margins of the iterate those of the numbers as they are rounded may be: the coefficients themselves are exact, since
/// columns are scaled by powers of two.
double Report::take_output(const Outcome& outcome, const Outcome::Output& output, Solution& s) const {
    const Request& request = problem_.request;
    s.alpha = outcome.alpha;
    s.n_solves = outcome.solves;
    s.seconds = control_.seconds();
    s.dev_ratio = null_ > 0 ? 1.0 - outcome.loss / null_ : 0.0;
    auto entries = problem_.displaced_constants;
    for (const auto& [j, w] : output.w) entries.emplace_back(j, problem_.coefficient(static_cast<std::size_t>(j), w));
    std::sort(entries.begin(), entries.end());
    long double intercept = output.b, size = std::abs(output.b);
    for (const auto& [feature, coefficient] : entries) {
        const auto j = static_cast<std::size_t>(feature);
        const double w = std::clamp(coefficient, request.lower ? request.lower[j] : -kInfinity,
                                    request.upper ? request.upper[j] : kInfinity);
        s.features.push_back(feature);
        s.values.push_back(w);
        const long double part = static_cast<long double>(w) * problem_.design.moments().mean[j];
        intercept -= part;
        size += std::abs(part);
    }
    if (!request.fit_intercept) return 0;
    s.intercept = static_cast<double>(intercept);
    if (entries.empty()) return 0;
    return kRoundings * std::numeric_limits<double>::epsilon() * static_cast<double>(size);
}

void Report::take_certificate(const Outcome& outcome, Solution& s) const {
    s.certificate = outcome.certificate;
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap})
        *value = problem_.objective(*value);
    const double constants = problem_.constant_cost(s.alpha) * static_cast<double>(paths_.size());
    s.certificate.primal += constants;
    s.certificate.dual += constants;
}

/// Whether that much of the objective matters to a relative gap of tol.
bool Report::is_noticed(double rounding, double tol) const {
    // A response that the intercept alone explains is not known better than to its own rounding.
    return std::abs(rounding) > kNegligible * tol * problem_.objective(null_) && null_ > 0;
}

/// Where it matters to the gap asked for the primal value becomes that of the numbers as they are rounded, or an upper bound
/// of it, and the gap what they lack.
void Report::account_for(double rounding, double tol, Solution& s) const {
    const double null = problem_.objective(null_);
    if (is_noticed(rounding, tol)) {
        if (!judge_) {
            s.certificate.primal += rounding;
            s.certificate.compare(null);
        } else if (const Certificate own = judge_(s); !(own.primal < s.certificate.dual)) {
            // Else it is rounding of another kind: the values at hand are as good.
            s.certificate.primal = own.primal;
            s.certificate.dual = std::max(s.certificate.dual, own.dual);
            s.certificate.compare(null);
        }
    }
    s.status = s.certificate.rel_gap <= tol ? Status::kConverged : Status::kGapAboveTol;
}

/// Whether the path ends with the last solutions; asks the callback.
Stop Report::reason_to_end() const {
    const auto& solutions = paths_[0].solutions;
    const Solution& s = solutions.back();
    const std::size_t index = solutions.size() - 1;
    std::size_t df = 0;
    for (const Path& path : paths_) df += path.solutions.back().features.size();
    if (by_rows_) df /= paths_.size();
    Stop stop = Stop::kCompleted;
    if (options_.callback && options_.callback(index, s.alpha, s.certificate.rel_gap, df, s.dev_ratio))
        stop = Stop::kCallback;
    if (options_.max_features && df > options_.max_features) stop = Stop::kMaxFeatures;
    if (options_.early_stop && index >= 5) {
        const double before = solutions[index - 1].dev_ratio;
        if (s.dev_ratio > 0.999 || s.dev_ratio - before < 1e-5 * s.dev_ratio) stop = Stop::kEarlyStop;
    }
    return stop;
}

std::vector<double> margins_of(const Problem& problem, const Solution& s) {
    const std::size_t n = problem.design.rows();
    const Moments& moments = problem.design.moments();
    std::vector<double> z(n);
    long double shift = s.intercept;  // beside the centred columns
    std::vector<long double> sum(n, 0);
    for (std::size_t i = 0; i < s.features.size(); ++i) {
        const auto j = static_cast<std::size_t>(s.features[i]);
        shift += static_cast<long double>(s.values[i]) * moments.mean[j];
        if (!problem.usable[j]) continue;
        problem.design.gather({s.features[i]}, nullptr, z.data(), problem.team);
        const long double w = static_cast<long double>(s.values[i]) / moments.scale[j];
        for (std::size_t row = 0; row < n; ++row) sum[row] += w * z[row];
    }
    for (std::size_t row = 0; row < n; ++row) z[row] = static_cast<double>(sum[row] + shift);
    return z;
}

void Report::end(Stop why) {
    for (Path& path : paths_) path.stop = why;
}

std::vector<Path> Report::finish() {
    for (Path& path : paths_) path.n_passes = passes_;
    return std::move(paths_);
}

std::vector<Path> walk(Report& report, const std::vector<double>& alphas, double alpha_max, const PathOptions& options,
                       Control& control, const std::function<void(const Waypoint&)>& solve,
                       const std::function<Outcome()>& outcome) {
    double before = alpha_max;
    for (std::size_t k = 0; k < alphas.size() && !report.ended(); ++k) {
        const bool wanted = is_wanted(options, k, alphas.size());
        const Waypoint at{alphas[k], before, tolerance_of(options, wanted), wanted};
        solve(at);
        before = at.alpha;
        if (wanted) {
            Outcome now = outcome();
            now.alpha = at.alpha;
            now.tol = at.tol;
            if (report.hand_out(std::move(now))) break;
        }
        if (control.out_of_time()) report.end(Stop::kTimeLimit);
    }
    return report.finish();
}

}  // namespace riata
