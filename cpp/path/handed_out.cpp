#include "path/handed_out.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace riata {

namespace {
constexpr double kRoundings = 4;      // of an intercept's terms: their own, and those of the means
constexpr double kNegligible = 1e-2;  // of the tolerance
}  // namespace

double hand_out(const Problem& problem, std::vector<std::pair<Index, double>> entries, double b, Solution& s) {
    const Request& request = problem.request;
    std::sort(entries.begin(), entries.end());
    long double intercept = b, size = std::abs(b);
    for (const auto& [feature, coefficient] : entries) {
        const auto j = static_cast<std::size_t>(feature);
        const double w = std::clamp(coefficient, request.lower ? request.lower[j] : -kInfinity,
                                    request.upper ? request.upper[j] : kInfinity);
        s.features.push_back(feature);
        s.values.push_back(w);
        const long double part = static_cast<long double>(w) * problem.design.moments().mean[j];
        intercept -= part;
        size += std::abs(part);
    }
    if (!request.fit_intercept) return 0;
    s.intercept = static_cast<double>(intercept);
    if (entries.empty()) return 0;
    return kRoundings * std::numeric_limits<double>::epsilon() * static_cast<double>(size);
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

bool is_noticed(double rounding, double tol, double null_objective) {
    // A response that the intercept alone explains is not known better than to its own rounding.
    return std::abs(rounding) > kNegligible * tol * null_objective && null_objective != 0;
}

void account_for(double rounding, double tol, double null_objective, Certificate& certificate) {
    if (!is_noticed(rounding, tol, null_objective)) return;
    certificate.primal += rounding;
    certificate.compare(null_objective);
}

}  // namespace riata
