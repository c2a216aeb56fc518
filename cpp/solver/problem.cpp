#include "solver/problem.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/kernels.hpp"
#include "kernels/sum_of.hpp"

namespace riata {

namespace {
constexpr double kUneven = 1e-2;    // of the largest weight
constexpr double kLargest = 1e307;  // alpha: columns may be as small as it is large

double power_of_two_below(double x) { return std::ldexp(1.0, std::ilogb(x)); }
}  // namespace

Problem::Problem(Design& design_, const double* y_, const Request& request_, Team& team_, const MomentSource* source)
    : design(design_), team(team_), request(request_) {
    take_weights();
    take_response(y_);
    measure(source);
    make_penalty();
}

Problem::Problem(Design& design_, const Request& request_, Team& team_, const MomentSource* source)
    : design(design_), team(team_), request(request_) {
    take_weights();
    yy = weight;
    measure(source);
    make_penalty();
}

void Problem::measure(const MomentSource* source) {
    xty.assign(design.cols(), 0.0);
    double* products = y.empty() ? nullptr : xty.data();
    if (source)
        source->measure(*this, products);
    else
        design.measure(weights(), y.empty() ? nullptr : y.data(), request.fit_intercept, products, team);
    if (request.standardize) spread_ = spreads();
}

/// About the means, whether there is an intercept or not.
std::vector<double> Problem::spreads() const {
    std::vector<double> out = design.moments().norm;
    if (!request.fit_intercept) {
        const auto centred = design.twin();
        centred->measure(weights(), nullptr, true, nullptr, team);
        const Moments& about = centred->moments();
        for (std::size_t j = 0; j < out.size(); ++j)
            out[j] = about.norm[j] * (design.moments().scale[j] / about.scale[j]);
    }
    for (double& v : out) v /= std::sqrt(weight);
    return out;
}

void Problem::set_response(const double* y_, Team& team_) {
    take_response(y_);
    std::vector<double> u(y.size());
    weigh(y.data(), u.data());
    design.correlate_all(u.data(), 1, xty.data(), team_);
    make_penalty();
}

void Problem::take_weights() {
    const std::size_t n = design.rows();
    const double* given = request.sample_weight;
    const bool equal = !given || std::all_of(given, given + n, [&](double v) { return v == given[0]; });
    weight = static_cast<double>(n);
    if (equal) return;
    const double unit = 1.0 / power_of_two_below(*std::max_element(given, given + n));
    s.resize(n);
    root_s.resize(n);
    weight = 0;
    for (std::size_t i = 0; i < n; ++i) {
        s[i] = given[i] * unit;
        root_s[i] = std::sqrt(s[i]);
        weight += s[i];
        uneven = uneven || (s[i] > 0 && s[i] < kUneven);
    }
}

void Problem::take_response(const double* given) {
    const std::size_t n = design.rows();
    double largest = 0;
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(given[i]));
    double unit = largest > 0 ? 1.0 / power_of_two_below(largest) : 1.0;
    y.resize(n);
    for (std::size_t i = 0; i < n; ++i) y[i] = given[i] * unit;
    varies = centre(y.data(), y_mean_);
    // The spread may be far below the values: once more to [1, 2).
    double spread = 0;
    for (double v : y) spread = std::max(spread, std::abs(v));
    const double again = spread > 0 ? 1.0 / power_of_two_below(spread) : 1.0;
    for (double& v : y) v *= again;
    y_mean_ /= unit;
    y_unit_ = unit * again;
    yy = inner(y.data(), y.data());
}

bool Problem::centre(double* given, double& mean) const {
    const std::size_t n = design.rows();
    mean = 0;
    if (!request.fit_intercept) return std::any_of(given, given + n, [](double v) { return v != 0; });
    // About the first entry that counts, so that a constant response is exactly 0.
    const auto counts = [&](std::size_t i) { return s.empty() || s[i] > 0; };
    std::size_t start = 0;
    while (start + 1 < n && !counts(start)) ++start;
    const double first = given[start];
    bool differs = false;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        differs = differs || (counts(i) && given[i] != first);
        sum += (s.empty() ? 1.0 : s[i]) * (given[i] - first);
    }
    mean = first + sum / weight;
    for (std::size_t i = 0; i < n; ++i) given[i] = differs ? (given[i] - first) - sum / weight : 0.0;
    return differs;
}

void Problem::set_unit(double y_unit, double squares) {
    y_unit_ = y_unit;
    yy = squares;
}

