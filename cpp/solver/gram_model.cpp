#include "solver/gram_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/kernels.hpp"
#include "solver/column_descent.hpp"

namespace riata {

namespace {
constexpr std::size_t kBatch = 64;  // columns that meet all others in one pass over them
}  // namespace

GramModel::GramModel(Problem& problem)
    : problem_(problem), design_(problem.design), team_(problem.team), slot_(problem.design.cols(), -1) {}

void GramModel::grow(const std::vector<Index>& features) {
    design_.pin(features, team_);
    list(features);
}

void GramModel::list(const std::vector<Index>& features) {
    for (Index j : features) {
        slot_[static_cast<std::size_t>(j)] = static_cast<Index>(features_.size());
        features_.push_back(j);
        q_.push_back(problem_.xty[static_cast<std::size_t>(j)]);
    }
    member_place_.resize(features_.size(), -1);
}

void GramModel::grow_to_all(bool sweep) {
    const std::size_t p = design_.cols();
    complete_ = true;
    features_.resize(p);
    std::iota(features_.begin(), features_.end(), Index{0});
    slot_ = features_;
    member_place_.assign(p, -1);
    q_ = problem_.xty;
    ld_ = p;
    G_.resize(p * p);
    if (!sweep) return;
    design_.gram_all(problem_.root_weights(), G_.data(), team_);
    member_place_ = features_;
    member_.resize(p);
    std::iota(member_.begin(), member_.end(), std::size_t{0});
}

void GramModel::reserve(std::size_t size) {
    if (size <= ld_) return;
    const std::size_t ld = std::min(std::max<std::size_t>({size, ld_ + ld_ / 2, 64}), slot_.size());
    LargeVector grown(ld * ld);
    for (std::size_t j = 0; j < std::min(ld_, members()); ++j)
        std::copy_n(G_.data() + j * ld_, std::min(ld_, members()), grown.data() + j * ld);
    G_.swap(grown);
    ld_ = ld;
}

void GramModel::drop_gram() {
    LargeVector().swap(G_);
    ld_ = 0;
    member_.clear();
    member_features_.clear();
    std::fill(member_place_.begin(), member_place_.end(), Index{-1});
}

void GramModel::admit(const std::vector<std::size_t>& slots) {
    std::vector<std::size_t> fresh;
    for (std::size_t slot : slots)
        if (member_place_[slot] < 0) {
            member_place_[slot] = static_cast<Index>(member_.size());
            member_.push_back(slot);
            fresh.push_back(slot);
        }
    if (fresh.empty()) return;
    if (complete_)
        admit_complete(fresh);
    else
        admit_square(fresh);
}

void GramModel::admit_complete(const std::vector<std::size_t>& fresh) {
    const std::size_t p = size();
    block_.resize(design_.rows() * std::min(kBatch, fresh.size()));
    for (std::size_t begin = 0; begin < fresh.size(); begin += kBatch) {
        const std::size_t m = std::min(kBatch, fresh.size() - begin);
        const std::vector<Index> batch(fresh.begin() + static_cast<std::ptrdiff_t>(begin),
                                       fresh.begin() + static_cast<std::ptrdiff_t>(begin + m));
        design_.gather(batch, problem_.weights(), block_.data(), team_);
        products_.resize(p * m);
        design_.correlate_all(block_.data(), m, products_.data(), team_);
        for (std::size_t k = 0; k < m; ++k)
            for (std::size_t a = 0; a < p; ++a) G_[fresh[begin + k] * ld_ + a] = products_[a * m + k];
    }
}

void GramModel::admit_square(const std::vector<std::size_t>& fresh) {
    const std::size_t before = members() - fresh.size();
    for (std::size_t slot : fresh) member_features_.push_back(features_[slot]);
    reserve(members());
    for (std::size_t begin = 0; begin < fresh.size(); begin += kBatch) {
        const std::size_t m = std::min(kBatch, fresh.size() - begin), known = before + begin, end = known + m;
        const std::vector<Index> so_far(member_features_.begin(),
                                        member_features_.begin() + static_cast<std::ptrdiff_t>(end));
        const std::vector<Index> batch(so_far.begin() + static_cast<std::ptrdiff_t>(known), so_far.end());
        products_.resize(end * m);
        products(so_far, batch, products_.data());
        for (std::size_t k = 0; k < m; ++k) {
            double* column = G_.data() + (known + k) * ld_;
            for (std::size_t a = 0; a <= known + k; ++a) column[a] = products_[a * m + k];
        }
        for (std::size_t a = 0; a < end; ++a)
            for (std::size_t k = (a < known ? 0 : a - known); k < m; ++k)
                G_[a * ld_ + known + k] = products_[a * m + k];
    }
}

void GramModel::products(const std::vector<Index>& A, const std::vector<Index>& B, double* out) {
    design_.products(A, B, problem_.weights(), out, team_);
}

void GramModel::root_columns(const std::vector<std::size_t>& slots, double* out) {
    wanted_.clear();
    for (std::size_t slot : slots) wanted_.push_back(features_[slot]);
    design_.gather(wanted_, problem_.root_weights(), out, team_);
    if (!problem_.request.fit_intercept) return;
    // What rounding left in a mean far above the spread is the intercept's.
    const std::size_t n = rows();
    const double* root = problem_.root_weights();
    for (double* z = out; z < out + n * slots.size(); z += n) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += (root ? root[i] : 1.0) * z[i];
        for (std::size_t i = 0; i < n; ++i) z[i] -= sum / problem_.weight * (root ? root[i] : 1.0);
    }
}

