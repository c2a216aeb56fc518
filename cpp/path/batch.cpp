// One batch of the path: solutions on W, their residuals, correlations and certificates.
#include "path/driver.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "solver/certifier.hpp"
#include "solver/column_descent.hpp"

namespace riata {

namespace {
constexpr long kMostRounds = 200;        // of the lanes
constexpr double kDraft = 1000;          // times the tolerance of the lanes: of a draft
constexpr double kGramRounding = 4e-15;  // of a residual norm or correlation put together from Gram entries
}  // namespace

/// Solves on W for `count` alphas from `first`.
void Driver::speculate(std::size_t first, std::size_t count) {
    const std::size_t known = batch_.first + batch_.w.size() > first ? first - batch_.first : batch_.w.size();
    batch_.w.erase(batch_.w.begin(), batch_.w.begin() + static_cast<std::ptrdiff_t>(known));
    batch_.first = first;
    batch_.count = count;
    batch_.w.resize(count);
    batch_.solves.assign(count, 0);
    batch_.settled.assign(count, 1);
    batch_.beside.assign(count, {});
    // Nothing is known of the path at first: begin with what the null model says the first alphas will want.
    if (first == 0 && !model_.complete()) grow(frontier_->first_candidates(alphas_[count - 1], 64));
    if (lanes_) {
        if (drafts_) draft();
        return solve_in_lanes();
    }
    for (std::size_t k = 0; k < count; ++k) {
        if (k > 0 && budget(k) <= 0) {
            batch_.count = k;
            batch_.w.resize(k);
            batch_.beside.resize(k);
            break;
        }
        const long before = k == 0 || options_.only_last ? spent_ : 0;
        batch_.solves[k] = before + solve_one(k, std::max(1L, budget(k)));
        if (k == 0 || options_.only_last) spent_ = batch_.solves[k];
    }
}

/// Solves for batch member k on W; returns the systems or sweeps that took.
long Driver::solve_one(std::size_t k, long most) {
    if (lean_) {
        lean_w_.resize(model_.size(), 0.0);
        const long sweeps = descend_columns(problem_, penalty(k), model_.features(), lean_w_, lean_tolerance_,
                                            problem_.noise(), most, control_);
        batch_.w[k] = lean_w_;
        return sweeps;
    }
    const bool sweeps = k == 0 && sweeps_ > 0;
    const auto report = sweeps ? active_->sweep(problem_.noise(), std::min(sweeps_, most))
                               : active_->solve(penalty(k), problem_.noise(), most, !on_columns_ && columns_fit());
    batch_.settled[k] = report.settled;
    batch_.w[k] = active_->w();
    if (active_->residual() && !sweeps)
        batch_.beside[k].assign(active_->residual(), active_->residual() + design_.rows());
    return report.solves;
}

/// Where lane k of the batch starts: at what it was solved to before, or extrapolated along the path up to the next sign
/// change.
std::vector<double> Driver::lane_start(std::size_t k) const {
    if (!batch_.w[k].empty()) return batch_.w[k];
    const std::vector<double>&now = k > 0 ? batch_.w[k - 1] : w_now_, &before = k > 1    ? batch_.w[k - 2]
                                                                                : k == 1 ? w_now_
                                                                                         : w_before_;
    std::vector<double> start = now;
    for (std::size_t slot = 0; slot < std::min(now.size(), before.size()); ++slot) {
        start[slot] = 2 * now[slot] - before[slot];
        if (start[slot] * now[slot] <= 0) start[slot] = 0;
    }
    return start;
}

/// Takes into W what rough solutions of the batch lack: exact ones cost many passes, and would be thrown away from the
/// first alpha on that lacks a feature.
void Driver::draft() {
    solve_in_lanes(kDraft);
    find_residuals();
    look_beyond();
    const std::vector<Index> missed = frontier_->violators(0, 2 * room());
    drafts_ = !missed.empty();
    grow(missed);
}

/// All alphas of the batch side by side, to `slack` times what the gap allows.
void Driver::solve_in_lanes(double slack) {
    lanes_->follow(model_.features());
    Lanes::Lane tolerance{};
    const auto& factor = problem_.penalty.l1_factor;
    for (std::size_t k = 0; k < batch_.count; ++k) {
        const PenaltyAt at = penalty(k);
        batch_.w[k] = lane_start(k);
        batch_.w[k].resize(model_.size(), 0.0);
        lanes_->set(k, at, batch_.w[k]);
        // Violations of eta * l1 cost the dual value about eta * sum l1 |w|.
        double cost = 0;
        for (std::size_t slot = 0; slot < model_.size(); ++slot)
            cost +=
                at.l1_scale * factor[static_cast<std::size_t>(model_.features()[slot])] * std::abs(batch_.w[k][slot]);
        tolerance[k] = std::min(1e-2, slack * lane_tolerance_ * options_.tol * null_ / std::max(cost, 1e-300));
    }
    const long sweeps =
        lanes_->solve(batch_.count, tolerance, std::min(std::max(1L, budget(0)), kMostRounds), lane_budget());
    spent_ += sweeps;
    for (std::size_t k = 0; k < batch_.count; ++k) {
        batch_.w[k] = lanes_->solution(k);
        batch_.solves[k] = spent_;
    }
}

/// Correlations and norms of the batch's residuals from the Gram matrix, where all features have a column of it or a row:
/// c = q - G w, r'y = y'y - q'w and r'r = r'y - c'w. False where rounding could matter.
bool Driver::read_off_gram() {
    if (!model_.complete() || on_columns_ || !gram_settles()) return false;
    const std::size_t p = model_.size(), K = batch_.count;
    every_slot_.resize(p);
    std::iota(every_slot_.begin(), every_slot_.end(), std::size_t{0});
    std::vector<double> c(p);
    batch_.in_model.resize(p * K);
    batch_.rr.resize(K);
    batch_.ry.resize(K);
    for (std::size_t k = 0; k < K; ++k) {
        const double* w = batch_.w[k].data();
        double qw = 0, cw = 0;
        model_.gradient(w, every_slot_, c.data());
        for (std::size_t slot = 0; slot < p; ++slot) {
            qw += model_.q()[slot] * w[slot];
            cw += c[slot] * w[slot];
            batch_.in_model[slot * K + k] = c[slot];
        }
        batch_.ry[k] = problem_.yy - qw;
        batch_.rr[k] = batch_.ry[k] - cw;
    }
    batch_.loss = batch_.rr;
    return true;
}

/// r_k = y - Xh_W w_k for the whole batch in one pass over the union of the supports.
void Driver::find_residuals() {
    const std::size_t K = batch_.count;
    std::vector<Index> support;
    std::vector<double> minus_w;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        bool any = false;
        for (std::size_t k = 0; k < K; ++k) any = any || batch_.w[k][slot] != 0;
        if (!any) continue;
        support.push_back(model_.features()[slot]);
        for (std::size_t k = 0; k < K; ++k) minus_w.push_back(-batch_.w[k][slot]);
    }
    batch_.r.shape(design_.rows(), K, design_.interleaves());
    design_.combine(problem_.y.data(), support, minus_w.data(), batch_.r, problem_.team);
    measure_residuals();
    batch_.loss = batch_.rr;
}

