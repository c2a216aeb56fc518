#include "solver/newton_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/sum_of.hpp"

namespace riata {

namespace {

constexpr std::size_t kMany = 16;  // columns whose Gram matrix is worth a sweep over blocks of rows

double total(const std::vector<double>& d) {
    return sum_of(d.size(), [&](std::size_t i) { return d[i]; });
}

/// sum |d - a e| / sum d with a = sum d / sum e.
double apart(const std::vector<double>& d, double sum_d, const std::vector<double>& e, double sum_e) {
    if (!(sum_d > 0) || !(sum_e > 0)) return kInfinity;
    const double a = sum_d / sum_e;
    return sum_of(d.size(), [&](std::size_t i) { return std::abs(d[i] - a * e[i]); }) / sum_d;
}

}  // namespace

void NewtonModel::recurve(const double* r, double damping) {
    damping_ = damping;
    d_.resize(design_.rows());
    loss_.curvature(r, d_.data());
    total_ = total(d_);
    member_.clear();
    member_features_.clear();
    std::fill(member_place_.begin(), member_place_.end(), Index{-1});
}

double NewtonModel::scale(const double* r) {
    z_.resize(d_.size());
    loss_.curvature(r, z_.data());
    const double sum = total(z_);
    return sum > 0 && total_ > 0 ? sum / total_ : 1.0;
}

double NewtonModel::drift(const double* r) {
    if (d_.empty()) return kInfinity;
    z_.resize(d_.size());
    loss_.curvature(r, z_.data());
    return apart(z_, total(z_), d_, total_);
}

double NewtonModel::drift(const double* r, const double* other) {
    y_.resize(d_.size());
    z_.resize(d_.size());
    loss_.curvature(r, z_.data());
    loss_.curvature(other, y_.data());
    return apart(z_, total(z_), y_, total(y_));
}

void NewtonModel::expand(const std::vector<double>& w, const std::vector<double>& c) {
    w0_ = w;
    c_ = c;
    w0_.resize(size(), 0.0);
    support_of_w0_.clear();
    for (std::size_t slot = 0; slot < w0_.size(); ++slot)
        if (w0_[slot] != 0) support_of_w0_.push_back(slot);
    admit(support_of_w0_);
    g_.resize(members());
    multiply(w0_.data(), member_, g_.data());
    for (std::size_t i = 0; i < members(); ++i) q_[member_[i]] = c_[member_[i]] + g_[i];
}

/// q = c + G w0 of a member.
void NewtonModel::set_target(std::size_t slot) {
    const double* own = column(slot);
    double sum = c_[slot];
    for (std::size_t other : support_of_w0_) sum += own[position(other)] * w0_[other];
    q_[slot] = sum;
}

void NewtonModel::admit(const std::vector<std::size_t>& slots) {
    std::vector<std::size_t> fresh;
    std::vector<Index> features;
    for (std::size_t slot : slots)
        if (!is_member(slot)) {
            fresh.push_back(slot);
            features.push_back(features_[slot]);
        }
    if (fresh.empty()) return;
    std::vector<double> xd(fresh.size());
    design_.correlate(features, d_.data(), 1, xd.data(), team_);
    xd_.resize(size());
    for (std::size_t i = 0; i < fresh.size(); ++i) xd_[fresh[i]] = xd[i];
    if (!admit_together(fresh, features)) GramModel::admit(fresh);
    if (c_.size() == size())
        for (std::size_t slot : fresh) set_target(slot);
}

/// Makes the first members, where they are many, in one sweep that knows G to be symmetric.
bool NewtonModel::admit_together(const std::vector<std::size_t>& fresh, const std::vector<Index>& features) {
    const std::size_t m = fresh.size();
    if (members() > 0 || m < kMany) return false;
    std::vector<double> root(d_.size());
    for (std::size_t i = 0; i < root.size(); ++i) root[i] = std::sqrt(d_[i]);
    LargeVector all(m * m);
    if (!design_.gram_of(features, root.data(), all.data(), team_)) return false;
    const double unit = problem_.request.fit_intercept && total_ > 0 ? 1 / total_ : 0.0;
    reserve(m);
    member_features_ = features;
    member_ = fresh;
    for (std::size_t b = 0; b < m; ++b) {
        member_place_[fresh[b]] = static_cast<Index>(b);
        for (std::size_t a = 0; a < m; ++a) G_[a + b * ld_] = all[a + b * m] - unit * xd_[fresh[a]] * xd_[fresh[b]];
        G_[b + b * ld_] *= 1 + damping_;
    }
    return true;
}

void NewtonModel::products(const std::vector<Index>& A, const std::vector<Index>& B, double* out) {
    design_.products(A, B, d_.data(), out, team_);
    const bool centred = problem_.request.fit_intercept && total_ > 0;
    for (std::size_t a = 0; a < A.size() && centred; ++a) {
        const double mean = xd_[static_cast<std::size_t>(slot(A[a]))] / total_;
        for (std::size_t b = 0; b < B.size(); ++b)
            out[a * B.size() + b] -= mean * xd_[static_cast<std::size_t>(slot(B[b]))];
    }
    for (std::size_t a = 0; a < A.size() && damping_ > 0; ++a)
        for (std::size_t b = 0; b < B.size(); ++b)
            if (A[a] == B[b]) out[a * B.size() + b] *= 1 + damping_;
}

double NewtonModel::intercept_shift(const std::vector<double>& w) const {
    if (!problem_.request.fit_intercept || !(total_ > 0)) return 0;
    double sum = 0;
    for (std::size_t slot : member_) sum += xd_[slot] * (w0_[slot] - w[slot]);
    return sum / total_;
}

void NewtonModel::gradient(const double* w, const std::vector<std::size_t>& slots, double* g) {
    known_.clear();
    places_.clear();
    for (std::size_t i = 0; i < slots.size(); ++i) {
        g[i] = c_[slots[i]];
        if (!is_member(slots[i])) continue;
        known_.push_back(slots[i]);
        places_.push_back(i);
    }
    g_.resize(known_.size());
    multiply(w, known_, g_.data());
    for (std::size_t i = 0; i < known_.size(); ++i) g[places_[i]] = q_[known_[i]] - g_[i];
}

/// Cyclic coordinate descent on the Gram matrix.
long NewtonModel::descend(const PenaltyAt& penalty, std::vector<double>& w, double tolerance, double noise,
                          long max_sweeps, Control& control) {
    std::vector<std::size_t> slots(size());
    std::iota(slots.begin(), slots.end(), std::size_t{0});
    admit(slots);
    std::vector<double> g(size());
    gradient(w.data(), slots, g.data());
    for (long sweep = 0; sweep < max_sweeps; ++sweep) {
        if (control.cancelled()) throw Cancelled{};
        double largest = 0;
        for (std::size_t slot : slots) {
            const ScalarPenalty h = penalty[static_cast<std::size_t>(features_[slot])];
            const double* column = this->column(slot);
            const double diagonal = column[position(slot)], curvature = diagonal + h.l2;
            if (!(curvature > 0)) continue;
            const double pull = g[slot] + diagonal * w[slot];
            const double shrunk = std::copysign(std::max(0.0, std::abs(pull) - h.l1), pull) / curvature;
            const double next = std::clamp(shrunk, h.lower, h.upper), delta = next - w[slot];
            if (delta == 0) continue;
            w[slot] = next;
            for (std::size_t other : slots) g[other] -= delta * column[position(other)];
            largest = std::max(largest, std::abs(delta) * curvature / (tolerance * h.l1 + noise));
        }
        if (largest <= 1) return sweep + 1;
    }
    return max_sweeps;
}

}  // namespace riata
