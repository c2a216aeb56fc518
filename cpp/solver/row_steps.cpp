// Newton steps of RowSolver, on all rows of the support together.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "solver/row_solver.hpp"

namespace riata {

namespace {
constexpr double kNewtonGain = 7;     // -log of the share of the gap that a Newton step leaves, roughly
constexpr double kShortest = 1e-3;    // Newton step worth taking, as a share
constexpr double kNoise = 1e-14;      // of yy: what rounding may do to changes of the objective,
constexpr double kSmallGain = 1e-11;  // and a gain that it may hide
constexpr double kArmijo = 1e-4;
constexpr int kMostDrops = 8;  // of rows in a Newton step
}  // namespace

/// A Newton direction on the support, and what it leads to.
struct RowSolver::Step {
    std::vector<double> direction;  ///< place + task * size of the support
    std::vector<double> move;       ///< place * K + task
    std::vector<double> product;    ///< G times the move, slot + task * m
    std::vector<char> turns;        ///< per place: the row would turn round, and is set to zero
    bool clipped = false;           ///< there are such rows
};

/// Moves by t times the direction, rows that would turn round to zero. Returns the change of the objective.
double RowSolver::try_step(double t, Step& step) const {
    const std::size_t k = support_.size();
    std::vector<const double*> columns;
    double change = 0;
    step.clipped = false;
    step.move.resize(k * K_);
    step.turns.resize(k);
    for (std::size_t i = 0; i < k; ++i) {
        const std::size_t slot = support_[i];
        const double* w = row(slot);
        const ScalarPenalty h = penalty(slot);
        double* move = step.move.data() + i * K_;
        double ahead = 0, before = 0, after = 0;
        for (std::size_t task = 0; task < K_; ++task) {
            move[task] = t * step.direction[i + task * k];
            ahead += w[task] * (w[task] + move[task]);
        }
        const bool turns = h.l1 > 0 && ahead <= 0;
        step.turns[i] = turns;
        step.clipped = step.clipped || turns;
        for (std::size_t task = 0; task < K_; ++task) {
            if (turns) move[task] = -w[task];
            before += w[task] * w[task];
            after += (w[task] + move[task]) * (w[task] + move[task]);
            change -= c_[slot + task * m_] * move[task];
        }
        change += h.l1 * (std::sqrt(after) - std::sqrt(before)) + 0.5 * h.l2 * (after - before);
        columns.push_back(model_.column(slot));
    }
    step.product.assign(m_ * K_, 0.0);
    kernels::active().f64.accumulate(columns.data(), nullptr, k, step.move.data(), K_, K_, m_, step.product.data(), m_);
    for (std::size_t i = 0; i < k; ++i)
        for (std::size_t task = 0; task < K_; ++task)
            change += 0.5 * step.move[i * K_ + task] * step.product[support_[i] + task * m_];
    return change;
}

/// Finds the Newton direction on the support. Returns the objective's slope along it.
double RowSolver::find_direction(Step& step) {
    const std::size_t k = support_.size();
    ActiveRows rows{support_, std::vector<double>(k * K_), std::vector<double>(k), std::vector<double>(k)};
    step.direction.resize(k * K_);
    for (std::size_t i = 0; i < k; ++i) {
        const std::size_t slot = support_[i];
        const ScalarPenalty h = penalty(slot);
        const double* w = row(slot);
        const double length = norm_of(w, K_);
        rows.c[i] = h.l1 / length;
        rows.l2[i] = h.l2;
        for (std::size_t task = 0; task < K_; ++task) {
            rows.u[i * K_ + task] = w[task] / length;
            step.direction[i + task * k] = c_[slot + task * m_] - (h.l2 + rows.c[i]) * w[task];
        }
    }
    const std::vector<double> gradient = step.direction;
    newton_.solve(model_, rows, K_, step.direction);
    return -kernels::active().dot(gradient.data(), step.direction.data(), gradient.size());
}

/// The share of the direction at which the first row is about to turn round.
double RowSolver::first_turn(const Step& step) const {
    const std::size_t k = support_.size();
    double least = kInfinity;
    for (std::size_t i = 0; i < k; ++i) {
        const double* w = row(support_[i]);
        double square = 0, pull = 0;
        for (std::size_t task = 0; task < K_; ++task) {
            square += w[task] * w[task];
            pull -= w[task] * step.direction[i + task * k];
        }
        if (penalty(support_[i]).l1 > 0 && pull > 0) least = std::min(least, square / pull * (1 + 1e-12));
    }
    return least;
}

void RowSolver::move(const Step& step) {
    for (std::size_t i = 0; i < support_.size(); ++i)
        for (std::size_t task = 0; task < K_; ++task) {
            double& w = row(support_[i])[task];
            w = step.move[i * K_ + task] == -w ? 0.0 : w + step.move[i * K_ + task];
        }
    for (std::size_t slot : support_) moved(slot);
    for (std::size_t i = 0; i < c_.size(); ++i) c_[i] -= step.product[i];
    find_support();
}

/// A Newton step on the rows of the support. Rows that it would turn round are dropped and the rest is solved anew; failing
/// that the step is cut until the objective falls.
RowSolver::Outcome RowSolver::newton_step() {
    if (support_.empty()) return Outcome::kFull;
    Step first, step;
    const double slope = find_direction(first);
    double change = try_step(1, first);
    // A gain in the noise of the objective still counts in the gap, which sees the gradient itself.
    if (-slope <= kSmallGain * problem_.yy && !first.clipped && change <= kNoise * problem_.yy) {
        move(first);
        return Outcome::kFull;
    }
    if (change < 0 && (first.clipped || change <= kArmijo * slope)) {
        move(first);
        return first.clipped ? Outcome::kClipped : Outcome::kFull;
    }
    if (first.clipped) {
        const std::vector<double> before = w_;
        const double value = objective();
        step = first;
        for (int drop = 0; drop < kMostDrops && step.clipped; ++drop) {
            for (std::size_t i = 0; i < support_.size(); ++i)
                if (step.turns[i]) clear(support_[i]);
            refresh();
            if (support_.empty()) break;
            find_direction(step);
            const double now = objective();
            if (now + try_step(1, step) < value) {
                move(step);
                return Outcome::kClipped;
            }
        }
        restore(before);
    }
    // To where the first row turns, or less. In a singular system that may be near.
    const double turn = first_turn(first);
    for (double t = std::min(0.5, turn); t > kShortest * std::min(1.0, turn); t /= 2) {
        change = try_step(t, first);
        if (!(change < 0 && (first.clipped || change <= kArmijo * t * slope))) continue;
        move(first);
        return Outcome::kCut;
    }
    return Outcome::kNone;
}

/// What a Newton step costs, in sweeps.
double RowSolver::newton_cost() const {
    const double k = static_cast<double>(support_.size()), m = static_cast<double>(m_), K = static_cast<double>(K_);
    return k > 0 ? k * (2 * k + 6 * K) / (m * K) : kInfinity;
}

/// Whether sweeps that take the gap from `before` to `after` are slower than Newton steps, by what both cost.
bool RowSolver::newton_pays(double before, double after) const {
    return std::log(before / std::max(after, 1e-300)) * newton_cost() < kNewtonGain;
}

}  // namespace riata