/// Takes residuals for the dual points that know nothing of the rounding of w.
void Driver::take_residuals_beside() {
    std::vector<const double*> r;
    for (auto& beside : batch_.beside) {
        if (const double* root = problem_.root_weights())
            for (std::size_t i = 0; i < beside.size(); ++i) beside[i] = root[i] > 0 ? beside[i] / root[i] : 0.0;
        r.push_back(beside.data());
    }
    batch_.r.put(r, nullptr, problem_.team);
    measure_residuals();
}

void Driver::measure_residuals() {
    batch_.rr.resize(batch_.count);
    batch_.ry.resize(batch_.count);
    batch_.r.measure(problem_.weights(), problem_.y.data(), batch_.rr.data(), batch_.ry.data(), problem_.team);
    if (problem_.request.fit_intercept) recentre_residuals();
    if (problem_.weights()) batch_.u.weigh(batch_.r, problem_.weights(), problem_.team);
}

void Driver::recentre_residuals() {
    const std::size_t K = batch_.count;
    double mean[Panel::kLanes];
    for (std::size_t k = 0; k < K; ++k) mean[k] = batch_.r.sums()[k] / problem_.weight;
    if (problem_.weights()) {
        // A light row's residual may be far below the rounding of a mean that a heavy row determines.
        batch_.r.shift(mean, problem_.team);
        batch_.r.measure(problem_.weights(), problem_.y.data(), batch_.rr.data(), batch_.ry.data(), problem_.team);
        return;
    }
    // With equal weights correlations do not see a constant in r, which then matters for the norm alone.
    for (std::size_t k = 0; k < K; ++k) batch_.rr[k] = std::max(0.0, batch_.rr[k] - mean[k] * batch_.r.sums()[k]);
}

