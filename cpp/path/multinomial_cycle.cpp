// Newton steps of the classes of the softmax model in turn: with the others held, a class has a binomial loss with an offset.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/multinomial.hpp"

namespace riata {

namespace {
constexpr double kFarthest = 600;     // above the largest margin: as far as a class is followed within a cycle
constexpr double kLeap = 16;          // times the largest margin: as far as a step may go
constexpr double kVanishes = 1e-250;  // a sum of exponentials that loses digits, or is none at all
}  // namespace

/// One Newton step of every class.
void MultinomialDriver::cycle(double alpha) {
    before_.w.resize(classes());
    before_.eta.resize(classes());
    before_.b.resize(classes());
    begin_cycle();
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        find_offset(k);
        one.lane.alpha = alpha;
        one.lane.solves = 0;
        rest_new(one, k);
        one.newton.rebase(one.lane, one.offset);
        before_.w[k] = one.lane.w;
        before_.eta[k] = one.lane.eta;
        before_.b[k] = one.lane.b;
        one.newton.step(one.lane, options_.max_solves);
        solves_ += one.lane.solves;
        shorten(k);
        take_margins(k);
        pass(k);
    }
}

/// Cuts a step of class k that leads far beyond where the model of it holds, as it may where a class is separated: the
/// objective, which is convex, still falls.
void MultinomialDriver::shorten(std::size_t k) {
    Lane& lane = classes_[k]->lane;
    const std::vector<double>&w = before_.w[k], &eta = before_.eta[k];
    const double b = before_.b[k];
    double longest = 0, largest = 1;
    for (std::size_t i = 0; i < n_; ++i) {
        longest = std::max(longest, std::abs(lane.eta[i] + lane.b - eta[i] - b));
        largest = std::max(largest, std::abs(margins(k)[i]));
    }
    const double t = kLeap * largest / longest;
    if (!(t < 1)) return;
    for (std::size_t slot = 0; slot < lane.w.size(); ++slot) lane.w[slot] = w[slot] + t * (lane.w[slot] - w[slot]);
    for (std::size_t i = 0; i < n_; ++i) lane.eta[i] = eta[i] + t * (lane.eta[i] - eta[i]);
    lane.b = b + t * (lane.b - b);
}

/// The shift t that minimises sum_k h(w_k - t) for an unbounded h: the one with the least value among breakpoints and the
/// stationary points between them; 0 where that is as good.
double best_shift(const ScalarPenalty& h, const std::vector<double>& w) {
    const auto value = [&](double t) {
        double sum = 0;
        for (double v : w) sum += h.value(v - t);
        return sum;
    };
    const double C = static_cast<double>(w.size());
    double best = 0, least = value(0) * (1 - 1e-14), total = 0;
    for (double v : w) total += v;
    for (double v : w) {
        double below = 0;
        for (double other : w) below += other <= v ? 1 : -1;
        const double inside = h.l2 > 0 ? (total - h.l1 * below / h.l2) / C : v;
        for (double t : {v, inside})
            if (value(t) < least) best = t, least = value(t);
    }
    return best;
}

/// Moves all classes' coefficients of a feature by the same amount, which changes no probability, to where the penalty is
/// least: classes in turn are slow to find that.
void MultinomialDriver::balance(double alpha) {
    if (problem_.penalty.bounded() || alpha == kInfinity) return;
    std::vector<std::size_t> used(problem_.design.cols(), 0);
    for (const auto& one : classes_)
        for (std::size_t slot = 0; slot < one->lane.w.size(); ++slot)
            used[static_cast<std::size_t>(one->model.features()[slot])] += one->lane.w[slot] != 0;
    std::vector<Index> features;
    std::vector<double> shifts, w(classes());
    for (std::size_t j = 0; j < used.size(); ++j) {
        const ScalarPenalty h = at_[j];
        if (used[j] == 0 || (h.l2 == 0 && 2 * used[j] <= classes())) continue;
        for (std::size_t k = 0; k < classes(); ++k) {
            const Index slot = classes_[k]->model.slot(static_cast<Index>(j));
            const std::vector<double>& own = classes_[k]->lane.w;  // shorter than the model where that has grown since
            w[k] = slot < 0 || static_cast<std::size_t>(slot) >= own.size() ? 0.0 : own[static_cast<std::size_t>(slot)];
        }
        const double t = best_shift(h, w);
        if (t == 0) continue;
        features.push_back(static_cast<Index>(j));
        shifts.push_back(-t);
    }
    if (features.empty()) return;
    std::vector<double> z(n_, 0.0);
    for (auto& one : classes_) {
        std::vector<Index> fresh;
        for (Index j : features)
            if (one->model.slot(j) < 0) fresh.push_back(j);
        one->model.grow(fresh);
        one->lane.w.resize(one->model.size(), 0.0);
        for (std::size_t i = 0; i < features.size(); ++i)
            one->lane.w[static_cast<std::size_t>(one->model.slot(features[i]))] += shifts[i];
    }
    problem_.design.accumulate(features, shifts.data(), 1, z.data(), problem_.team);
    for (std::size_t k = 0; k < classes(); ++k)
        for (std::size_t i = 0; i < n_; ++i) {
            margins(k)[i] += z[i];
            classes_[k]->lane.eta[i] += z[i];
        }
}

/// Takes the largest margins, and for every class what those after it add up to.
void MultinomialDriver::begin_cycle() {
    top_.assign(n_, -kInfinity);
    passed_.assign(n_, 0.0);
    e_.resize(n_);
    for (std::size_t k = 0; k < classes(); ++k)
        for (std::size_t i = 0; i < n_; ++i) top_[i] = std::max(top_[i], margins(k)[i]);
    classes_.back()->after.assign(n_, 0.0);
    for (std::size_t k = classes() - 1; k > 0; --k) {
        for (std::size_t i = 0; i < n_; ++i) e_[i] = margins(k)[i] - top_[i];
        kernels::active().exponentials(e_.data(), n_, e_.data());
        auto& after = classes_[k - 1]->after;
        after.resize(n_);
        for (std::size_t i = 0; i < n_; ++i) after[i] = classes_[k]->after[i] + e_[i];
    }
}

/// offset_k = -log sum_{l != k} e^{eta_l}: classes before k have moved, those after it have not.
void MultinomialDriver::find_offset(std::size_t k) {
    Class& one = *classes_[k];
    std::vector<std::size_t> far;  // rows in which class k is far above all others
    for (std::size_t i = 0; i < n_; ++i) {
        e_[i] = passed_[i] + one.after[i];
        if (e_[i] < kVanishes) far.push_back(i);
    }
    kernels::active().logarithms(e_.data(), n_, e_.data());
    for (std::size_t i = 0; i < n_; ++i) one.offset[i] = -top_[i] - e_[i];
    for (std::size_t i : far) {
        double top = -kInfinity, sum = 0;
        for (std::size_t l = 0; l < classes(); ++l)
            if (l != k) top = std::max(top, margins(l)[i]);
        for (std::size_t l = 0; l < classes(); ++l)
            if (l != k) sum += std::exp(margins(l)[i] - top);
        one.offset[i] = -top - std::log(sum);
    }
}

/// Class k has moved.
void MultinomialDriver::pass(std::size_t k) {
    for (std::size_t i = 0; i < n_; ++i) e_[i] = std::min(margins(k)[i] - top_[i], kFarthest);
    kernels::active().exponentials(e_.data(), n_, e_.data());
    for (std::size_t i = 0; i < n_; ++i) passed_[i] += e_[i];
}

}  // namespace riata
