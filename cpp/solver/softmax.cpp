#include "solver/softmax.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"

namespace riata {

namespace {
constexpr double kShort = 0.5;  // largest relative change of a probability that keeps it one
}

std::vector<double> Softmax::null_intercepts() const {
    std::vector<double> b(C_, 0.0);
    if (!problem_.request.fit_intercept) return b;
    for (std::size_t i = 0; i < n_; ++i) b[static_cast<std::size_t>(labels_[i])] += weight(i);
    for (double& v : b) v = std::log(v / problem_.weight);
    return b;
}

double Softmax::predict(const double* E, double* P) const {
    const kernels::Kernels& leaf = kernels::active();
    std::vector<double> top(n_, -kInfinity), sum(n_, 0.0);
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) top[i] = std::max(top[i], E[k * n_ + i]);
    for (std::size_t k = 0; k < C_; ++k) {
        double* p = P + k * n_;
        for (std::size_t i = 0; i < n_; ++i) p[i] = E[k * n_ + i] - top[i];
        leaf.exponentials(p, n_, p);
        for (std::size_t i = 0; i < n_; ++i) sum[i] += p[i];
    }
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) P[k * n_ + i] /= sum[i];
    leaf.logarithms(sum.data(), n_, sum.data());
    double loss = 0;
    for (std::size_t i = 0; i < n_; ++i)
        loss += weight(i) * (top[i] - E[static_cast<std::size_t>(labels_[i]) * n_ + i] + sum[i]);
    return loss;
}

double Softmax::descent(std::size_t k, const double* P, double* u) const {
    const double* p = P + k * n_;
    double sum = 0;
    for (std::size_t i = 0; i < n_; ++i) sum += u[i] = weight(i) * (is(i, k) - p[i]);
    return sum;
}

double Softmax::curvature(std::size_t k, std::size_t l, const double* P, double* d) const {
    const double *p = P + k * n_, *other = P + l * n_;
    const double own = k == l;
    double sum = 0;
    for (std::size_t i = 0; i < n_; ++i) sum += d[i] = weight(i) * p[i] * (own - other[i]);
    return sum;
}

void Softmax::bend(const double* P, double* U) const {
    std::vector<double> mean(n_, 0.0);
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) mean[i] += P[k * n_ + i] * U[k * n_ + i];
    for (std::size_t k = 0; k < C_; ++k) {
        const double* p = P + k * n_;
        double* u = U + k * n_;
        for (std::size_t i = 0; i < n_; ++i) u[i] = p[i] * (u[i] - mean[i]);
        if (problem_.weights()) problem_.weigh(u, u);
    }
}

std::vector<double> Softmax::intercept_step(const double* P) const {
    std::vector<double> step(C_, 0.0);
    if (!problem_.request.fit_intercept) return step;
    // sum_i s_i (diag p_i - p_i p_i'), one class left out.
    const std::size_t m = C_ - 1;
    std::vector<double> H(m * m, 0.0);
    for (std::size_t a = 0; a < m; ++a) {
        const double* p = P + a * n_;
        for (std::size_t i = 0; i < n_; ++i) {
            step[a] += weight(i) * (is(i, a) - p[i]);
            H[a + a * m] += weight(i) * p[i];
        }
        for (std::size_t b = 0; b <= a; ++b) H[a + b * m] -= problem_.inner(p, P + b * n_);
    }
    const kernels::Kernels& leaf = kernels::active();
    if (leaf.cholesky(H.data(), m, m, nullptr) < m) return {};
    leaf.solve_lower(H.data(), m, m, step.data());
    leaf.solve_lower_transposed(H.data(), m, m, step.data());
    return step;
}

bool Softmax::find_slopes(const double* P, const std::vector<double>& step, double* R) const {
    double longest = 0;
    for (std::size_t i = 0; i < n_; ++i) {
        double mean = 0;
        for (std::size_t k = 0; k < C_; ++k) mean += P[k * n_ + i] * step[k];
        for (std::size_t k = 0; k < C_; ++k) {
            const double move = step[k] - mean;
            longest = std::max(longest, std::abs(move));
            R[k * n_ + i] = is(i, k) - P[k * n_ + i] * (1 + move);
        }
    }
    return longest <= kShort;
}

double Softmax::dual_value(const double* R, double t) const {
    std::vector<double> q(n_), logs(n_);
    double sum = 0;
    for (std::size_t k = 0; k < C_; ++k) {
        for (std::size_t i = 0; i < n_; ++i) q[i] = std::max(0.0, is(i, k) - t * R[k * n_ + i]);
        kernels::active().logarithms(q.data(), n_, logs.data());
        for (std::size_t i = 0; i < n_; ++i) sum -= weight(i) * q[i] * logs[i];
    }
    return sum;
}

}  // namespace riata
