// Smooth penalties on many features: Newton steps of all classes together, by conjugate gradients on the exact coupled
// curvature, sum_i s_i x_i x_i' (diag p_i - p_i p_i') + l2. A product with it is one pass over the columns there and one back
// for all classes.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/certify.hpp"
#include "path/multinomial.hpp"
#include "solver/conjugate_gradients.hpp"
#include "solver/softmax_margins.hpp"

namespace riata {

namespace {
constexpr std::size_t kFewUnknowns = 1000;  // for which classes in turn are the better way
constexpr int kMaxRounds = 60;
constexpr long kMostSteps = 500;  // of conjugate gradients for one Newton step
constexpr int kMaxCuts = 20;
constexpr double kLeft = 0.3;       // of the gradient, in the preconditioner's metric: what a step leaves
constexpr double kShare = 0.1;      // of the gap aimed at: what may be left of the gradient
constexpr double kAhead = 0.7;      // of gap and gradient: what quasi-Newton steps go to,
constexpr long kQuasiNewton = 200;  // so many at most;
constexpr double kOpened = 1e-2;    // of the null model: a gap at which Newton's method goes on from there
}  // namespace

/// Tries quasi-Newton steps where a single smooth penalty is asked for; true where the model is there, or near.
bool MultinomialDriver::open() {
    if (!options_.only_last || options_.alphas.empty() || !options_.start_coefs.empty()) return false;
    if (!(options_.gradient > 0)) return false;
    const double goal = std::max(options_.tol, options_.enough), alpha = options_.alphas.back();
    at_ = problem_.at(alpha);
    const SoftmaxMargins loss(problem_, present_.labels, classes());
    QuasiNewton steps(problem_, at_, loss, control_);
    if (!steps.applies()) return false;
    std::vector<double> b;
    for (const auto& one : classes_) b.push_back(one->lane.b);
    const bool there = steps.run(b, kAhead * goal * null_loss_, kAhead * options_.gradient * alpha,
                                 std::min(kQuasiNewton, options_.max_solves));
    report_.count_passes(static_cast<double>(steps.iterations()));
    stone_solves_ += steps.iterations();
    if (!(steps.gap() < kOpened * null_loss_)) return false;
    list_all(steps);
    look(alpha, goal, true);
    if (there && certificate_.rel_gap <= goal) return true;
    certificate_.rel_gap = kInfinity;
    problem_.design.pin(classes_[0]->model.features(), problem_.team);
    return true;
}

/// Takes all features into the model of every class, where quasi-Newton steps have come to.
void MultinomialDriver::list_all(const QuasiNewton& steps) {
    const auto features = unpenalised(problem_);
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        one.model.list(features);
        one.lane.w.clear();
        for (Index j : features) one.lane.w.push_back(steps.w(static_cast<std::size_t>(j), k));
        one.lane.b = steps.b(k);
        for (std::size_t i = 0; i < n_; ++i) {
            margins(k)[i] = steps.eta(i, k) + one.lane.b;
            one.lane.eta[i] = steps.eta(i, k) + one.offset[i];
        }
    }
}

/// Whether all features are in the model of every class, each with an l2 and no corner, and there are many.
bool MultinomialDriver::is_smooth(double alpha) const {
    if (alpha == kInfinity || problem_.penalty.bounded()) return false;
    const auto& features = classes_[0]->model.features();
    if (features.size() * classes() <= kFewUnknowns) return false;
    for (std::size_t j = 0; j < problem_.design.cols(); ++j) {
        if (!problem_.usable[j]) continue;
        if (at_.l1(j) > 0 || !(at_.l2(j) > 0)) return false;
    }
    return std::all_of(classes_.begin(), classes_.end(),
                       [&](const auto& one) { return one->model.features() == features; });
}

