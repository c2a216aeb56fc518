#include "solver/ridge_cg.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace riata {

namespace {
constexpr double kRadius = 11;  // |w - w*| <= kRadius |w|
constexpr double kAhead = 0.1;  // of the goal: where the running residual is asked to be before a fresh one is taken
constexpr double kWorthwhile = 0.25;  // a fresh start has to bring the bound down to this share
constexpr long kPatience = 2000;      // steps that may pass without halving the bound
constexpr double kAstray = 1e6;       // a bound that has grown by so much will not come back
// Of the largest square of a column: a penalty that acts like its limit 0, and one that is slow to lead back where features outnumber rows.
constexpr double kLimit = 1e-12, kSlow = 1;
constexpr double kNoise = 16 * std::numeric_limits<double>::epsilon();
constexpr std::size_t kBlock = 8192;  // features or rows per unit of work
}  // namespace

RidgeDescent::RidgeDescent(const RidgeProblem& problem, Team& team)
    : problem_(problem), team_(team), n_(problem.design.rows()), p_(problem.design.cols()), features_(p_), v_(p_) {
    std::iota(features_.begin(), features_.end(), Index{0});
    const Moments& m = problem.design.moments();
    for (std::size_t j = 0; j < p_; ++j) {
        const double v = problem.v ? problem.v[j] : 1.0;
        v_[j] = m.norm[j] > 0 ? v * m.scale[j] * m.scale[j] : INFINITY;
        if (v_[j] > 0 && !std::isinf(v_[j])) largest_ = std::max(largest_, m.norm[j] * m.norm[j] / v_[j]);
    }
}

std::vector<RidgeState> RidgeDescent::solve(const double* y, const double* lam, std::size_t K, double* w) {
    begin(y, lam, K);
    const Moments& m = problem_.design.moments();
    std::vector<double> inner(p_ * K);
    for (std::size_t j = 0; j < p_; ++j)
        for (std::size_t k = 0; k < K; ++k) inner[j * K + k] = std::isinf(v_[j]) ? 0.0 : w[j * K + k] / m.scale[j];
    refresh(y, inner);
    while (!all(&Lane::done)) {
        const std::vector<double> before = inner;
        const std::vector<Lane> lanes = lanes_;
        descend(inner);
        refresh(y, inner);
        for (std::size_t k = 0; k < K; ++k) {
            if (lanes_[k].state.bound <= lanes[k].state.bound) continue;
            const long iterations = lanes_[k].state.iterations;
            lanes_[k].state = lanes[k].state;
            lanes_[k].state.iterations = iterations;
            for (std::size_t j = 0; j < p_; ++j) inner[j * K + k] = before[j * K + k];
        }
    }
    for (std::size_t j = 0; j < p_; ++j)
        for (std::size_t k = 0; k < K; ++k) w[j * K + k] = inner[j * K + k] * m.scale[j];
    std::vector<RidgeState> states;
    for (const Lane& lane : lanes_) states.push_back(lane.state);
    return states;
}

void RidgeDescent::begin(const double* y, const double* lam, std::size_t K) {
    lanes_.assign(K, Lane{});
    for (std::size_t k = 0; k < K; ++k) {
        lanes_[k].lam = lam[k];
        lanes_[k].by_penalty = lam[k] <= (p_ > n_ ? kSlow : kLimit) * largest_;
        lanes_[k].before = INFINITY;
        double sum = 0;
        for (std::size_t i = 0; i < n_; ++i) sum += (problem_.s ? problem_.s[i] : 1.0) * y[k * n_ + i] * y[k * n_ + i];
        lanes_[k].null = 0.5 * sum;
    }
    for (auto* a : {&r_, &u_, &q_}) a->assign(n_ * K, 0.0);
    for (auto* a : {&g_, &d_}) a->assign(p_ * K, 0.0);
}

