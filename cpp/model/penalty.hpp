// The separable penalty, one feature at a time:
//
//     h_j(w) = l1_j |w| + l2_j w^2 / 2   on   lower_j <= w <= upper_j,   infinite outside.
//
// h_j' is piecewise linear with breakpoints lower_j, 0 and upper_j. A solution sits *pinned* at a breakpoint
// or is *free* inside a segment between two of them; that is all a solver needs to know, and it covers
// the lasso, elastic net, ridge, non-negativity, boxes and unpenalised features.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace riata {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kAtLimit = 4 * std::numeric_limits<double>::epsilon();  // of l1: beyond it by rounding alone

/// The length of a row of K coefficients or correlations.
inline double norm_of(const double* v, std::size_t K) {
    double sum = 0;
    for (std::size_t k = 0; k < K; ++k) sum += v[k] * v[k];
    return std::sqrt(sum);
}

/// One feature's penalty.
struct ScalarPenalty {
    double l1 = 0, l2 = 0, lower = -kInfinity, upper = kInfinity;

    /// Between two breakpoints: from < w < to, where the l1 part has the derivative `slope`.
    struct Segment {
        double from, to, slope;
        bool exists() const { return from < to; }
    };

    /// A multiple of w^2 and nothing else.
    bool is_smooth() const { return l1 == 0 && l2 > 0 && lower == -kInfinity && upper == kInfinity; }

    double value(double w) const { return l1 * std::abs(w) + 0.5 * l2 * w * w; }

    Segment above(double v) const {
        if (v >= upper) return {0, 0, 0};
        if (l1 == 0) return {lower, upper, 0};
        if (v >= 0) return {std::max(lower, 0.0), upper, l1};
        return {lower, std::min(upper, 0.0), -l1};
    }
    Segment below(double v) const {
        if (v <= lower) return {0, 0, 0};
        if (l1 == 0) return {lower, upper, 0};
        if (v <= 0) return {lower, std::min(upper, 0.0), -l1};
        return {std::max(lower, 0.0), upper, l1};
    }
    /// The segment that w, which is no breakpoint, lies in.
    Segment around(double w) const { return w > 0 ? above(w) : below(w); }
    bool is_breakpoint(double w) const { return w == lower || w == upper || (w == 0 && l1 > 0); }

    /// Where a feature rests that nothing pulls on: 0, or the bound nearest to it.
    double rest() const { return std::clamp(0.0, lower, upper); }

    /// How far the correlation c (already less l2 * w) lies outside the subdifferential of the l1 and bound part at w.
    double violation(double w, double c) const {
        const Segment up = above(w), down = below(w);
        double worst = 0;
        if (up.exists()) worst = std::max(worst, c - up.slope);
        if (down.exists()) worst = std::max(worst, down.slope - c);
        return worst;
    }

    /// The minimum of square/2 ||w||^2 - b'w + h(||w||) over rows w is this times b, whose length is `pull`. Bounds have no part
    /// in it.
    double shrink(double pull, double square) const { return pull > l1 ? (1 - l1 / pull) / (square + l2) : 0.0; }

    /// The conjugate h*(c) = sup_w c w - h(w).
    double conjugate(double c) const {
        double best = -kInfinity;
        for (double sign : {1.0, -1.0}) {
            // On the half line of that sign, maximise sign*w*(sign*c - l1) - l2 w^2/2.
            const double from = std::max(0.0, sign > 0 ? lower : -upper), to = sign > 0 ? upper : -lower;
            if (to < from || to < 0) continue;
            const double pull = sign * c - l1;
            double t = l2 > 0 ? std::clamp(pull / l2, from, to) : (pull > 0 ? to : from);
            if (t == kInfinity) return kInfinity;
            if (pull <= 0) t = from;
            best = std::max(best, t * pull - 0.5 * l2 * t * t);
        }
        return best;
    }
    /// What Fenchel's inequality leaves, h(w) + h*(c) - c w, without cancellation where w is nearly where c pulls it: twice a way
    /// from w, by 0 where the side changes, along which c u - h(u) rises. Correlations that rounding takes over l1 are at l1.
    double divergence(double w, double c) const {
        const double pull = std::abs(c) - l1;
        double to = 0;
        if (pull > kAtLimit * l1) to = l2 > 0 ? std::copysign(pull / l2, c) : std::copysign(kInfinity, c);
        to = std::clamp(to, lower, upper);
        if (std::isinf(to)) return kInfinity;
        const auto rise = [&](double from, double end) {
            const double side = from + end < 0 ? -1.0 : 1.0;
            return side * (end - from) * (side * c - l1 - 0.5 * l2 * std::abs(from + end));
        };
        return to * w < 0 ? rise(w, 0) + rise(0, to) : rise(w, to);
    }
    /// Beyond |c| = limit() the conjugate is infinite (infinity when it never is), for either sign of c.
    double limit_above() const { return l2 > 0 || upper < kInfinity ? kInfinity : l1; }
    double limit_below() const { return l2 > 0 || lower > -kInfinity ? kInfinity : l1; }
};

/// More than any coefficient could pay for, and far enough from the end of the range for sums and products with it.
constexpr double kProhibitive = 1e300;

/// What the penalties of all features of a problem have in common at every alpha, in units of the normalised columns.
struct Penalty {
    std::vector<double> l1_factor, l2_factor;  ///< per feature
    std::vector<double> lower, upper;          ///< per feature, or empty for no bounds at all

    bool bounded() const { return !lower.empty(); }
    /// Where a feature rests.
    double rest(std::size_t j) const { return bounded() ? std::clamp(0.0, lower[j], upper[j]) : 0.0; }
};

/// The penalties at one alpha: a value, which borrows the factors.
struct PenaltyAt {
    const Penalty* factors = nullptr;
    double l1_scale = 0, l2_scale = 0;

    bool bounded() const { return factors->bounded(); }
    double l1(std::size_t j) const { return std::min(l1_scale * factors->l1_factor[j], kProhibitive); }
    double l2(std::size_t j) const { return std::min(l2_scale * factors->l2_factor[j], kProhibitive); }
    ScalarPenalty operator[](std::size_t j) const {
        return bounded() ? ScalarPenalty{l1(j), l2(j), factors->lower[j], factors->upper[j]}
                         : ScalarPenalty{l1(j), l2(j), -kInfinity, kInfinity};
    }
    /// Less by a factor, bounds as they are.
    PenaltyAt over(double scale) const {
        const double largest = std::numeric_limits<double>::max();
        return {factors, std::min(l1_scale / scale, largest), std::min(l2_scale / scale, largest)};
    }
};

}  // namespace riata
