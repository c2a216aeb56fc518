// Smooth penalties on many features: Newton steps of all classes together, by conjugate gradients on the exact coupled
// curvature, sum_i s_i x_i x_i' (diag p_i - p_i p_i') + l2. A product with it is one pass over the columns there and one back
// for all classes.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/certify.hpp"
#include "path/multinomial.hpp"
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
    problem_.at(alpha);
    const SoftmaxMargins loss(problem_, present_.labels, classes());
    QuasiNewton steps(problem_, loss, control_);
    if (!steps.applies()) return false;
    std::vector<double> b;
    for (const auto& one : classes_) b.push_back(one->lane.b);
    const bool there = steps.run(b, kAhead * goal * null_loss_, kAhead * options_.gradient * alpha,
                                 std::min(kQuasiNewton, options_.max_solves));
    paths_.count_passes(static_cast<double>(steps.iterations()));
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

/// Coefficients of all classes, class by class, with the intercepts at the end.
struct MultinomialDriver::Block {
    std::vector<double> w, b;
};

/// Whether all features are in the model of every class, each with an l2 and no corner, and there are many.
bool MultinomialDriver::is_smooth(double alpha) const {
    if (alpha == kInfinity || problem_.penalty.bounded()) return false;
    const auto& features = classes_[0]->model.features();
    if (features.size() * classes() <= kFewUnknowns) return false;
    problem_.at(alpha);
    for (std::size_t j = 0; j < problem_.design.cols(); ++j) {
        if (!problem_.usable[j]) continue;
        if (problem_.penalty.l1(j) > 0 || !(problem_.penalty.l2(j) > 0)) return false;
    }
    return std::all_of(classes_.begin(), classes_.end(),
                       [&](const auto& one) { return one->model.features() == features; });
}

/// U_k = Xh w_k + b_k for the rows of every class.
void MultinomialDriver::push(const Block& v, std::vector<double>& U) {
    const auto& features = classes_[0]->model.features();
    const std::size_t m = features.size(), C = classes(), width = Panel::kLanes;
    U.resize(n_ * C);
    for (std::size_t k = 0; k < C; ++k) std::fill_n(U.begin() + static_cast<std::ptrdiff_t>(k * n_), n_, v.b[k]);
    out_.resize(std::max(out_.size(), m * width));
    for (std::size_t first = 0; first < C; first += width) {
        const std::size_t K = std::min(width, C - first);
        for (std::size_t k = 0; k < K; ++k)
            for (std::size_t j = 0; j < m; ++j) out_[j * K + k] = v.w[(first + k) * m + j];
        problem_.design.accumulate(features, out_.data(), K, U.data() + first * n_, problem_.team);
    }
}

/// The transpose: out_k = Xh'U_k and the sums of U_k.
void MultinomialDriver::pull(const std::vector<double>& U, Block& out) {
    const auto& features = classes_[0]->model.features();
    const std::size_t m = features.size(), C = classes(), width = Panel::kLanes;
    out.w.resize(m * C);
    out.b.assign(C, 0.0);
    out_.resize(std::max(out_.size(), m * width));
    for (std::size_t first = 0; first < C; first += width) {
        const std::size_t K = std::min(width, C - first);
        problem_.design.correlate(features, U.data() + first * n_, K, out_.data(), problem_.team);
        for (std::size_t k = 0; k < K; ++k)
            for (std::size_t j = 0; j < m; ++j) out.w[(first + k) * m + j] = out_[j * K + k];
    }
    for (std::size_t k = 0; k < C && problem_.request.fit_intercept; ++k)
        for (std::size_t i = 0; i < n_; ++i) out.b[k] += U[k * n_ + i];
}

/// Minus the gradient and the diagonal of the curvature, where R holds probabilities.
void MultinomialDriver::slope_and_diagonal(Block& g, Block& diagonal) {
    const auto& features = classes_[0]->model.features();
    const std::size_t m = features.size(), C = classes();
    std::vector<double> U(n_ * C), d(n_);
    diagonal.w.resize(m * C);
    diagonal.b.resize(C);
    for (std::size_t k = 0; k < C; ++k) {
        softmax_.descent(k, R_.data(), U.data() + k * n_);
        diagonal.b[k] = softmax_.curvature(k, k, R_.data(), d.data());
    }
    pull(U, g);
    for (std::size_t k = 0; k < C; ++k)
        for (std::size_t j = 0; j < m; ++j) {
            const auto feature = static_cast<std::size_t>(features[j]);
            const double norm = problem_.design.moments().norm[feature], l2 = problem_.penalty[feature].l2;
            g.w[k * m + j] -= l2 * classes_[k]->lane.w[j];
            diagonal.w[k * m + j] = diagonal.b[k] / problem_.weight * norm * norm + l2;
        }
}

