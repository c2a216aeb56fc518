#include "solver/softmax.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "kernels/sum_of.hpp"

namespace riata {

namespace {
constexpr double kShort = 0.5;    // largest relative change of a probability that keeps it one
constexpr double kCertain = 0.9;  // a probability whose distance from 1 loses digits

/// x := log(1 + x), where `sums` holds 1 + x as it was rounded.
void one_plus_logarithms(std::vector<double>& x, std::vector<double>& sums) {
    std::vector<double> logs(x.size());
    kernels::active().logarithms(sums.data(), x.size(), logs.data());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = logs[i] + (x[i] - (sums[i] - 1)) / sums[i];
}
}  // namespace

PresentClasses::PresentClasses(const Problem& problem, const std::vector<int>& given, int n_classes)
    : labels(given), place(static_cast<std::size_t>(n_classes), -1) {
    std::vector<char> has_weight(place.size(), !problem.request.fit_intercept);
    const auto counts = [&](std::size_t i) { return !problem.weights() || problem.s[i] > 0; };
    for (std::size_t i = 0; i < given.size(); ++i)
        if (counts(i)) has_weight[static_cast<std::size_t>(given[i])] = 1;
    for (std::size_t k = 0; k < place.size(); ++k) {
        if (!has_weight[k]) continue;
        place[k] = static_cast<Index>(origin.size());
        origin.push_back(k);
    }
    for (int& label : labels) label = std::max(0, static_cast<int>(place[static_cast<std::size_t>(label)]));
}

std::vector<double> PresentClasses::intercepts(const std::vector<double>& b, const double* E) const {
    const std::size_t n = labels.size();
    double lowest = kInfinity, mean = 0;
    for (std::size_t i = 0; i < n && origin.size() < place.size(); ++i) {
        double top = -kInfinity;
        for (std::size_t k = 0; k < origin.size(); ++k) top = std::max(top, E[k * n + i]);
        lowest = std::min(lowest, top);
    }
    for (double v : b) mean += v / static_cast<double>(b.size());
    std::vector<double> all;
    for (Index k : place) all.push_back((k < 0 ? lowest - kImpossible : b[static_cast<std::size_t>(k)]) - mean);
    return all;
}

std::vector<double> Softmax::null_intercepts() const {
    std::vector<double> b(C_, 0.0);
    if (!problem_.request.fit_intercept) return b;
    for (std::size_t i = 0; i < n_; ++i) b[static_cast<std::size_t>(labels_[i])] += weight(i);
    for (double& v : b) v = std::log(v / problem_.weight);
    return b;
}

Softmax::Softmax(const Problem& problem, const std::vector<int>& labels, std::size_t n_classes)
    : problem_(problem), labels_(labels), n_(labels.size()), C_(n_classes) {
    std::vector<double> share(C_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) share[static_cast<std::size_t>(labels_[i])] += weight(i);
    base_ = static_cast<std::size_t>(std::max_element(share.begin(), share.end()) - share.begin());
}

/// log(sum_k e^{eta_k}) = top + log(1 + rest). Where weights are far apart `rest` is summed up without the largest: what a row that
/// is all but certain costs keeps its digits.
double Softmax::predict(const double* E, double* P) const {
    const kernels::Kernels& leaf = kernels::active();
    const double* eta = E;
    std::vector<double> top(eta, eta + n_), best(n_, 0.0), rest(n_, 0.0), sums(n_, 0.0);
    for (std::size_t k = 1; k < C_; ++k) {
        eta = E + k * n_;
        if (problem_.uneven)
            for (std::size_t i = 0; i < n_; ++i) best[i] = eta[i] > top[i] ? static_cast<double>(k) : best[i];
        for (std::size_t i = 0; i < n_; ++i) top[i] = std::max(top[i], eta[i]);
    }
    for (std::size_t k = 0; k < C_; ++k) {
        double* p = P + k * n_;
        for (std::size_t i = 0; i < n_; ++i) p[i] = E[k * n_ + i] - top[i];
        leaf.exponentials(p, n_, p);
        if (problem_.uneven)
            for (std::size_t i = 0; i < n_; ++i) rest[i] += best[i] == static_cast<double>(k) ? 0.0 : p[i];
        else
            for (std::size_t i = 0; i < n_; ++i) sums[i] += p[i];
    }
    if (problem_.uneven)
        for (std::size_t i = 0; i < n_; ++i) sums[i] = 1 + rest[i];
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) P[k * n_ + i] /= sums[i];
    if (problem_.uneven)
        one_plus_logarithms(rest, sums);
    else
        leaf.logarithms(sums.data(), n_, rest.data());
    double loss = 0;
    for (std::size_t i = 0; i < n_; ++i) loss += weight(i) * (top[i] - E[own(i)] + rest[i]);
    return loss;
}

double Softmax::descent(std::size_t k, const double* P, double* u) const {
    const double* p = P + k * n_;
    for (std::size_t i = 0; i < n_; ++i) u[i] = weight(i) * (is(i, k) - p[i]);
    for (std::size_t i = 0; i < n_ && problem_.uneven; ++i)
        if (is(i, k) > 0) u[i] = weight(i) * others(P, k, i);
    return sum_of(n_, [&](std::size_t i) { return u[i]; });
}

/// 1 - p_k of a row, from the other classes' without cancellation.
double Softmax::others(const double* P, std::size_t k, std::size_t i) const {
    double sum = 0;
    for (std::size_t l = 0; l < C_; ++l) sum += l == k ? 0.0 : P[l * n_ + i];
    return sum;
}

