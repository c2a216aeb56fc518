#include "solver/softmax_system.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/kernels.hpp"
#include "solver/row_newton.hpp"

namespace riata {

namespace {

constexpr std::size_t kMost = 3000;  // unknowns whose Hessian is made
constexpr int kProjections = 20;     // each mends what the one before it left
constexpr double kLong = 0.1;        // relative change of a probability from which on the Hessian is made anew
constexpr double kSettled = 1e-9;    // and the one after which nothing is left but rounding
constexpr double kRounding = 1e-14;  // of the weights: what of a sum of slopes is

/// Where each class begins, and how many there are in all.
std::vector<std::size_t> starts(const ClassFeatures& features) {
    std::vector<std::size_t> start{0};
    for (const auto& of_class : features) start.push_back(start.back() + of_class.size());
    return start;
}

}  // namespace

std::vector<double> softmax_hessian(const Problem& problem, const Softmax& softmax, const ClassFeatures& features,
                                    const double* P) {
    const std::size_t C = features.size();
    const bool shifts = problem.request.fit_intercept;
    const std::vector<std::size_t> start = starts(features);
    const std::size_t N = start[C] + (shifts ? C : 0);
    std::vector<double> H(N * N, 0.0), d(softmax.rows()), block;
    for (std::size_t a = 0; a < C; ++a)
        for (std::size_t b = 0; b < C; ++b) {
            const double total = softmax.curvature(a, b, P, d.data());
            const auto &rows = features[a], &columns = features[b];
            if (a >= b && !rows.empty() && !columns.empty()) {
                block.resize(rows.size() * columns.size());
                problem.design.products(rows, columns, d.data(), block.data(), problem.team);
                for (std::size_t i = 0; i < rows.size(); ++i)
                    for (std::size_t j = 0; j < columns.size(); ++j)
                        H[start[a] + i + (start[b] + j) * N] = block[i * columns.size() + j];
            }
            if (!shifts) continue;
            const std::size_t row = start[C] + a;
            H[row + (start[C] + b) * N] = total;
            block.resize(columns.size());
            problem.design.correlate(columns, d.data(), 1, block.data(), problem.team);
            for (std::size_t j = 0; j < columns.size(); ++j) H[row + (start[b] + j) * N] = block[j];
        }
    return H;
}

CoupledCurvature::CoupledCurvature(const Problem& problem, const Softmax& softmax, const std::vector<Index>& features,
                                   const double* P)
    : problem_(problem), softmax_(softmax), features_(features), P_(P), C_(softmax.classes()),
      shifts_(problem.request.fit_intercept), panel_(features.size() * Panel::kLanes) {}

void CoupledCurvature::push(const std::vector<double>& V, std::vector<double>& U) {
    const std::size_t m = features_.size(), N = stride(), n = softmax_.rows();
    U.resize(n * C_);
    for (std::size_t k = 0; k < C_; ++k) std::fill_n(U.data() + k * n, n, shifts_ ? V[m + k * N] : 0.0);
    for (std::size_t first = 0; first < C_ && m > 0; first += Panel::kLanes) {
        const std::size_t K = std::min(Panel::kLanes, C_ - first);
        for (std::size_t k = 0; k < K; ++k)
            for (std::size_t j = 0; j < m; ++j) panel_[j * K + k] = V[j + (first + k) * N];
        problem_.design.accumulate(features_, panel_.data(), K, U.data() + first * n, problem_.team);
    }
}

void CoupledCurvature::pull(const std::vector<double>& U, std::vector<double>& out) {
    const std::size_t m = features_.size(), N = stride(), n = softmax_.rows();
    out.resize(N * C_);
    for (std::size_t first = 0; first < C_ && m > 0; first += Panel::kLanes) {
        const std::size_t K = std::min(Panel::kLanes, C_ - first);
        problem_.design.correlate(features_, U.data() + first * n, K, panel_.data(), problem_.team);
        for (std::size_t k = 0; k < K; ++k)
            for (std::size_t j = 0; j < m; ++j) out[j + (first + k) * N] = panel_[j * K + k];
    }
    for (std::size_t k = 0; k < C_ && shifts_; ++k)
        out[m + k * N] = std::accumulate(U.data() + k * n, U.data() + (k + 1) * n, 0.0);
}

void CoupledCurvature::multiply(const std::vector<double>& V, std::vector<double>& out) {
    push(V, U_);
    softmax_.bend(P_, U_.data());
    pull(U_, out);
}

bool orthogonalise(const Problem& problem, const Softmax& softmax, const ClassFeatures& features,
                   std::vector<double>& R) {
    const std::size_t C = features.size(), n = softmax.rows();
    const bool shifts = problem.request.fit_intercept;
    const std::vector<std::size_t> start = starts(features);
    const std::size_t N = start[C] + (shifts ? C : 0);
    if (N > kMost) return false;
    const kernels::Kernels& leaf = kernels::active();
    const std::vector<double> kept = R;
    std::vector<double> L, g(N), U(n * C), u(n);
    double longest = kInfinity;
    for (int round = 0; round < kProjections && longest > kSettled; ++round) {
        if (longest > kLong) {
            softmax.probabilities(R.data(), U.data());
            factor_raised(leaf, softmax_hessian(problem, softmax, features, U.data()), N, L);
        }
        for (std::size_t k = 0; k < C; ++k) {
            problem.weigh(R.data() + k * n, u.data());
            problem.design.correlate(features[k], u.data(), 1, g.data() + start[k], problem.team);
            if (shifts) g[start[C] + k] = std::accumulate(u.begin(), u.end(), 0.0);
        }
        leaf.solve_lower(L.data(), N, N, g.data());
        leaf.solve_lower_transposed(L.data(), N, N, g.data());
        for (std::size_t k = 0; k < C; ++k) {
            std::fill_n(U.data() + k * n, n, shifts ? g[start[C] + k] : 0.0);
            problem.design.accumulate(features[k], g.data() + start[k], 1, U.data() + k * n, problem.team);
        }
        longest = softmax.shift_slopes(U.data(), R.data());
        if (longest == kInfinity) break;
    }
    bool balanced = longest < kInfinity;
    for (std::size_t k = 0; k < C && shifts && balanced; ++k) {
        problem.weigh(R.data() + k * n, u.data());
        balanced = std::abs(std::accumulate(u.begin(), u.end(), 0.0)) <= kRounding * problem.weight;
    }
    if (!balanced) R = kept;
    return balanced;
}

}  // namespace riata