void GramModel::root_target(double* t) {
    for (std::size_t i = 0; i < rows(); ++i)
        t[i] = problem_.y[i] * (problem_.root_weights() ? problem_.root_s[i] : 1.0);
}

void GramModel::root_correlate(const std::vector<std::size_t>& slots, const double* r, double* g) {
    u_.assign(r, r + rows());
    if (const double* root = problem_.root_weights())
        for (std::size_t i = 0; i < rows(); ++i) u_[i] *= root[i];
    wanted_.clear();
    for (std::size_t slot : slots) wanted_.push_back(features_[slot]);
    design_.correlate(wanted_, u_.data(), 1, g, team_);
}

double GramModel::root_size() const { return std::sqrt(problem_.weight); }

long GramModel::descend(std::vector<double>& w, double tolerance, double noise, long max_sweeps, Control& control) {
    return descend_columns(problem_, features_, w, tolerance, noise, max_sweeps, control);
}

void GramModel::correct(const double* c, std::size_t stride, const double* w) {
    const std::size_t rows = complete_ ? size() : members();
    std::vector<double> product(rows, 0.0);
    const auto& leaf = kernels::active();
    for (std::size_t slot : member_)
        if (w[slot] != 0) leaf.axpy(w[slot], column(slot), product.data(), rows);
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t slot = complete_ ? i : member_[i];
        q_[slot] = c[slot * stride] + product[i];
    }
}

void GramModel::gradient(const double* w, const std::vector<std::size_t>& slots, double* g) {
    std::size_t missing = 0, support = 0;
    bool possible = true;
    for (std::size_t slot : slots) missing += !is_member(slot);
    for (std::size_t slot = 0; slot < size(); ++slot)
        if (w[slot] != 0) {
            ++support;
            possible = possible && is_member(slot);
        }
    // Costs in entries read. A missing column has to be computed first, which is worth it where it then saves a lot.
    const std::size_t by_gram = slots.size() * members(), by_residual = design_.rows() * (slots.size() + support);
    if (possible && complete_) {
        gradient_by_columns(w, slots, g);
    } else if (possible && (missing == 0 ? by_gram : 8 * by_gram) <= by_residual) {
        if (missing > 0) admit(slots);
        multiply(w, slots, g);
        for (std::size_t i = 0; i < slots.size(); ++i) g[i] = q_[slots[i]] - g[i];
    } else {
        gradient_by_residual(w, slots, g);
    }
}

void GramModel::multiply(const double* w, const std::vector<std::size_t>& slots, double* out) {
    const std::size_t m = members();
    w_.resize(m);
    for (std::size_t i = 0; i < m; ++i) w_[i] = w[member_[i]];
    columns_.resize(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i) columns_[i] = column(slots[i]);
    const auto& leaf = kernels::active();
    team_.for_blocks(
        slots.size(), 64,
        [&](std::size_t b, std::size_t e) {
            leaf.f64.correlate(columns_.data() + b, nullptr, e - b, w_.data(), m, 1, m, out + b, 1);
        },
        static_cast<double>(slots.size() * m));
}

void GramModel::read_off(const std::vector<std::vector<double>>& w, std::vector<double>& c) {
    const std::size_t m = members(), K = w.size();
    w_.resize(m * K);
    for (std::size_t k = 0; k < K; ++k)
        for (std::size_t i = 0; i < m; ++i) w_[k * m + i] = w[k][member_[i]];
    columns_.resize(m);
    for (std::size_t i = 0; i < m; ++i) columns_[i] = column(member_[i]);
    c.resize(m * K);
    team_.for_blocks(
        m, 64,
        [&](std::size_t b, std::size_t e) {
            kernels::active().f64.correlate(columns_.data() + b, nullptr, e - b, w_.data(), m, K, m, c.data() + b * K,
                                            K);
            for (std::size_t i = b; i < e; ++i)
                for (std::size_t k = 0; k < K; ++k) c[i * K + k] = q_[member_[i]] - c[i * K + k];
        },
        static_cast<double>(m * m * K));
}

/// Of a complete model: the members' columns reach every slot.
void GramModel::gradient_by_columns(const double* w, const std::vector<std::size_t>& slots, double* g) {
    w_.clear();
    columns_.clear();
    for (std::size_t slot : member_)
        if (w[slot] != 0) {
            w_.push_back(-w[slot]);
            columns_.push_back(column(slot));
        }
    r_ = q_;
    kernels::active().f64.accumulate(columns_.data(), nullptr, columns_.size(), w_.data(), 1, 1, size(), r_.data(),
                                     size());
    for (std::size_t i = 0; i < slots.size(); ++i) g[i] = r_[slots[i]];
}

void GramModel::gradient_by_residual(const double* w, const std::vector<std::size_t>& slots, double* g) {
    const std::size_t n = design_.rows();
    support_.clear();
    w_.clear();
    for (std::size_t slot = 0; slot < size(); ++slot)
        if (w[slot] != 0) {
            support_.push_back(features_[slot]);
            w_.push_back(-w[slot]);
        }
    r_ = problem_.y;
    design_.accumulate(support_, w_.data(), 1, r_.data(), team_);
    u_.resize(n);
    problem_.weigh(r_.data(), u_.data());
    wanted_.resize(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i) wanted_[i] = features_[slots[i]];
    design_.correlate(wanted_, u_.data(), 1, g, team_);
}

}  // namespace riata
