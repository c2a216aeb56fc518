#include "path/grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "path/frontier.hpp"

namespace riata {

namespace {
constexpr double kStone = 0.87;     // ratio of neighbouring stepping stones
constexpr double kStoneGap = 1e-2;  // relative gap at which a stepping stone is left behind

/// A short path ahead of the one alpha asked for: cheaper than growing W from far away.
std::vector<double> stepping_stones(double alpha, double alpha_max) {
    std::vector<double> alphas;
    const double steps = std::ceil(std::log(alpha_max / alpha) / std::log(1 / kStone));
    if (std::isfinite(steps))
        for (double k = steps - 1; k >= 1; --k) alphas.push_back(alpha * std::pow(alpha_max / alpha, k / steps));
    alphas.push_back(alpha);
    return alphas;
}
}  // namespace

double lowest_ratio(const PathOptions& options, bool wide) {
    if (options.eps > 0) return options.eps;
    return wide ? 1e-2 : 1e-4;
}

std::vector<double> make_alphas(const PathOptions& options, double alpha_max, bool wide) {
    if (!options.alphas.empty())
        return options.only_last ? stepping_stones(options.alphas.back(), alpha_max) : options.alphas;
    const double eps = lowest_ratio(options, wide);
    const double highest = alpha_max > 0 ? alpha_max : std::numeric_limits<double>::epsilon();
    std::vector<double> alphas;
    for (std::size_t k = 0; k < options.n_alphas; ++k) {
        const double t = options.n_alphas > 1 ? static_cast<double>(k) / static_cast<double>(options.n_alphas - 1) : 0;
        alphas.push_back(highest * std::pow(eps, t));
    }
    return alphas;
}

double tolerance_of(const PathOptions& options, bool wanted) {
    return wanted ? options.tol : std::max(options.tol, kStoneGap);
}

std::size_t next_width(const Design& design, std::size_t done, std::size_t count) {
    if (design.interleaves()) return Frontier::kWidest;  // where fewer cost as much
    if (done < count) return std::max<std::size_t>(1, done);
    return std::min(2 * done, Frontier::kWidest);
}

}  // namespace riata