double Softmax::curvature(std::size_t k, std::size_t l, const double* P, double* d) const {
    const double *p = P + k * n_, *other = P + l * n_;
    if (k != l) {
        for (std::size_t i = 0; i < n_; ++i) d[i] = -weight(i) * p[i] * other[i];
    } else {
        for (std::size_t i = 0; i < n_; ++i) d[i] = weight(i) * p[i] * (1 - p[i]);
        for (std::size_t i = 0; i < n_ && problem_.uneven; ++i)
            if (p[i] > kCertain) d[i] = weight(i) * p[i] * others(P, k, i);
    }
    return sum_of(n_, [&](std::size_t i) { return d[i]; });
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

/// Solves sum_i s_i (diag p_i - p_i p_i') step = sum_i s_i (y_i - p_i) with the class of the largest weight left out, whose
/// entries would be differences of sums that are all but equal.
std::vector<double> Softmax::intercept_step(const double* P) const {
    std::vector<double> step(C_, 0.0);
    if (!problem_.request.fit_intercept) return step;
    std::vector<double> u(n_);
    std::vector<std::size_t> used;
    for (std::size_t a = 0; a < C_; ++a)
        if (a != base_) used.push_back(a);
    const std::size_t m = used.size();
    std::vector<double> H(m * m, 0.0), g(m);
    for (std::size_t a = 0; a < m; ++a) {
        const double* p = P + used[a] * n_;
        g[a] = descent(used[a], P, u.data());
        H[a + a * m] += problem_.inner(p, P + base_ * n_);
        for (std::size_t b = 0; b < a; ++b) {
            const double meet = problem_.inner(p, P + used[b] * n_);
            H[a + b * m] = -meet;
            H[a + a * m] += meet;
            H[b + b * m] += meet;
        }
    }
    const kernels::Kernels& leaf = kernels::active();
    if (leaf.cholesky(H.data(), m, m, nullptr) < m) return {};
    leaf.solve_lower(H.data(), m, m, g.data());
    leaf.solve_lower_transposed(H.data(), m, m, g.data());
    for (std::size_t a = 0; a < m; ++a) step[used[a]] = g[a];
    return step;
}

bool Softmax::find_slopes(const double* P, const std::vector<double>& step, double* R) const {
    std::vector<double> mean(n_, 0.0), sum(n_, 0.0);
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) mean[i] += P[k * n_ + i] * step[k];
    for (std::size_t k = 0; k < C_; ++k) {
        double* r = R + k * n_;
        const int own = static_cast<int>(k);
        for (std::size_t i = 0; i < n_; ++i) {
            r[i] = -P[k * n_ + i] * (1 + (step[k] - mean[i]));
            sum[i] += labels_[i] == own ? 0.0 : r[i];
        }
    }
    for (std::size_t i = 0; i < n_; ++i) R[own(i)] = -sum[i];  // rows of slopes add up to 0
    const auto [least, most] = std::minmax_element(step.begin(), step.end());
    const auto [lowest, highest] = std::minmax_element(mean.begin(), mean.end());
    return std::max(*most - *lowest, *highest - *least) <= kShort;
}

void Softmax::probabilities(const double* R, double* Q) const {
    for (std::size_t k = 0; k < C_; ++k)
        for (std::size_t i = 0; i < n_; ++i) Q[k * n_ + i] = is(i, k) - R[k * n_ + i];
}

double Softmax::shift_slopes(const double* U, double* R) const {
    double longest = 0;
    for (std::size_t i = 0; i < n_; ++i) {
        double mean = 0, sum = 0;
        for (std::size_t k = 0; k < C_; ++k) mean += (is(i, k) - R[k * n_ + i]) * U[k * n_ + i];
        for (std::size_t k = 0; k < C_; ++k) {
            if (is(i, k) > 0) continue;
            const double move = U[k * n_ + i] - mean;
            if (R[k * n_ + i] < 0) longest = std::max(longest, std::abs(move));
            R[k * n_ + i] *= std::max(0.0, 1 + move);
            sum += R[k * n_ + i];
        }
        if (!(sum >= -1)) return kInfinity;
        R[own(i)] = -sum;
    }
    return longest;
}

/// With q = -t R off a row's own class and 1 + sum t R = 1 - d on it, -(1 - d) log(1 - d) keeps its digits.
double Softmax::dual_value(const double* R, double t) const {
    std::vector<double> q(n_), logs(n_), d(n_, 0.0), left(n_);
    double sum = 0;
    for (std::size_t k = 0; k < C_; ++k) {
        for (std::size_t i = 0; i < n_; ++i) q[i] = is(i, k) > 0 ? 0.0 : std::max(0.0, -t * R[k * n_ + i]);
        kernels::active().logarithms(q.data(), n_, logs.data());
        for (std::size_t i = 0; i < n_; ++i) {
            sum -= weight(i) * q[i] * logs[i];
            d[i] += q[i];
        }
    }
    for (std::size_t i = 0; i < n_; ++i) {
        d[i] = -std::min(d[i], 1.0);
        left[i] = 1 + d[i];
    }
    std::vector<double> own = left;
    one_plus_logarithms(d, left);
    for (std::size_t i = 0; i < n_; ++i)
        if (own[i] > 0) sum -= weight(i) * own[i] * d[i];
    return sum;
}

}  // namespace riata