/// r, g and the states from w alone; decides which problems are done.
void RidgeDescent::refresh(const double* y, std::vector<double>& w) {
    const std::size_t K = lanes_.size();
    std::copy_n(y, n_ * K, r_.begin());
    for (std::size_t i = 0; i < p_ * K; ++i) d_[i] = -w[i];
    problem_.design.accumulate(features_, d_.data(), K, r_.data(), team_);
    gradient(w);
    judge(w);
}

/// u = S r, g = X'u - lam V w, zero for features that stay out.
void RidgeDescent::gradient(const std::vector<double>& w) {
    const std::size_t K = lanes_.size();
    for (std::size_t k = 0; k < K; ++k)
        for (std::size_t i = 0; i < n_; ++i)
            u_[k * n_ + i] = problem_.s ? problem_.s[i] * r_[k * n_ + i] : r_[k * n_ + i];
    problem_.design.correlate_all(u_.data(), K, g_.data(), team_);
    team_.for_blocks(p_, kBlock, [&](std::size_t b, std::size_t e) {
        for (std::size_t j = b; j < e; ++j)
            for (std::size_t k = 0; k < K; ++k) {
                double& g = g_[j * K + k];
                g = std::isinf(v_[j]) ? 0.0 : g - (lanes_[k].lam > 0 ? lanes_[k].lam * v_[j] * w[j * K + k] : 0.0);
            }
    });
}

void RidgeDescent::judge(const std::vector<double>& w) {
    const std::size_t K = lanes_.size();
    const Moments& m = problem_.design.moments();
    for (std::size_t k = 0; k < K; ++k) {
        Lane& lane = lanes_[k];
        lane.state.bound = bound(k, w);
        lane.state.loss = 0.5 * std::inner_product(r_.begin() + static_cast<std::ptrdiff_t>(k * n_),
                                                   r_.begin() + static_cast<std::ptrdiff_t>((k + 1) * n_),
                                                   u_.begin() + static_cast<std::ptrdiff_t>(k * n_), 0.0);
        lane.state.kkt_max = 0;
        for (std::size_t j = 0; j < p_; ++j)
            lane.state.kkt_max = std::max(lane.state.kkt_max, std::abs(g_[j * K + k]) / m.scale[j]);
        lane.done = !(lane.state.bound > problem_.goal * lane.null) ||
                    !(lane.state.bound < kWorthwhile * lane.before) || lane.state.iterations >= problem_.max_iter;
        lane.before = lane.state.bound;
    }
}

double RidgeDescent::bound(std::size_t k, const std::vector<double>& w) const {
    const std::size_t K = lanes_.size();
    double held = 0, free_g = 0, free_w = 0;
    for (std::size_t j = 0; j < p_; ++j) {
        if (std::isinf(v_[j])) continue;
        const double g = g_[j * K + k], l2 = lanes_[k].lam * v_[j];
        if (l2 > 0) {
            held += g * g / l2;
        } else {
            free_g += g * g;
            free_w += w[j * K + k] * w[j * K + k];
        }
    }
    if (free_g > 0 && free_w == 0) return lanes_[k].null;  // no length to go by
    return 0.5 * held + kRadius * std::sqrt(free_g) * std::sqrt(free_w);
}

/// Whether the gradient is what rounding leaves of one.
bool RidgeDescent::is_noise(std::size_t k) const {
    double squares = 0;
    for (std::size_t j = 0; j < p_; ++j) squares += g_[j * lanes_.size() + k] * g_[j * lanes_.size() + k];
    return squares <= kNoise * kNoise * 2 * lanes_[k].null * static_cast<double>(p_);
}

