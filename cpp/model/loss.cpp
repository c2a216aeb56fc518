#include "model/loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace riata {

namespace {

constexpr std::size_t kRows = 4096;   // per unit of work and per partial sum
constexpr int kInterceptSteps = 200;  // bisection from 1e3 to the last bit takes 70
constexpr double kShortStep = 0.1;    // of the intercept: what is left to the first order correction
constexpr double kFirstReach = 4;     // longest first step, doubled with each
constexpr double kRounding = 1e-30;   // of the loss: a gain that is none, as it is of second order
}  // namespace

Loss::Loss(const Family& family, std::vector<double> y, const double* s, Team& team)
    : family_(family), kernels_(kernels::active().*family.kernels), y_(std::move(y)), s_(s), team_(team) {
    if (!family.best_margin) return;
    best_.resize(y_.size());
    for (std::size_t i = 0; i < y_.size(); ++i) best_[i] = family.best_margin(y_[i]);
}

kernels::LossRows Loss::rows_from(std::size_t first) const {
    return kernels::LossRows{y_.data(), best_.empty() ? nullptr : best_.data(), s_}.from(first);
}

Loss::Sums Loss::evaluate(const double* eta, double shift, double* r) const {
    const std::size_t blocks = (rows() + kRows - 1) / kRows;
    std::vector<double> parts(3 * blocks);
    team_.for_blocks(rows(), kRows, [&](std::size_t b, std::size_t e) {
        kernels_.evaluate(eta + b, shift, rows_from(b), e - b, r + b, parts.data() + 3 * (b / kRows));
    });
    Sums sums;
    for (std::size_t k = 0; k < blocks; ++k) {
        sums.value += parts[3 * k];
        sums.slope += parts[3 * k + 1];
        sums.curvature += parts[3 * k + 2];
    }
    return sums;
}

Loss::Sums Loss::evaluate_rows(std::size_t b, std::size_t e, const double* eta, double shift, double* r) const {
    double sums[3];
    kernels_.evaluate(eta, shift, rows_from(b), e - b, r, sums);
    return {sums[0], sums[1], sums[2]};
}

void Loss::curvature(const double* r, double* d, bool plain) const {
    team_.for_blocks(rows(), kRows, [&](std::size_t b, std::size_t e) {
        kernels::LossRows rows = rows_from(b);
        if (plain) rows.s = nullptr;
        kernels_.curvature(r + b, rows, e - b, d + b);
    });
}

double Loss::divergence(const double* eta, double shift, const double* r, double t) const {
    const std::size_t blocks = (rows() + kRows - 1) / kRows;
    std::vector<double> parts(blocks);
    team_.for_blocks(rows(), kRows, [&](std::size_t b, std::size_t e) {
        parts[b / kRows] = kernels_.divergence(eta + b, shift, r + b, t, rows_from(b), e - b);
    });
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

double Loss::margin_of_mean() const {
    double sum = 0, weight = 0;
    for (std::size_t i = 0; i < rows(); ++i) {
        sum += (s_ ? s_[i] : 1.0) * y_[i];
        weight += s_ ? s_[i] : 1.0;
    }
    return family_.margin_of_mean(sum, weight);
}

Loss::Sums profile_intercept(const Loss& loss, const double* eta, double& shift, double* r, double tolerance) {
    double low = -std::numeric_limits<double>::infinity(), high = -low, reach = kFirstReach;
    Loss::Sums sums = loss.evaluate(eta, shift, r);
    for (int k = 0; k < kInterceptSteps; ++k) {
        const double g = sums.slope, h = sums.curvature;
        const double enough = std::max(tolerance, kRounding * sums.value);
        if (std::isfinite(sums.value) && std::abs(g) <= kShortStep * h && 0.5 * g * g <= enough * h) break;
        if (g == 0 || shift + g / h == shift) break;
        (g > 0 ? low : high) = shift;
        const double newton = std::abs(loss.intercept_step(g, h));
        double next = shift + std::copysign(newton < reach ? newton : reach, g);
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        if (next == low || next == high) break;
        shift = next;
        reach *= 2;
        sums = loss.evaluate(eta, shift, r);
    }
    return sums;
}

}  // namespace riata
