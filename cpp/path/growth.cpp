// How the working set grows: by what a batch lacked, and by extrapolating correlations along the path.
#include "path/driver.hpp"

#include <algorithm>
#include <cmath>

namespace riata {

namespace {
constexpr double kLikely = 0.97;  // of its l1: what an extrapolated correlation has to reach to be predicted
}

/// The exact correlations at the residual of batch member k become the reference for later bounds.
void Driver::remember(std::size_t k) {
    if (!bounds_pay_ || batch_.listed.empty()) return;
    bounds_.store(batch_.r, k);
    for (std::size_t i = 0; i < batch_.listed.size(); ++i)
        bounds_.note(static_cast<std::size_t>(batch_.listed[i]), batch_.exact[i * batch_.count + k]);
}

/// Notes the correlations beyond W at the last accepted alpha and at an earlier one, to extrapolate from.
void Driver::look_beyond(std::size_t done) {
    if (done == 0) return;
    const std::size_t K = batch_.count, last = done - 1;
    set_alpha(batch_.first);
    const double first_scale = problem_.penalty.l1_scale;
    set_alpha(batch_.first + last);
    const double last_scale = problem_.penalty.l1_scale;
    if (done < 2) {
        c_before_.swap(c_now_);
        at_before_ = at_now_;
    } else {
        at_before_ = first_scale;
    }
    if (bounds_pay_)
        for (Index feature : beyond_) {
            const auto j = static_cast<std::size_t>(feature);
            if (done >= 2) c_before_[j] = bounds_.guess(j, 0) * first_scale;
            c_now_[j] = bounds_.guess(j, last) * last_scale;
        }
    for (std::size_t i = 0; i < batch_.listed.size(); ++i) {
        const auto j = static_cast<std::size_t>(batch_.listed[i]);
        if (done >= 2) c_before_[j] = batch_.exact[i * K];
        c_now_[j] = batch_.exact[i * K + last];
    }
    at_now_ = last_scale;
}

/// Adds features that violate their condition at batch member k or a later one.
void Driver::grow_by_violators(std::size_t k) {
    const Penalty& penalty = problem_.penalty;
    std::vector<Candidate> candidates;
    for (std::size_t i : batch_.lacking) {
        double worst = 0;
        for (std::size_t later = k; later < batch_.count; ++later) {
            set_alpha(batch_.first + later);
            const ScalarPenalty h = penalty[static_cast<std::size_t>(batch_.listed[i])];
            const double excess = h.violation(0.0, batch_.exact[i * batch_.count + later]) / h.l1;
            worst = std::max(worst, excess / static_cast<double>(1 + later - k));
        }
        if (worst > 0) candidates.push_back({batch_.listed[i], worst});
    }
    grow(candidates, std::max<std::size_t>(64, model_.size() / 2));
}

/// Adds the features that are likely to enter before the end of the next batch: those whose correlation, extrapolated
/// along the path, reaches its l1.
void Driver::grow_by_prediction(std::size_t next) {
    set_alpha(std::min(next + width_, alphas_.size()) - 1);
    const Penalty& penalty = problem_.penalty;
    const double ahead = at_now_ - penalty.l1_scale, run = at_before_ - at_now_;
    const double step = run > 0 && ahead > 0 ? ahead / run : 0.0;
    std::vector<Candidate> candidates;
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        const double c = c_now_[j] + step * (c_now_[j] - c_before_[j]);
        const double score = std::abs(c) / penalty.l1_factor[j];
        if (score > kLikely * penalty.l1_scale) candidates.push_back({feature, score});
    }
    grow(candidates, std::max<std::size_t>(64, model_.size() / 2));
}

void Driver::grow(std::vector<Candidate>& candidates, std::size_t limit) {
    if (candidates.size() > limit) {
        std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(limit), candidates.end(),
                         [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
        candidates.resize(limit);
    }
    std::vector<Index> features;
    for (const Candidate& c : candidates) features.push_back(c.feature);
    std::sort(features.begin(), features.end());
    add(features);
}

void Driver::add(const std::vector<Index>& features) {
    if (features.empty()) return;
    model_.grow(features);
    std::erase_if(beyond_, [&](Index j) { return model_.slot(j) >= 0; });
}

}  // namespace riata