/// The Newton step for the gradient -g, roughly.
MultinomialDriver::Block MultinomialDriver::conjugate_gradients(Block g, const Block& diagonal, double tol) {
    const kernels::Kernels& leaf = kernels::active();
    const auto& features = classes_[0]->model.features();
    const std::size_t m = features.size(), C = classes(), N = m * C;
    const bool shifts = problem_.request.fit_intercept;
    Block step{std::vector<double>(N, 0.0), std::vector<double>(C, 0.0)}, p = step, image;
    std::vector<double> U, l2(m);
    for (std::size_t j = 0; j < m; ++j) l2[j] = problem_.penalty[static_cast<std::size_t>(features[j])].l2;
    const auto precondition = [&](double keep) {
        double rho = 0;
        for (std::size_t a = 0; a < N; ++a) {
            const double z = g.w[a] / diagonal.w[a];
            rho += z * g.w[a];
            p.w[a] = z + keep * p.w[a];
        }
        for (std::size_t k = 0; k < C && shifts; ++k) {
            const double z = g.b[k] / std::max(diagonal.b[k], 1e-300);
            rho += z * g.b[k];
            p.b[k] = z + keep * p.b[k];
        }
        return rho;
    };
    const auto square = [&] {  // of the gradient in the preconditioner's metric
        double rho = 0;
        for (std::size_t a = 0; a < N; ++a) rho += g.w[a] * g.w[a] / diagonal.w[a];
        for (std::size_t k = 0; k < C && shifts; ++k) rho += g.b[k] * g.b[k] / std::max(diagonal.b[k], 1e-300);
        return rho;
    };
    const auto settled = [&] {  // what a gradient costs the dual value needs no more than a share of the tolerance
        double loss = 0;
        for (std::size_t k = 0; k < C; ++k)
            for (std::size_t j = 0; j < m; ++j) loss += g.w[k * m + j] * g.w[k * m + j] / (2 * l2[j]);
        return loss <= kShare * tol * null_loss_;
    };
    double rho = precondition(0.0);
    const double enough = rho * kLeft * kLeft;
    for (long steps = 0; steps < kMostSteps && rho > enough && !settled(); ++steps) {
        if (control_.cancelled()) throw Cancelled{};
        push(p, U);
        softmax_.bend(R_.data(), U.data());
        pull(U, image);
        for (std::size_t k = 0; k < C; ++k)
            for (std::size_t j = 0; j < m; ++j) image.w[k * m + j] += l2[j] * p.w[k * m + j];
        double curvature = leaf.dot(p.w.data(), image.w.data(), N);
        for (std::size_t k = 0; k < C; ++k) curvature += p.b[k] * image.b[k];
        if (!(curvature > 0)) break;
        const double length = rho / curvature;
        leaf.axpy(length, p.w.data(), step.w.data(), N);
        leaf.axpy(-length, image.w.data(), g.w.data(), N);
        for (std::size_t k = 0; k < C; ++k) step.b[k] += length * p.b[k], g.b[k] -= length * image.b[k];
        const double next = square();
        precondition(next / rho);
        rho = next;
        ++solves_;
    }
    return step;
}

/// Moves all classes along `step`, as far as the objective falls. False where it never does.
bool MultinomialDriver::descend(const Block& step, double alpha) {
    const std::size_t m = classes_[0]->model.size(), C = classes();
    const kernels::Kernels& leaf = kernels::active();
    const double before = loss_ + penalty(alpha);
    const Iterate kept = keep();
    std::vector<double> U;
    push(step, U);
    double t = 1;
    for (int cut = 0; cut < kMaxCuts; ++cut, t *= 0.5) {
        for (std::size_t k = 0; k < C; ++k) {
            Class& one = *classes_[k];
            leaf.axpy(t, step.w.data() + k * m, one.lane.w.data(), m);
            leaf.axpy(t, U.data() + k * n_, margins(k), n_);
            one.lane.b += t * step.b[k];
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
        problem_.at(alpha);
        Block g, diagonal;
        slope_and_diagonal(g, diagonal);
        if (!descend(conjugate_gradients(std::move(g), diagonal, tol), alpha)) break;
    }
    find_slopes();
    return false;
}

}  // namespace riata
