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

const kernels::LossKernels& kernels_of(Family family) {
    const kernels::Kernels& active = kernels::active();
    return family == Family::kPoisson ? active.poisson : active.binomial;
}

/// How far the best intercept is, by slope and curvature there. Means of counts all change by the same factor: with sum s y = g + h
/// it is known at once.
double step_of(Family family, double g, double h) {
    return family == Family::kPoisson && g + h > 0 ? std::log1p(g / h) : g / h;
}

}  // namespace

Loss::Loss(Family family, std::vector<double> y, const double* s, Team& team)
    : kernels_(kernels_of(family)), family_(family), y_(std::move(y)), s_(s), team_(team) {
    if (family_ != Family::kPoisson) return;
    best_.resize(y_.size());
    for (std::size_t i = 0; i < y_.size(); ++i) best_[i] = y_[i] > 0 ? std::log(y_[i]) : 0.0;
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
    const double tiny = std::numeric_limits<double>::min();
    if (family_ == Family::kPoisson) return std::log(std::max(sum / weight, tiny));
    return std::log(std::max(sum, tiny) / std::max(weight - sum, tiny));
}

double loss_of(Family family, double y, double eta) {
    switch (family) {
        case Family::kBinomial: {
            const double m = y > 0 ? -eta : eta;
            return std::max(m, 0.0) + std::log1p(std::exp(-std::abs(m)));
        }
        case Family::kPoisson: {
            const double d = eta - std::log(y);
            return y > 0 ? y * (std::expm1(d) - d) : std::exp(eta);
        }
        default:
            return (y - eta) * (y - eta);
    }
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
        const double newton = std::abs(step_of(loss.family(), g, h));
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