void Problem::make_penalty() {
    const std::size_t p = design.cols();
    const Moments& moments = design.moments();
    usable.assign(p, 1);
    displaced_constants.clear();
    penalty = Penalty{};
    penalty.l1_factor.resize(p);
    penalty.l2_factor.resize(p);
    if (request.lower || request.upper) {
        penalty.lower.assign(p, -kInfinity);
        penalty.upper.assign(p, kInfinity);
    }
    for (std::size_t j = 0; j < p; ++j) {
        const double u = request.penalty_weights ? request.penalty_weights[j] : 1.0;
        const double v = request.l2_weights ? request.l2_weights[j] : 1.0;
        usable[j] = moments.norm[j] > 0 && u < kInfinity && v < kInfinity;
        if (!usable[j]) {
            const double rest = rest_of_excluded(j);
            if (rest != 0) displaced_constants.emplace_back(static_cast<Index>(j), rest);
            continue;
        }
        const double d = request.standardize ? spread_[j] : moments.scale[j];
        penalty.l1_factor[j] = std::min(u * d, kProhibitive);
        penalty.l2_factor[j] = std::min(v * d * d, kProhibitive);
        if (request.lower) penalty.lower[j] = normalised(j, request.lower[j]);
        if (request.upper) penalty.upper[j] = normalised(j, request.upper[j]);
    }
}

/// Where a column that is not used rests. Bounds that keep an infinite penalty off 0 leave no objective to minimise.
double Problem::rest_of_excluded(std::size_t j) const {
    const double lower = request.lower ? request.lower[j] : -kInfinity,
                 upper = request.upper ? request.upper[j] : kInfinity, rest = std::clamp(0.0, lower, upper);
    const auto excludes = [j](const double* weights) { return weights && weights[j] == kInfinity; };
    if (rest != 0 && (excludes(request.penalty_weights) || excludes(request.l2_weights)))
        throw std::invalid_argument("the penalty weight of feature " + std::to_string(j) + " is inf and its bounds [" +
                                    std::to_string(lower) + ", " + std::to_string(upper) +
                                    "] keep its coefficient off 0");
    return rest;
}

void Problem::at(double alpha) {
    penalty.l1_scale = std::min(weight * request.l1_ratio * (alpha * y_unit_), kLargest);
    penalty.l2_scale = std::min(weight * (1.0 - request.l1_ratio) * alpha, kLargest);
}

void Problem::at_infinity() {
    penalty.l1_scale = 1e100;
    penalty.l2_scale = request.l1_ratio < 1 ? 1e100 : 0;
}

double Problem::inner(const double* a, const double* b) const {
    if (s.empty()) return kernels::active().dot(a, b, design.rows());
    return sum_of(s.size(), [&](std::size_t i) { return s[i] * a[i] * b[i]; });
}

void Problem::recentre(double* r) const {
    if (!request.fit_intercept) return;
    const std::size_t n = design.rows();
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += (s.empty() ? 1.0 : s[i]) * r[i];
    const double mean = sum / weight;
    for (std::size_t i = 0; i < n; ++i) r[i] -= mean;
}

void Problem::weigh(const double* r, double* u) const {
    for (std::size_t i = 0; i < design.rows(); ++i) u[i] = (s.empty() ? 1.0 : s[i]) * r[i];
}

double Problem::noise() const { return 1e-15 * std::sqrt(yy); }

double Problem::coefficient(std::size_t j, double w) const { return w * design.moments().scale[j] / y_unit_; }

double Problem::normalised(std::size_t j, double coefficient) const {
    return coefficient / design.moments().scale[j] * y_unit_;
}

double Problem::unused_cost(std::size_t j, double w, double alpha) const {
    const double u = request.penalty_weights ? request.penalty_weights[j] : 1.0;
    const double v = request.l2_weights ? request.l2_weights[j] : 1.0;
    if ((request.lower && w < request.lower[j]) || (request.upper && w > request.upper[j])) return kInfinity;
    if (w == 0) return 0;
    if (u == kInfinity || v == kInfinity) return kInfinity;
    if (request.standardize) return 0;  // the column's standard deviation is
    return alpha * (request.l1_ratio * u * std::abs(w) + 0.5 * (1 - request.l1_ratio) * v * w * w);
}

double Problem::constant_cost(double alpha) const {
    double sum = 0;
    for (const auto& [j, w] : displaced_constants) sum += unused_cost(static_cast<std::size_t>(j), w, alpha);
    return sum;
}

double Problem::correlation(std::size_t j, double c) const { return c / design.moments().scale[j] / y_unit_ / weight; }

}  // namespace riata