/// Of the diagonal of the Hessian, or, under a small penalty, of that alone: the solution is V^-1 X'c, and steps in that metric do not leave
/// this space, to which a small penalty would be slow to lead back. Without a penalty the caller's own coordinates, as the minimum
/// norm is meant in them.
double RidgeDescent::inverse_diagonal(std::size_t j, const Lane& lane) const {
    const Moments& m = problem_.design.moments();
    if (std::isinf(v_[j])) return 0;
    if (!(lane.lam > 0)) return 1 / m.scale[j] / m.scale[j];
    if (lane.by_penalty && v_[j] > 0) return 1 / (v_[j] * largest_);
    return 1 / (m.norm[j] * m.norm[j] + lane.lam * v_[j]);
}

/// Conjugate gradients from a fresh residual until every problem is ahead of its goal.
void RidgeDescent::descend(std::vector<double>& w) {
    const std::size_t K = lanes_.size();
    for (Lane& lane : lanes_) {
        lane.gamma = 0;
        lane.resting = lane.done;
        lane.best = INFINITY;
        lane.since = lane.state.iterations;
    }
    for (std::size_t j = 0; j < p_; ++j)
        for (std::size_t k = 0; k < K; ++k) {
            d_[j * K + k] = g_[j * K + k] * inverse_diagonal(j, lanes_[k]);
            lanes_[k].gamma += d_[j * K + k] * g_[j * K + k];
        }
    while (!all(&Lane::resting)) step(w);
}

/// One step of all problems that do not rest: w, r and g move along d, and d turns.
void RidgeDescent::step(std::vector<double>& w) {
    const std::size_t K = lanes_.size();
    std::fill(q_.begin(), q_.end(), 0.0);
    problem_.design.accumulate(features_, d_.data(), K, q_.data(), team_);
    std::vector<double> length(K, 0.0), turned(K, 0.0);
    for (std::size_t k = 0; k < K; ++k)
        for (std::size_t i = k * n_; i < (k + 1) * n_; ++i)
            length[k] += problem_.s ? problem_.s[i - k * n_] * q_[i] * q_[i] : q_[i] * q_[i];
    for (std::size_t j = 0; j < p_; ++j)
        for (std::size_t k = 0; k < K; ++k)
            if (!std::isinf(v_[j])) length[k] += lanes_[k].lam * v_[j] * d_[j * K + k] * d_[j * K + k];
    for (std::size_t k = 0; k < K; ++k) {
        lanes_[k].resting |= !(length[k] > 0);
        length[k] = lanes_[k].resting ? 0.0 : lanes_[k].gamma / length[k];
        for (std::size_t i = k * n_; i < (k + 1) * n_; ++i) r_[i] -= length[k] * q_[i];
    }
    for (std::size_t j = 0; j < p_; ++j)
        for (std::size_t k = 0; k < K; ++k) w[j * K + k] += length[k] * d_[j * K + k];
    gradient(w);
    for (std::size_t j = 0; j < p_; ++j)
        for (std::size_t k = 0; k < K; ++k) turned[k] += g_[j * K + k] * g_[j * K + k] * inverse_diagonal(j, lanes_[k]);
    for (std::size_t j = 0; j < p_; ++j)
        for (std::size_t k = 0; k < K; ++k)
            d_[j * K + k] = g_[j * K + k] * inverse_diagonal(j, lanes_[k]) +
                            (lanes_[k].gamma > 0 ? turned[k] / lanes_[k].gamma : 0.0) * d_[j * K + k];
    for (std::size_t k = 0; k < K; ++k) {
        Lane& lane = lanes_[k];
        if (lane.resting) continue;
        lane.gamma = turned[k];
        ++lane.state.iterations;
        const double now = bound(k, w);
        if (!(now > 0.5 * lane.best)) {
            lane.best = now;
            lane.since = lane.state.iterations;
        }
        lane.resting = lane.state.iterations >= problem_.max_iter || !(now > kAhead * problem_.goal * lane.null) ||
                       lane.state.iterations - lane.since > kPatience || now > kAstray * lane.best || is_noise(k);
    }
}

bool RidgeDescent::all(bool Lane::* flag) const {
    return std::all_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.*flag; });
}

}  // namespace riata
