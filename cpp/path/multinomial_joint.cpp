// A Newton step of all classes together, on the coefficients that are in the model: what classes in turn converge to slowly
// where they depend on one another.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/multinomial.hpp"

namespace riata {

namespace {
constexpr std::size_t kMostFree = 3000;  // unknowns that a joint step is made for
constexpr double kRidge = 1e-10;         // of the diagonal: shifts of all classes change nothing
constexpr int kMaxCuts = 12;
}  // namespace

/// The coefficients free to move, by classes, and where each class begins; the intercepts follow at the end.
struct MultinomialDriver::Free {
    std::vector<std::vector<std::size_t>> slots;
    std::vector<std::vector<Index>> features;
    std::vector<std::size_t> start;
    std::size_t size = 0;
};

MultinomialDriver::Free MultinomialDriver::find_free() const {
    Free free;
    for (const auto& one : classes_) {
        free.start.push_back(free.size);
        free.slots.emplace_back();
        free.features.emplace_back();
        for (std::size_t slot = 0; slot < one->lane.w.size(); ++slot) {
            const Index j = one->model.features()[slot];
            if (one->lane.w[slot] == 0 && problem_.penalty[static_cast<std::size_t>(j)].l1 > 0) continue;
            free.slots.back().push_back(slot);
            free.features.back().push_back(j);
        }
        free.size += free.slots.back().size();
    }
    free.start.push_back(free.size);
    if (problem_.request.fit_intercept) free.size += classes();
    return free;
}

/// The lower triangle of the Hessian, sum_i s_i x_i x_i' (diag p_i - p_i p_i') + l2, where R holds probabilities.
std::vector<double> MultinomialDriver::joint_hessian(const Free& free) {
    const std::size_t N = free.size, C = classes();
    std::vector<double> H(N * N, 0.0), d(n_), block;
    for (std::size_t a = 0; a < C; ++a)
        for (std::size_t b = 0; b < C; ++b) {
            const double total = softmax_.curvature(a, b, R_.data(), d.data());
            const auto &rows = free.features[a], &columns = free.features[b];
            if (a >= b && !rows.empty() && !columns.empty()) {
                block.resize(rows.size() * columns.size());
                problem_.design.products(rows, columns, d.data(), block.data(), problem_.team);
                for (std::size_t i = 0; i < rows.size(); ++i)
                    for (std::size_t j = 0; j < columns.size(); ++j)
                        H[free.start[a] + i + (free.start[b] + j) * N] = block[i * columns.size() + j];
            }
            if (!problem_.request.fit_intercept) continue;
            const std::size_t row = free.start[C] + a;
            H[row + (free.start[C] + b) * N] = total;
            block.resize(columns.size());
            problem_.design.correlate(columns, d.data(), 1, block.data(), problem_.team);
            for (std::size_t j = 0; j < columns.size(); ++j) H[row + (free.start[b] + j) * N] = block[j];
        }
    for (std::size_t a = 0; a < C; ++a)
        for (std::size_t i = 0; i < free.slots[a].size(); ++i) {
            const std::size_t at = free.start[a] + i;
            H[at + at * N] += problem_.penalty[static_cast<std::size_t>(free.features[a][i])].l2;
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
            const ScalarPenalty h = problem_.penalty[static_cast<std::size_t>(free.features[a][i])];
            const double w = classes_[a]->lane.w[free.slots[a][i]];
            g[free.start[a] + i] -= h.l2 * w + (w == 0 ? 0.0 : std::copysign(h.l1, w));
        }
        if (problem_.request.fit_intercept) g[free.start[C] + a] = total;
    }
    return g;
}

/// Moves all classes along `step` times t, up to where signs change. Returns the objective.
double MultinomialDriver::move_jointly(const Free& free, const std::vector<double>& step, double t, double alpha) {
    std::vector<double> delta, z(n_);
    for (std::size_t a = 0; a < classes(); ++a) {
        Class& one = *classes_[a];
        delta.clear();
        for (std::size_t i = 0; i < free.slots[a].size(); ++i) {
            double& w = one.lane.w[free.slots[a][i]];
            const bool corner = problem_.penalty[static_cast<std::size_t>(free.features[a][i])].l1 > 0;
            const double before = w, next = w + t * step[free.start[a] + i];
            w = corner && next * before < 0 ? 0.0 : next;
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

/// True when the objective fell.
bool MultinomialDriver::step_jointly(double alpha) {
    if (problem_.penalty.bounded() || alpha == kInfinity) return false;
    problem_.at(alpha);
    const Free free = find_free();
    if (free.size == 0 || free.size > kMostFree) return false;
    predict();
    const double before = loss_ + penalty(alpha);
    problem_.at(alpha);
    std::vector<double> H = joint_hessian(free), step = joint_slope(free);
    const kernels::Kernels& leaf = kernels::active();
    if (leaf.cholesky(H.data(), free.size, free.size, nullptr) < free.size) return false;
    leaf.solve_lower(H.data(), free.size, free.size, step.data());
    leaf.solve_lower_transposed(H.data(), free.size, free.size, step.data());
    const Iterate kept = keep();
    for (double t = 1; t > std::ldexp(1.0, -kMaxCuts); t *= 0.5) {
        if (move_jointly(free, step, t, alpha) < before) return true;
        restore(kept);
    }
    return false;
}

}  // namespace riata
