// The slopes of the softmax model at an iterate, and the certificate that they give.
#include <algorithm>
#include <cmath>

#include "path/multinomial.hpp"
#include "solver/certifier.hpp"
#include "solver/softmax_system.hpp"

namespace riata {

/// R = y - p, moved to s'R_k = 0 for all classes as a first order step of the intercepts would, or several where that is too long for
/// probabilities to stay such; not sound where they get nowhere.
void MultinomialDriver::find_slopes() {
    predict();
    std::vector<double> step = softmax_.intercept_step(R_.data());
    sound_ = !step.empty();
    step.resize(classes(), 0.0);
    sound_ = softmax_.find_slopes(R_.data(), step, R_.data()) && sound_;
    if (sound_) return;
    predict();
    softmax_.find_slopes(R_.data(), std::vector<double>(classes(), 0.0), R_.data());
    sound_ = orthogonalise(problem_, softmax_, ClassFeatures(classes()), R_);
}

/// c_k = Xh'S R_k over all features.
void MultinomialDriver::correlate() {
    const std::size_t p = problem_.design.cols(), C = classes(), width = Panel::kLanes;
    u_.resize(n_ * width);
    out_.resize(p * width);
    for (std::size_t first = 0; first < C; first += width) {
        const std::size_t K = std::min(width, C - first);
        for (std::size_t k = 0; k < K; ++k) problem_.weigh(slopes(first + k), u_.data() + k * n_);
        problem_.design.correlate_all(u_.data(), K, out_.data(), problem_.team);
        for (std::size_t k = 0; k < K; ++k) {
            auto& c = classes_[first + k]->c;
            c.resize(p);
            for (std::size_t j = 0; j < p; ++j) c[j] = out_[j * K + k];
        }
    }
    whole_ = true;
    report_.count_passes(static_cast<double>(C) / static_cast<double>(width));
}

/// The same over the working sets alone.
void MultinomialDriver::correlate_within() {
    const std::size_t p = problem_.design.cols();
    u_.resize(n_ * Panel::kLanes);
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        const auto& features = one.model.features();
        problem_.weigh(slopes(k), u_.data());
        out_.resize(std::max(out_.size(), features.size()));
        problem_.design.correlate(features, u_.data(), 1, out_.data(), problem_.team);
        one.c.resize(p);
        for (std::size_t slot = 0; slot < features.size(); ++slot)
            one.c[static_cast<std::size_t>(features[slot])] = out_[slot];
        report_.count_passes(static_cast<double>(features.size()) / static_cast<double>(p * Panel::kLanes));
    }
    whole_ = false;
}

double MultinomialDriver::penalty(double alpha) const {
    double sum = 0;
    for (const auto& one : classes_)
        for (std::size_t slot = 0; slot < one->lane.w.size(); ++slot) {
            const ScalarPenalty h = at_[static_cast<std::size_t>(one->model.features()[slot])];
            if (alpha < kInfinity || h.l1 == 0) sum += h.value(one->lane.w[slot]);
        }
    return sum;
}

/// The slopes, correlations and certificate at the iterate, over the working sets or all features. What no penalty holds has to
/// have no correlation at all in the dual: where all else is well, or at last, R is made so. Until then the certificate, which is of
/// no use but to go on by, leaves it out.
void MultinomialDriver::look(double alpha, double tol, bool whole, bool thorough) {
    const Free unheld = find_free(false);
    const bool loose = unheld.start.back() > 0;
    find_slopes();
    whole ? correlate() : correlate_within();
    certificate_ = certify(alpha, thorough && !loose, loose);
    if (!loose || !(thorough || certificate_.rel_gap <= tol)) return;
    const double kkt_max = certificate_.kkt_max;
    if (sound_) orthogonalise(problem_, softmax_, unheld.features, R_);
    whole ? correlate() : correlate_within();
    certificate_ = certify(alpha, thorough, false);
    certificate_.kkt_max = std::max(certificate_.kkt_max, kkt_max);
}

/// Margins from the coefficients, where rounding in them may have added up.
void MultinomialDriver::refresh() {
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        std::vector<double> before(margins(k), margins(k) + n_), z(n_, one.lane.b);
        problem_.design.accumulate(one.model.features(), one.lane.w.data(), 1, z.data(), problem_.team);
        std::copy(z.begin(), z.end(), margins(k));
        for (std::size_t i = 0; i < n_; ++i) one.lane.eta[i] += z[i] - before[i];
    }
}

Certificate MultinomialDriver::certify(double alpha, bool thorough, bool skip_unheld) {
    const auto& scale = problem_.design.moments().scale;
    double loosest = 0;
    Certifier certifier(problem_, at_, loss_ + penalty(alpha));
    for (const auto& one : classes_) {
        const auto& features = one->model.features();
        for (std::size_t slot = 0; slot < features.size(); ++slot) {
            const auto j = static_cast<std::size_t>(features[slot]);
            const ScalarPenalty h = at_[j];
            if (alpha == kInfinity && h.l1 > 0) continue;
            const double w = slot < one->lane.w.size() ? one->lane.w[slot] : 0.0;
            if (skip_unheld && !h.is_breakpoint(w) && is_unheld(h))
                loosest = std::max(loosest, std::abs(one->c[j]) / scale[j]);
            else
                certifier.see(j, w, one->c[j]);
        }
        if (!whole_ || alpha == kInfinity) continue;
        for (std::size_t j = 0; j < one->c.size(); ++j) {
            // Most stay below their l1, where they cost nothing.
            if (std::abs(one->c[j]) <= at_.l1_scale * problem_.penalty.l1_factor[j]) continue;
            if (problem_.usable[j] && one->model.slot(static_cast<Index>(j)) < 0) certifier.see(j, 0.0, one->c[j]);
        }
    }
    // Where R is not in the dual's domain there is still 0, below any loss.
    double dual = 0;
    if (sound_)
        dual = std::max(0.0, certifier.dual().best([&](double t) { return softmax_.dual_value(R_.data(), t); },
                                                   certifier.primal() - 0.1 * options_.tol * null_loss_, thorough));
    if (whole_ && !skip_unheld) dual = best_dual_ = std::max(best_dual_, dual);
    Certificate result = certifier.finish(dual, null_loss_);
    result.kkt_max = std::max(result.kkt_max, loosest / problem_.weight);
    return result;
}

}  // namespace riata