/// True where correlations read off the Gram matrix are exact enough for the gap.
bool Driver::gram_settles() {
    if (problem_.uneven) return false;
    const auto& norm = design_.moments().norm;
    batch_.rounding.clear();
    for (const auto& w : batch_.w) {
        double size = std::sqrt(problem_.yy);
        for (std::size_t slot = 0; slot < w.size(); ++slot)
            if (w[slot] != 0) size += std::abs(w[slot]) * norm[static_cast<std::size_t>(model_.features()[slot])];
        batch_.rounding.push_back(design_.gram_noise() * kGramRounding * size * size);
        if (batch_.rounding.back() > 0.05 * options_.tol * null_) return false;
    }
    return true;
}

/// Correlations of the slots: of members off the Gram matrix if allowed, of the others from the residuals.
void Driver::correlate_model(bool by_gram) {
    const std::size_t K = batch_.count;
    const Panel& u = weighted_residuals();
    batch_.in_model.resize(model_.size() * K);
    if (!by_gram) {
        batch_.rounding.clear();
        design_.correlate(model_.features(), u, batch_.in_model.data(), problem_.team);
        report_.count_columns(static_cast<double>(model_.size()));
        return;
    }
    std::vector<double> c;
    model_.read_off(batch_.w, c);
    for (std::size_t m = 0; m < model_.members(); ++m)
        std::copy_n(c.data() + m * K, K, batch_.in_model.data() + model_.member()[m] * K);
    std::vector<std::size_t> slots;
    std::vector<Index> features;
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (!model_.is_member(slot)) {
            slots.push_back(slot);
            features.push_back(model_.features()[slot]);
        }
    c.resize(slots.size() * K);
    design_.correlate(features, u, c.data(), problem_.team);
    for (std::size_t i = 0; i < slots.size(); ++i)
        std::copy_n(c.data() + i * K, K, batch_.in_model.data() + slots[i] * K);
    report_.count_columns(static_cast<double>(slots.size()));
}

/// Correlations of the batch's residuals with the features beyond W that no bound settles.
void Driver::look_beyond() {
    const std::vector<double> alphas(alphas_.begin() + static_cast<std::ptrdiff_t>(batch_.first),
                                     alphas_.begin() + static_cast<std::ptrdiff_t>(batch_.first + batch_.count));
    const auto read = frontier_->look(batch_.r, weighted_residuals(), batch_.rr, batch_.ry, alphas);
    report_.count_columns(static_cast<double>(read));
}

Certificate Driver::certificate(std::size_t k) {
    Certifier certifier(problem_, penalty(k), 0.5 * batch_.loss[k]);
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        certifier.add(static_cast<std::size_t>(model_.features()[slot]), batch_.w[k][slot],
                      batch_.in_model[slot * batch_.count + k]);
    for (std::size_t i : frontier_->lacking())
        certifier.add(static_cast<std::size_t>(frontier_->listed()[i]), 0.0, frontier_->exact(i, k));
    double dual = certifier.dual().best(batch_.ry[k], batch_.rr[k], certifier.primal() - 0.1 * options_.tol * null_);
    if (!batch_.rounding.empty()) dual -= batch_.rounding[k];
    return certifier.finish(dual, null_);
}

void Driver::judge() {
    batch_.certificates.resize(batch_.count);
    for (std::size_t k = 0; k < batch_.count; ++k) batch_.certificates[k] = certificate(k);
}

/// Certificates with other dual points where those are better.
void Driver::certify_beside() {
    const auto before = batch_.certificates;
    take_residuals_beside();
    correlate_model(false);
    look_beyond();
    judge();
    for (std::size_t k = 0; k < batch_.count; ++k)
        if (before[k].rel_gap <= batch_.certificates[k].rel_gap) batch_.certificates[k] = before[k];
}

void Driver::certify() {
    if (read_off_gram()) {
        judge();
        if (std::all_of(batch_.certificates.begin(), batch_.certificates.end(),
                        [&](const Certificate& c) { return c.rel_gap <= options_.tol; }))
            return;
    }
    find_residuals();
    const bool by_gram = active_ && !model_.complete() && !on_samples_ && !on_columns_ && gram_settles();
    correlate_model(by_gram);
    look_beyond();
    judge();
    if (on_columns_ && !accepted(0) && !batch_.beside[0].empty()) certify_beside();
    if (!by_gram || accepted(0) || frontier_->lacks(0)) return;
    correlate_model(false);
    judge();
}

}  // namespace riata
