#include "solver/opening.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "solver/certificate.hpp"

namespace riata {

namespace {
constexpr double kFewer = 0.7;      // of the open columns in use: below it the others are passed over for a while,
constexpr int kInner = 4;           // for so many sweeps,
constexpr double kLess = 0.1;       // or until a sweep gains less than this share of the full one
constexpr long kLooks = 4;          // every so many sweeps the gap is looked at,
constexpr double kNear = 4;         // or where a sweep gains less than so many times what is asked for
constexpr double kSettled = 12;     // sweeps before the pace tells anything
constexpr std::size_t kTrail = 5;   // sweeps that are extrapolated from
constexpr double kRidge = 1e-12;    // of the trace of their Gram matrix
constexpr double kRoom = 1 - 1e-9;  // of l1: a correlation that stays below cannot reach it
}  // namespace

ColumnDescent::ColumnDescent(Problem& problem, Control& control)
    : problem_(problem), control_(control), norm_(problem.design.moments().norm) {
    const std::size_t p = problem.design.cols();
    l1_.resize(p);
    l2_.resize(p);
    w_.assign(p, 0.0);
    for (std::size_t j = 0; j < p; ++j) {
        if (!problem.usable[j]) continue;
        const ScalarPenalty h = problem.penalty[j];
        l1_[j] = h.l1;
        l2_[j] = h.l2;
        open_.push_back(j);
        listed_.push_back(static_cast<Index>(j));
    }
}

void ColumnDescent::sweep(const std::vector<std::size_t>& order) {
    if (control_.cancelled()) throw Cancelled{};
    extrapolate();
    const Penalty& penalty = problem_.penalty;
    const bool bounded = penalty.bounded();
    moved_ =
        problem_.design.descend({order, l1_.data(), l2_.data(), bounded ? penalty.lower.data() : nullptr,
                                 bounded ? penalty.upper.data() : nullptr, problem_.weights(), w_.data(), r_.data()});
}

double ColumnDescent::objective(const std::vector<double>& w, const std::vector<double>& r) const {
    double sum = 0.5 * problem_.inner(r.data(), r.data());
    for (std::size_t j : open_) sum += problem_.penalty[j].value(w[j]);
    return sum;
}

/// Where the last sweeps lead to: the affine combination of them with the least step, where that lowers the objective. After
/// Bertrand and Massias (2021), "Anderson acceleration of coordinate descent".
void ColumnDescent::extrapolate() {
    trail_w_.push_back(w_);
    trail_r_.push_back(r_);
    if (trail_w_.size() <= kTrail) return;
    const kernels::Kernels& leaf = kernels::active();
    const std::size_t n = r_.size(), p = w_.size();
    std::vector<std::vector<double>> steps(kTrail);
    for (std::size_t k = 0; k < kTrail; ++k) {
        steps[k] = trail_w_[k + 1];
        leaf.axpy(-1, trail_w_[k].data(), steps[k].data(), p);
    }
    std::vector<double> G(kTrail * kTrail), share(kTrail, 1.0);
    double trace = 0;
    for (std::size_t a = 0; a < kTrail; ++a)
        for (std::size_t b = 0; b <= a; ++b) {
            G[a + b * kTrail] = leaf.dot(steps[a].data(), steps[b].data(), p);
            trace += a == b ? G[a + b * kTrail] : 0.0;
        }
    if (trace > 0) {
        for (std::size_t a = 0; a < kTrail; ++a) G[a + a * kTrail] += kRidge * trace;
        leaf.cholesky(G.data(), kTrail, kTrail, nullptr);
        leaf.solve_lower(G.data(), kTrail, kTrail, share.data());
        leaf.solve_lower_transposed(G.data(), kTrail, kTrail, share.data());
        double total = 0;
        for (double s : share) total += s;
        std::vector<double> w(p, 0.0), r(n, 0.0);
        for (std::size_t k = 0; k < kTrail; ++k) {
            leaf.axpy(share[k] / total, trail_w_[k + 1].data(), w.data(), p);
            leaf.axpy(share[k] / total, trail_r_[k + 1].data(), r.data(), n);
        }
        if (objective(w, r) < objective(w_, r_)) {
            w_ = std::move(w);
            r_ = std::move(r);
        }
    }
    trail_w_.clear();
    trail_r_.clear();
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
        const ScalarPenalty h = problem_.penalty[j];
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
    if (kept < open_.size()) {  // what came before may have had them in use
        trail_w_.clear();
        trail_r_.clear();
    }
    open_.resize(kept);
    listed_.resize(kept);
}

/// Whether the pace since half the way gets there in time.
bool ColumnDescent::is_hopeful(double goal, double patience) const {
    const Looked& now = looked_.back();
    if (now.spent < kSettled || looked_.size() < 2) return true;
    std::size_t k = 0;
    while (k + 2 < looked_.size() && looked_[k].spent < 0.5 * now.spent) ++k;
    const double rate = (looked_[k].log_gap - now.log_gap) / (now.spent - looked_[k].spent);
    return now.log_gap - goal < rate * (patience - now.spent);
}

bool ColumnDescent::applies() const {
    const Penalty& penalty = problem_.penalty;
    if (!(problem_.yy > 0) || penalty.l1_scale == 0 || open_.empty()) return false;
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
    double spent = 0;
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
        looked_.push_back({spent, std::log(gap)});
        if (spent >= patience || !is_hopeful(std::log(tol), patience)) return best;
        if (!problem_.penalty.bounded()) screen(gap);
    }
}

}  // namespace riata