/// The Newton step, roughly, where R holds probabilities.
std::vector<double> MultinomialDriver::smooth_step(CoupledCurvature& curvature, double tol) {
    const auto& features = classes_[0]->model.features();
    const std::size_t m = features.size(), C = classes(), N = curvature.stride();
    std::vector<double> U(n_ * C), d(n_), g, inverse(N * C), l2(N, 0.0);
    for (std::size_t j = 0; j < m; ++j) l2[j] = at_[static_cast<std::size_t>(features[j])].l2;
    for (std::size_t k = 0; k < C; ++k) {
        softmax_.descent(k, R_.data(), U.data() + k * n_);
        const double total = softmax_.curvature(k, k, R_.data(), d.data());
        for (std::size_t j = 0; j < m; ++j) {
            const double norm = problem_.design.moments().norm[static_cast<std::size_t>(features[j])];
            inverse[j + k * N] = 1 / (total / problem_.weight * norm * norm + l2[j]);
        }
        if (N > m) inverse[m + k * N] = 1 / std::max(total, 1e-300);
    }
    curvature.pull(U, g);
    for (std::size_t k = 0; k < C; ++k)
        for (std::size_t j = 0; j < m; ++j) g[j + k * N] -= l2[j] * classes_[k]->lane.w[j];
    const auto multiply = [&](const std::vector<double>& p, std::vector<double>& image) {
        if (control_.cancelled()) throw Cancelled{};
        curvature.multiply(p, image);
        for (std::size_t a = 0; a < p.size(); ++a) image[a] += l2[a % N] * p[a];
    };
    const auto precondition = [&](const std::vector<double>& r, std::vector<double>& z) {
        for (std::size_t a = 0; a < r.size(); ++a) z[a] = r[a] * inverse[a];
    };
    const auto settled = [&](const Gradients& at) {  // what a gradient costs the dual value is a share of the tolerance
        double loss = 0;
        for (std::size_t k = 0; k < C; ++k)
            for (std::size_t j = 0; j < m; ++j) loss += at.g[j + k * N] * at.g[j + k * N] / (2 * l2[j]);
        return loss <= kShare * tol * null_loss_;
    };
    const auto done = [&](const Gradients& at) {
        return at.steps >= kMostSteps || at.left <= kLeft * kLeft * at.first || settled(at);
    };
    Gradients step = conjugate_gradients(std::move(g), multiply, precondition, done);
    solves_ += step.steps;
    return std::move(step.x);
}

/// Moves all classes along `step`, as far as the objective falls. False where it never does.
bool MultinomialDriver::descend(CoupledCurvature& curvature, const std::vector<double>& step, double alpha) {
    const std::size_t m = classes_[0]->model.size(), C = classes(), N = curvature.stride();
    const kernels::Kernels& leaf = kernels::active();
    const double before = loss_ + penalty(alpha);
    const Iterate kept = keep();
    std::vector<double> U;
    curvature.push(step, U);
    double t = 1;
    for (int cut = 0; cut < kMaxCuts; ++cut, t *= 0.5) {
        for (std::size_t k = 0; k < C; ++k) {
            Class& one = *classes_[k];
            leaf.axpy(t, step.data() + k * N, one.lane.w.data(), m);
            leaf.axpy(t, U.data() + k * n_, margins(k), n_);
            if (N > m) one.lane.b += t * step[m + k * N];
            for (std::size_t i = 0; i < n_; ++i) one.lane.eta[i] = margins(k)[i] + one.offset[i] - one.lane.b;
        }
        predict();
        if (loss_ + penalty(alpha) < before) return true;
        restore(kept);
    }
    predict();
    return false;
}

/// Newton steps until the gap is at most tol. False where they get no further.
bool MultinomialDriver::solve_smoothly(double alpha, double tol) {
    for (auto& one : classes_) one->lane.w.resize(one->model.size(), 0.0);
    for (int round = 0; round < kMaxRounds && solves_ < options_.max_solves; ++round) {
        look(alpha, tol, true);
        if (certificate_.rel_gap <= tol) return true;
        if (control_.cancelled()) throw Cancelled{};
        predict();
        CoupledCurvature curvature(problem_, softmax_, classes_[0]->model.features(), R_.data());
        if (!descend(curvature, smooth_step(curvature, tol), alpha)) break;
    }
    find_slopes();
    return false;
}

}  // namespace riata
