// Probabilities and slopes of the softmax model with rows of coefficients, and the certificate that they give.
#include <algorithm>
#include <cmath>

#include "path/grouped.hpp"
#include "solver/certifier.hpp"
#include "solver/softmax_system.hpp"

namespace riata {

namespace {
constexpr int kMaxProfiles = 30;   // Newton steps of the intercepts
constexpr double kLongest = 0.7;   // move of a margin in one of them
constexpr double kSettled = 1e-7;  // where what is left of a step is second order
}  // namespace

/// Moves the intercept of class k.
void GroupedDriver::shift(std::size_t k, double step) {
    now_.b[k] += step;
    for (std::size_t i = 0; i < n_; ++i) now_.eta[k * n_ + i] += step;
}

/// Moves the intercepts to their best; R = y - p, with what is left of s'R_k taken off to first order.
void GroupedDriver::find_slopes() {
    predict();
    std::vector<double> step = softmax_.intercept_step(P_.data());
    for (int k = 0; k < kMaxProfiles; ++k) {
        double longest = 0;
        for (double v : step) longest = std::max(longest, std::abs(v));
        if (longest <= kSettled) break;
        const double t = std::min(1.0, kLongest / longest);
        for (std::size_t a = 0; a < C_; ++a) shift(a, t * step[a]);
        predict();
        step = softmax_.intercept_step(P_.data());
    }
    sound_ = !step.empty();
    step.resize(C_, 0.0);
    sound_ = softmax_.find_slopes(P_.data(), step, R_.data()) && sound_;
}

/// C = Xh'S R over all features.
void GroupedDriver::correlate() {
    u_.resize(n_ * C_);
    for (std::size_t k = 0; k < C_; ++k) problem_.weigh(R_.data() + k * n_, u_.data() + k * n_);
    all_.resize(problem_.design.cols() * C_);
    problem_.design.correlate_all(u_.data(), C_, all_.data(), problem_.team);
    c_.resize(model_.size() * C_);
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        std::copy_n(all_.data() + feature(slot) * C_, C_, c_.data() + slot * C_);
    whole_ = true;
    report_.count_passes(1);
}

/// The same over the working set alone.
void GroupedDriver::correlate_within() {
    u_.resize(n_ * C_);
    for (std::size_t k = 0; k < C_; ++k) problem_.weigh(R_.data() + k * n_, u_.data() + k * n_);
    c_.resize(model_.size() * C_);
    if (model_.size() > 0) problem_.design.correlate(model_.features(), u_.data(), C_, c_.data(), problem_.team);
    whole_ = false;
    report_.count_columns(static_cast<double>(model_.size()));
}

double GroupedDriver::penalty() const {
    double sum = 0;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        const double length = norm_of(row(slot), C_);
        if (length > 0) sum += at_[feature(slot)].value(length);
    }
    return sum;
}

/// The slopes, correlations and certificate at the iterate, over the working set or all features. Rows that no penalty holds have
/// to have no correlation at all in the dual: where all else is well, or at last, R is made so. Until then the certificate, which is
/// of no use but to go on by, leaves them out.
void GroupedDriver::look(double tol, bool whole, bool thorough) {
    find_slopes();
    const auto correlate_again = [&] { whole ? correlate() : correlate_within(); };
    correlate_again();
    std::vector<Index> unheld;
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (is_unheld(slot)) unheld.push_back(model_.features()[slot]);
    certify(thorough && unheld.empty(), !unheld.empty());
    if (unheld.empty() || !(thorough || certificate_.rel_gap <= tol)) return;
    const double kkt_max = certificate_.kkt_max;
    const std::vector<double> R = R_, c = c_;
    if (sound_) orthogonalise(problem_, softmax_, ClassFeatures(C_, unheld), R_);
    correlate_again();
    certify(thorough, false);
    certificate_.kkt_max = std::max(certificate_.kkt_max, kkt_max);
    if (certificate_.rel_gap <= tol) return;
    R_ = R;  // steps go by the gradient
    c_ = c;
}

/// Whether no penalty holds a row.
bool GroupedDriver::is_unheld(std::size_t slot) const {
    const std::size_t j = feature(slot);
    return problem_.usable[j] && at_.l1(j) == 0 && at_.l2(j) == 0;
}

void GroupedDriver::certify(bool thorough, bool skip_unheld) {
    double loosest = 0;
    Certifier certifier(problem_, at_, objective());
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        const std::size_t j = feature(slot);
        if (skip_unheld && is_unheld(slot))
            loosest = std::max(loosest, norm_of(c_.data() + slot * C_, C_) / problem_.design.moments().scale[j]);
        else if (problem_.usable[j])
            certifier.see_row(j, row(slot), c_.data() + slot * C_, C_);
    }
    for (std::size_t j = 0; whole_ && j < problem_.design.cols(); ++j)
        if (problem_.usable[j] && model_.slot(static_cast<Index>(j)) < 0)
            certifier.see_row(j, nullptr, all_.data() + j * C_, C_);
    // Where R is not in the dual's domain there is still 0, below any loss.
    double dual = 0;
    if (sound_)
        dual = std::max(0.0, certifier.dual().best([&](double t) { return softmax_.dual_value(R_.data(), t); },
                                                   certifier.primal() - 0.1 * options_.tol * null_loss_, thorough));
    if (whole_ && !skip_unheld) dual = best_dual_ = std::max(best_dual_, dual);
    certificate_ = certifier.finish(dual, null_loss_);
    certificate_.kkt_max = std::max(certificate_.kkt_max, loosest / problem_.weight);
}

}  // namespace riata
