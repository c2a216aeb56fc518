// The certificate of a solution: primal value, dual value of a feasible point made from the residual, and their gap.
//
// For the squared loss the dual of min 1/2 ||y - Xw||^2 + sum h_j(w_j) is max_u y'u - 1/2 ||u||^2 - sum h_j*(X_j'u).
// Every multiple t r of the residual for which the conjugates are finite is a dual point; the best t is taken. With l2 > 0
// this dominates the usual augmented dual: for the same u the augmented variables are at their best.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/penalty.hpp"

namespace riata {

struct Certificate {
    static constexpr double kRounding =
        1e-8;                                 ///< of the null objective: a dual value further above the primal is none,
    static constexpr double kDigits = 1e-14;  ///< unless that is rounding of the two

    double primal = 0, dual = 0;
    double gap = 0;      ///< size of primal - dual
    double rel_gap = 0;  ///< gap / null objective
    double kkt_max = 0;  ///< largest distance of a correlation from its subdifferential

    /// The gaps that follow from primal and dual value. A little below 0 a difference is rounding, and says how much; further
    /// below it proves that one of the two is wrong, and then nothing is claimed but that no objective is below 0.
    void compare(double null_objective) {
        const double rounding = std::max(kRounding * null_objective, kDigits * std::abs(primal));
        if (primal - dual < -rounding) dual = primal - std::max(primal, null_objective);
        gap = std::abs(primal - dual);
        rel_gap = null_objective > 0 ? gap / null_objective : (gap > 0 ? kInfinity : 0.0);
    }

    /// A gap known by itself, below what a difference of the two values resolves.
    void resolve(double known, double null_objective) {
        gap = known;
        dual = primal - gap;
        rel_gap = null_objective > 0 ? gap / null_objective : (gap > 0 ? kInfinity : 0.0);
    }
};

/// Collects the correlations c_j = X_j'r of one residual and finds the best dual value among its multiples.
class DualPoint {
public:
    /// correlation: what of a correlation is rounding, relative to the norm of the column.
    explicit DualPoint(double rounding) : rounding_(rounding) {}

    /// A feature with coefficient w and exact correlation c; its column has this norm and is `scale` times the caller's.
    void add(const ScalarPenalty& h, double w, double c, double norm, double scale) {
        if (h.is_smooth()) {
            kkt_ = std::max(kkt_, std::abs(c - h.l2 * w) / scale);
            squares_ += 0.5 * c * c / h.l2;
            return;
        }
        if (w == 0 && std::abs(c) <= h.l1 && h.lower <= 0 && h.upper >= 0) return;  // at rest: most features are
        add(h, w, c, h.violation(w, c - h.l2 * w), norm, scale);
    }
    /// A row of K coefficients (null: zeros) that is penalised by its length, with its exact correlations.
    void add_row(const ScalarPenalty& h, const double* w, const double* c, std::size_t K, double norm, double scale) {
        const double length = w ? norm_of(w, K) : 0.0, pull = norm_of(c, K);
        if (length == 0 && pull <= h.l1) return;  // at rest
        double off = 0;
        for (std::size_t k = 0; k < K && length > 0; ++k) {
            const double d = c[k] - h.l2 * w[k] - h.l1 * (w[k] / length);
            off += d * d;
        }
        add(h, length, pull, length > 0 ? std::sqrt(off) : pull - h.l1, norm, scale);
    }

    /// In units of the caller's columns.
    double kkt_max() const { return kkt_; }

    /// The largest multiple of the residual that is a dual point.
    double reach() const { return largest_; }
    /// What is charged for correlations that count as none.
    double slack() const { return slack_; }

    /// The best dual value over 0 <= t <= 1 with ry = r'y and rr = r'r; the search ends early at a value of `enough`.
    double best(double ry, double rr, double enough) const {
        if (curved_.empty() && squares_ == 0) {
            const double t = rr > 0 ? std::clamp(ry / rr, 0.0, largest_) : 0.0;
            return t * ry - 0.5 * t * t * rr - slack_;
        }
        return best([=](double t) { return t * ry - 0.5 * t * t * rr; }, enough);
    }

    /// The same for any loss, whose concave part of the dual value at t times the residual is loss(t).
    template <class Part>
    double best(const Part& loss, double enough, bool thorough = true) const {
        // Concave in t: golden section towards the end of the range, where the optimum of a good solution is.
        const double golden = 0.6180339887498949;
        double from = 0, to = largest_, best = value(to, loss);
        if (best >= enough || !thorough) return best - slack_;
        best = std::max(best, value(0, loss));
        double left = to - golden * (to - from), right = from + golden * (to - from);
        double at_left = value(left, loss), at_right = value(right, loss);
        for (int i = 0; i < 60 && to - from > 1e-12 * to; ++i) {
            if (at_left > at_right) {
                to = right, right = left, at_right = at_left;
                left = to - golden * (to - from);
                at_left = value(left, loss);
            } else {
                from = left, left = right, at_left = at_right;
                right = from + golden * (to - from);
                at_right = value(right, loss);
            }
            best = std::max({best, at_left, at_right});
        }
        return best - slack_;
    }

private:
    /// Coefficient and correlation, or the lengths of rows of them, and the distance from the subdifferential.
    void add(const ScalarPenalty& h, double w, double c, double violation, double norm, double scale) {
        kkt_ = std::max(kkt_, violation / scale);
        const double limit = c > 0 ? h.limit_above() : h.limit_below();
        // An unpenalised feature is an equality in the dual, and one with l1 below the rounding level nearly so; the solver
        // has them at that level. P(w*) >= D + sum c_j w*_j over those, which is charged with twice the w at hand.
        if (std::abs(c) > limit && std::abs(c) <= rounding_ * norm) {
            slack_ += 2 * std::abs(c * w);
            return;
        }
        if (std::abs(c) > limit) largest_ = std::min(largest_, limit / std::abs(c));
        // Up to l1 the conjugate is 0, unless the bounds keep 0 out.
        const bool displaced = h.lower > 0 || h.upper < 0;
        if (displaced || (limit == kInfinity && std::abs(c) > h.l1)) curved_.push_back({h, c});
    }

    struct Curved {
        ScalarPenalty h;
        double c;
    };

    template <class Part>
    double value(double t, const Part& loss) const {
        double sum = loss(t) - t * t * squares_;
        for (const Curved& item : curved_) sum -= item.h.conjugate(t * item.c);
        return sum;
    }

    double rounding_, largest_ = 1.0, kkt_ = 0, slack_ = 0;
    double squares_ = 0;          // of conjugates that are c^2 / 2 l2, their sum
    std::vector<Curved> curved_;  // all others that are not 0
};

}  // namespace riata
