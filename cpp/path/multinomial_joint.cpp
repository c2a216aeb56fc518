// A Newton step of all classes together, on the coefficients that are in the model: what classes in turn converge to slowly
// where they depend on one another.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/multinomial.hpp"
#include "solver/row_newton.hpp"
#include "solver/softmax_system.hpp"

namespace riata {

namespace {
constexpr std::size_t kMostFree = 3000;  // unknowns that a joint step is made for
constexpr double kRidge = 1e-10;         // of the diagonal: shifts of all classes change nothing
constexpr int kMaxCuts = 40;
constexpr double kPulled = 1e-9;  // of a correlation: what pulls a coefficient off the end of a segment
}  // namespace

/// The coefficients that are not at the end of a segment, and with `pulled` those that their correlations pull off it; of all only what
/// no penalty or bound holds unless `held`.
MultinomialDriver::Free MultinomialDriver::find_free(bool held, bool pulled) const {
    Free free;
    for (const auto& one : classes_) {
        free.start.push_back(free.size);
        free.slots.emplace_back();
        free.features.emplace_back();
        free.segments.emplace_back();
        for (std::size_t slot = 0; slot < one->lane.w.size(); ++slot) {
            const Index j = one->model.features()[slot];
            const ScalarPenalty h = at_[static_cast<std::size_t>(j)];
            const double w = one->lane.w[slot];
            auto segment = h.around(w);
            if (h.is_breakpoint(w)) {
                const double pull = pulled ? one->c[static_cast<std::size_t>(j)] - h.l2 * w : 0.0;
                if (!pulled || h.violation(w, pull) <= kPulled * (h.l1 + std::abs(pull))) continue;
                segment = h.above(w).exists() && pull > h.above(w).slope ? h.above(w) : h.below(w);
            }
            if (!held && !is_unheld(h)) continue;
            free.slots.back().push_back(slot);
            free.features.back().push_back(j);
            free.segments.back().push_back(segment);
        }
        free.size += free.slots.back().size();
    }
    free.start.push_back(free.size);
    if (problem_.request.fit_intercept) free.size += classes();
    return free;
}

/// The lower triangle of the Hessian, where R holds probabilities.
std::vector<double> MultinomialDriver::joint_hessian(const Free& free) {
    std::vector<double> H = softmax_hessian(problem_, softmax_, free.features, R_.data());
    const std::size_t N = free.size;
    for (std::size_t a = 0; a < classes(); ++a)
        for (std::size_t i = 0; i < free.slots[a].size(); ++i) {
            const std::size_t at = free.start[a] + i;
            H[at + at * N] += at_[static_cast<std::size_t>(free.features[a][i])].l2;
        }
    for (std::size_t at = 0; at < N; ++at) H[at + at * N] *= 1 + kRidge;
    return H;
}

/// Minus the gradient, where R holds probabilities.
std::vector<double> MultinomialDriver::joint_slope(const Free& free) {
    const std::size_t C = classes();
    std::vector<double> g(free.size), u(n_);
    for (std::size_t a = 0; a < C; ++a) {
        const double total = softmax_.descent(a, R_.data(), u.data());
        problem_.design.correlate(free.features[a], u.data(), 1, g.data() + free.start[a], problem_.team);
        for (std::size_t i = 0; i < free.slots[a].size(); ++i) {
            const ScalarPenalty h = at_[static_cast<std::size_t>(free.features[a][i])];
            const double w = classes_[a]->lane.w[free.slots[a][i]];
            g[free.start[a] + i] -= h.l2 * w + free.segments[a][i].slope;
        }
        if (problem_.request.fit_intercept) g[free.start[C] + a] = total;
    }
    return g;
}

/// Moves all classes along `step` times t, every coefficient as far as its segment goes. Returns the objective.
double MultinomialDriver::move_jointly(const Free& free, const std::vector<double>& step, double t, double alpha) {
    std::vector<double> delta, z(n_);
    for (std::size_t a = 0; a < classes(); ++a) {
        Class& one = *classes_[a];
        delta.clear();
        for (std::size_t i = 0; i < free.slots[a].size(); ++i) {
            double& w = one.lane.w[free.slots[a][i]];
            const auto& segment = free.segments[a][i];
            const double before = w;
            w = std::clamp(w + t * step[free.start[a] + i], segment.from, segment.to);
            delta.push_back(w - before);
        }
        std::fill(z.begin(), z.end(), 0.0);
        problem_.design.accumulate(free.features[a], delta.data(), 1, z.data(), problem_.team);
        const double shift = problem_.request.fit_intercept ? t * step[free.start[classes()] + a] : 0.0;
        one.lane.b += shift;
        for (std::size_t i = 0; i < n_; ++i) {
            one.lane.eta[i] += z[i];
            margins(a)[i] += z[i] + shift;
        }
    }
    predict();
    return loss_ + penalty(alpha);
}

/// The Newton step for minus the gradient g.
std::vector<double> MultinomialDriver::solve_jointly(const Free& free, std::vector<double> g) {
    const kernels::Kernels& leaf = kernels::active();
    std::vector<double> L;
    factor_raised(leaf, joint_hessian(free), free.size, L);
    leaf.solve_lower(L.data(), free.size, free.size, g.data());
    leaf.solve_lower_transposed(L.data(), free.size, free.size, g.data());
    ++solves_;
    return g;
}

/// True when the objective fell, or rose by no more than `slack` of it.
bool MultinomialDriver::step_jointly(double alpha, double slack, bool pulled) {
    const Free free = find_free(true, pulled);
    if (free.size == 0 || free.size > kMostFree) return false;
    predict();
    const double before = loss_ + penalty(alpha);
    const std::vector<double> step = solve_jointly(free, joint_slope(free));
    const Iterate kept = keep();
    double t = 1;
    for (int cut = 0; cut < kMaxCuts; ++cut, t *= 0.5) {
        if (move_jointly(free, step, t, alpha) < before + slack * std::abs(before)) return true;
        restore(kept);
    }
    return false;
}

}  // namespace riata
