#include "model/families.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace riata {

namespace {

constexpr double kTiny = std::numeric_limits<double>::min();

double squares(double y, double eta) { return (y - eta) * (y - eta); }

double binomial(double y, double eta) {
    const double m = y > 0 ? -eta : eta;
    return std::max(m, 0.0) + std::log1p(std::exp(-std::abs(m)));
}

double poisson(double y, double eta) {
    const double d = eta - std::log(y);
    return y > 0 ? y * (std::expm1(d) - d) : std::exp(eta);
}

bool is_anything(double) { return true; }  // what is not finite is found when it is measured
bool is_label(double y) { return y == 0 || y == 1; }
bool is_count(double y) { return y >= 0 && std::isfinite(y); }

double logarithm(double y) { return y > 0 ? std::log(y) : 0.0; }

double mean(double sum, double weight) { return sum / weight; }
double log_odds(double sum, double weight) { return std::log(std::max(sum, kTiny) / std::max(weight - sum, kTiny)); }
double log_mean(double sum, double weight) { return std::log(std::max(sum / weight, kTiny)); }

double newton(double g, double h) { return g / h; }
/// Means of counts all change by the same factor: with sum s y = g + h it is known at once.
double whole_step(double g, double h) { return g + h > 0 ? std::log1p(g / h) : g / h; }

// By the largest curvature there is, 1, 1/4, and that of a mean which is e times as large.
double shift_of_squares(double off, double) { return 0.5 * off * off; }
double shift_of_log_odds(double off, double) { return 0.25 * off * off; }
double shift_of_log_mean(double off, double margin) {
    return off < 1 ? std::exp(margin + 1) * off * off : std::numeric_limits<double>::infinity();
}

}  // namespace

const std::vector<Family>& families() {
    using kernels::Kernels;
    static const std::vector<Family> table{
        {"gaussian", nullptr, is_anything, squares, nullptr, mean, newton, shift_of_squares},
        {"binomial", &Kernels::binomial, is_label, binomial, nullptr, log_odds, newton, shift_of_log_odds},
        {"poisson", &Kernels::poisson, is_count, poisson, logarithm, log_mean, whole_step, shift_of_log_mean},
    };
    return table;
}

const Family& family_of(std::string_view name) {
    std::string known;
    for (const Family& family : families()) {
        if (family.name == name) return family;
        known += (known.empty() ? "'" : ", '") + std::string(family.name) + "'";
    }
    throw std::invalid_argument("family has to be one of " + known);
}

}  // namespace riata
