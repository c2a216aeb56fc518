#include "solver/opening.hpp"

#include <algorithm>
#include <cmath>

#include "solver/certificate.hpp"

namespace riata {

namespace {
constexpr double kFewer = 0.7;      // of the open columns in use: below it the others are passed over for a while,
constexpr int kInner = 4;           // for so many sweeps,
constexpr double kLess = 0.1;       // or until a sweep gains less than this share of the full one
constexpr long kLooks = 4;          // every so many sweeps the gap is looked at,
constexpr double kNear = 4;         // or where a sweep gains less than so many times what is asked for
constexpr double kRoom = 1 - 1e-9;  // of l1: a correlation that stays below cannot reach it
}  // namespace

ColumnDescent::ColumnDescent(const Problem& problem, const PenaltyAt& penalty, Control& control)
    : problem_(problem), penalty_(penalty), control_(control), norm_(problem.design.moments().norm) {
    const std::size_t p = problem.design.cols();
    l1_.resize(p);
    l2_.resize(p);
    w_.assign(p, 0.0);
    for (std::size_t j = 0; j < p; ++j) {
        if (!problem.usable[j]) continue;
        const ScalarPenalty h = penalty[j];
        l1_[j] = h.l1;
        l2_[j] = h.l2;
        open_.push_back(j);
        listed_.push_back(static_cast<Index>(j));
    }
}

void ColumnDescent::sweep(const std::vector<std::size_t>& order) {
    if (control_.cancelled()) throw Cancelled{};
    const Penalty& penalty = problem_.penalty;
    const bool bounded = penalty.bounded();
    moved_ =
        problem_.design.descend({order, l1_.data(), l2_.data(), bounded ? penalty.lower.data() : nullptr,
                                 bounded ? penalty.upper.data() : nullptr, problem_.weights(), w_.data(), r_.data()});
}

/// The relative gap at (w, r).
double ColumnDescent::look() {
    problem_.recentre(r_.data());
    u_.resize(r_.size());
    problem_.weigh(r_.data(), u_.data());
    c_.resize(listed_.size());
    problem_.design.correlate(listed_, u_.data(), 1, c_.data(), problem_.team);
    DualPoint dual(1e3 * problem_.noise());
    const double rr = problem_.inner(r_.data(), r_.data());
    double primal = 0.5 * rr;
    for (std::size_t i = 0; i < open_.size(); ++i) {
        const std::size_t j = open_[i];
        const ScalarPenalty h = penalty_[j];
        primal += h.value(w_[j]);
        dual.add(h, w_[j], c_[i], norm_[j], 1.0);
    }
    return (primal - dual.best(problem_.inner(r_.data(), problem_.y.data()), rr, kInfinity)) / null_;
}

/// Leaves out for good what the optimal residual cannot bring to its l1: the objective is strongly convex in the residual, so
/// that |r - r*| <= sqrt(2 gap).
void ColumnDescent::screen(double gap) {
    const double radius = std::sqrt(2 * std::max(gap, 0.0) * null_);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < open_.size(); ++i) {
        const std::size_t j = open_[i];
        const bool out = w_[j] == 0 && std::abs(c_[i]) + radius * norm_[j] < kRoom * l1_[j];
        if (out) continue;
        open_[kept] = j;
        listed_[kept++] = static_cast<Index>(j);
    }
    open_.resize(kept);
    listed_.resize(kept);
}

bool ColumnDescent::applies() const {
    const Penalty& penalty = problem_.penalty;
    if (!(problem_.yy > 0) || penalty_.l1_scale == 0 || open_.empty()) return false;
    return std::all_of(open_.begin(), open_.end(), [&](std::size_t j) {
        return l1_[j] > 0 && (!penalty.bounded() || (penalty.lower[j] <= 0 && penalty.upper[j] >= 0));
    });
}

Opening ColumnDescent::run(double tol, double patience) {
    Opening best;
    null_ = 0.5 * problem_.yy;
    r_ = problem_.y;
    problem_.design.pin(listed_, problem_.team);
    const auto all = static_cast<double>(open_.size());
    double spent = 0, last = kInfinity, at_last = 0;
    std::vector<std::size_t> in_use;
    while (true) {
        sweep(open_);
        if (moved_ < 0) return best;
        spent += static_cast<double>(open_.size()) / all;
        in_use.clear();
        for (std::size_t j : open_)
            if (w_[j] != 0) in_use.push_back(j);
        const double gained = moved_;
        if (static_cast<double>(in_use.size()) < kFewer * static_cast<double>(open_.size()))
            for (int k = 0; k < kInner && moved_ > kLess * gained; ++k) {
                sweep(in_use);
                spent += static_cast<double>(in_use.size()) / all;
            }
        ++best.sweeps;
        if (best.sweeps % kLooks != 2 && gained > kNear * tol * null_) continue;
        const double gap = look();
        spent += 0.5 * static_cast<double>(open_.size()) / all;
        if (gap < best.rel_gap) {
            best.rel_gap = gap;
            best.w = w_;
        }
        if (gap <= tol) return best;
        // As fast as between the last two looks, how far is it?
        const double rate = std::max(std::log(last / gap), 0.0) / (spent - at_last);
        if (spent >= patience || (std::isfinite(last) && !(std::log(gap / tol) < rate * (patience - spent))))
            return best;
        last = gap;
        at_last = spent;
        if (!problem_.penalty.bounded()) screen(gap);
    }
}

}  // namespace riata
