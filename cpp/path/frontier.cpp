#include "path/frontier.hpp"

#include <algorithm>
#include <cmath>

#include "path/candidates.hpp"

namespace riata {

namespace {
constexpr double kLikely = 0.97;  // of its l1: what an extrapolated correlation has to reach to be predicted
}

Frontier::Frontier(const Problem& problem, GramModel& model, const std::vector<double>& y,
                   const std::vector<double>& xty, const std::vector<double>& null)
    : problem_(problem), model_(model), y_(y), bounds_(problem.design, problem.weights(), y.data(), xty),
      bounds_pay_(problem.design.entries() > bounds_.cost()), c_before_(xty.size(), 0.0), c_now_(null) {
    for (std::size_t j = 0; j < xty.size(); ++j)
        if (problem_.usable[j]) beyond_.push_back(static_cast<Index>(j));
    drop_members();
}

void Frontier::drop_members() {
    std::erase_if(beyond_, [&](Index j) { return model_.slot(j) >= 0; });
}

std::size_t Frontier::look(const std::vector<const double*>& r, const std::vector<double>& alphas) {
    std::vector<double> rr(r.size()), ry(r.size());
    if (!beyond_.empty()) {
        own_r_.shape(problem_.design.rows(), r.size(), problem_.design.interleaves());
        own_r_.put(r, nullptr, problem_.team);
        if (bounds_pay_) own_r_.measure(problem_.weights(), y_.data(), rr.data(), ry.data(), problem_.team);
        if (problem_.weights()) own_u_.weigh(own_r_, problem_.weights(), problem_.team);
    }
    return look(own_r_, problem_.weights() ? own_u_ : own_r_, rr, ry, alphas);
}

std::size_t Frontier::look(const Panel& r, const Panel& u, const std::vector<double>& rr, const std::vector<double>& ry,
                           const std::vector<double>& alphas) {
    const auto& l1_factor = problem_.penalty.l1_factor;
    const std::size_t K = alphas.size();
    r_ = &r;
    alphas_ = alphas;
    scales_.resize(K);
    for (std::size_t k = 0; k < K; ++k) scales_[k] = problem_.at(alphas[k]).l1_scale;
    listed_.clear();
    lacking_.clear();
    if (beyond_.empty()) return 0;
    if (bounds_pay_) {
        bounds_.look_at(r, u, rr, ry, scales_.data(), problem_.team);
        bounds_.unsettled(beyond_, l1_factor, listed_);
    } else {
        listed_ = beyond_;
    }
    if (listed_.empty()) return 0;
    exact_.resize(listed_.size() * K);
    problem_.design.correlate(listed_, u, exact_.data(), problem_.team);
    for (std::size_t i = 0; i < listed_.size(); ++i) {
        const double factor = l1_factor[static_cast<std::size_t>(listed_[i])];
        bool lacks = false;
        for (std::size_t k = 0; k < K; ++k) lacks |= std::abs(exact_[i * K + k]) > scales_[k] * factor;
        if (lacks) lacking_.push_back(i);
    }
    return listed_.size();
}

bool Frontier::lacks(std::size_t k) const {
    if (lacking_.empty()) return false;
    const PenaltyAt penalty = problem_.at(alphas_[k]);
    return std::any_of(lacking_.begin(), lacking_.end(), [&](std::size_t i) {
        return penalty[static_cast<std::size_t>(listed_[i])].violation(0.0, exact(i, k)) > 0;
    });
}

void Frontier::remember(std::size_t k) {
    if (!bounds_pay_ || listed_.empty()) return;
    bounds_.store(*r_, k);
    for (std::size_t i = 0; i < listed_.size(); ++i) bounds_.note(static_cast<std::size_t>(listed_[i]), exact(i, k));
}

void Frontier::advance(std::size_t done) {
    if (done == 0) return;
    const std::size_t last = done - 1;
    if (done < 2) {
        c_before_.swap(c_now_);
        at_before_ = at_now_;
    } else {
        at_before_ = scales_[0];
    }
    if (bounds_pay_)
        for (Index feature : beyond_) {
            const auto j = static_cast<std::size_t>(feature);
            if (done >= 2) c_before_[j] = bounds_.guess(j, 0) * scales_[0];
            c_now_[j] = bounds_.guess(j, last) * scales_[last];
        }
    for (std::size_t i = 0; i < listed_.size(); ++i) {
        const auto j = static_cast<std::size_t>(listed_[i]);
        if (done >= 2) c_before_[j] = exact(i, 0);
        c_now_[j] = exact(i, last);
    }
    at_now_ = scales_[last];
}

std::vector<Index> Frontier::violators(std::size_t k, std::size_t limit) {
    std::vector<Candidate> candidates;
    for (std::size_t i : lacking_) {
        double worst = 0;
        for (std::size_t later = k; later < alphas_.size(); ++later) {
            const ScalarPenalty h = problem_.at(alphas_[later])[static_cast<std::size_t>(listed_[i])];
            worst = std::max(worst, h.violation(0.0, exact(i, later)) / h.l1 / static_cast<double>(1 + later - k));
        }
        if (worst > 0) candidates.push_back({listed_[i], worst});
    }
    return best_of(candidates, limit);
}

std::vector<Index> Frontier::candidates(double alpha, std::size_t limit) {
    const PenaltyAt penalty = problem_.at(alpha);
    const double ahead = at_now_ - penalty.l1_scale, run = at_before_ - at_now_;
    const double step = run > 0 && ahead > 0 ? ahead / run : 0.0;
    std::vector<Candidate> candidates;
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        const double c = c_now_[j] + step * (c_now_[j] - c_before_[j]);
        const double score = std::abs(c) / problem_.penalty.l1_factor[j];
        if (score > kLikely * penalty.l1_scale) candidates.push_back({feature, score});
    }
    return best_of(candidates, limit);
}

std::vector<Index> Frontier::first_candidates(double alpha, std::size_t limit) {
    const PenaltyAt penalty = problem_.at(alpha);
    std::vector<Candidate> candidates;
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        if (std::abs(c_now_[j]) > penalty.l1(j))
            candidates.push_back({feature, std::abs(c_now_[j]) / problem_.penalty.l1_factor[j]});
    }
    return best_of(candidates, limit);
}

}  // namespace riata
