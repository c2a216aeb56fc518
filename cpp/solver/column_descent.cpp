#include "solver/column_descent.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"

namespace riata {

namespace {
constexpr std::size_t kTogether = 1 << 22;  // entries of columns that are kept side by side: 32 MB
constexpr long kUntimed = 100;              // sweeps that no time limit cuts short
constexpr std::size_t kPoll = 256;          // steps from one look at the clock to the next
}  // namespace

long descend_columns(const Problem& problem, const PenaltyAt& penalty, const std::vector<Index>& features,
                     std::vector<double>& w, double tolerance, double noise, long max_sweeps, Control& control) {
    const std::size_t n = problem.design.rows();
    const kernels::Kernels& leaf = kernels::active();
    std::vector<Index> support;
    std::vector<double> minus_w;
    for (std::size_t i = 0; i < features.size(); ++i) {
        const ScalarPenalty h = penalty[static_cast<std::size_t>(features[i])];
        w[i] = std::clamp(w[i], h.lower, h.upper);
        if (w[i] == 0) continue;
        support.push_back(features[i]);
        minus_w.push_back(-w[i]);
    }
    std::vector<double> r = problem.y, x(n);  // both times S^.5 below
    problem.design.accumulate(support, minus_w.data(), 1, r.data(), problem.team);
    if (problem.root_weights())
        for (std::size_t i = 0; i < n; ++i) r[i] *= problem.root_s[i];

    std::vector<double> block;
    if (n * features.size() <= kTogether) {
        block.resize(n * features.size());
        problem.design.gather(features, problem.root_weights(), block.data(), problem.team);
    }
    const auto column = [&](std::size_t i) -> const double* {
        if (!block.empty()) return block.data() + i * n;
        problem.design.gather({features[i]}, problem.root_weights(), x.data(), problem.team);
        return x.data();
    };

    // A sweep over everything is followed by sweeps over what moved in it, until those stand still.
    std::vector<std::size_t> all(features.size()), moving;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    std::size_t steps = 0;
    const auto sweep = [&](const std::vector<std::size_t>& places) {
        double largest = 0;
        for (std::size_t i : places) {
            if (++steps % kPoll == 0 && control.cancelled()) throw Cancelled{};
            const auto j = static_cast<std::size_t>(features[i]);
            const ScalarPenalty h = penalty[j];
            const double norm = problem.design.moments().norm[j], diagonal = norm * norm, curvature = diagonal + h.l2;
            const double* z = column(i);
            const double pull = leaf.dot(z, r.data(), n) + diagonal * w[i];
            const double shrunk = std::copysign(std::max(0.0, std::abs(pull) - h.l1), pull) / curvature;
            const double next = std::clamp(shrunk, h.lower, h.upper), delta = next - w[i];
            if (delta == 0) continue;
            leaf.axpy(-delta, z, r.data(), n);
            w[i] = next;
            largest = std::max(largest, std::abs(delta) * curvature / (tolerance * h.l1 + noise));
        }
        return largest;
    };
    long sweeps = 0;
    while (sweeps < max_sweeps && (sweeps < kUntimed || !control.out_of_time())) {
        ++sweeps;
        if (sweep(all) <= 1) break;
        moving.clear();
        for (std::size_t i : all)
            if (w[i] != 0) moving.push_back(i);
        for (int k = 0; k < 20 && sweeps < max_sweeps && sweep(moving) > 1; ++k) ++sweeps;
    }
    return sweeps;
}

}  // namespace riata
