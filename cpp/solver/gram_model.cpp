#include "solver/gram_model.hpp"

#include <algorithm>
#include <numeric>

#include "kernels/kernels.hpp"

namespace riata {

namespace {
constexpr std::size_t kBatch = 64;               // columns that meet all others in one pass over them
constexpr std::size_t kParallelWork = 1u << 17;  // multiply-adds below which waking a second thread does not pay
}  // namespace

GramModel::GramModel(Problem& problem)
    : problem_(problem), design_(problem.design), team_(problem.team), slot_(problem.design.cols(), -1) {}

void GramModel::grow(const std::vector<Index>& features) {
    design_.pin(features, team_);
    for (Index j : features) {
        slot_[static_cast<std::size_t>(j)] = static_cast<Index>(features_.size());
        features_.push_back(j);
        q_.push_back(problem_.xty[static_cast<std::size_t>(j)]);
    }
    position_.resize(features_.size(), -1);
}

void GramModel::grow_to_all() {
    const std::size_t p = design_.cols();
    features_.resize(p);
    std::iota(features_.begin(), features_.end(), Index{0});
    slot_ = position_ = member_features_ = features_;
    q_ = problem_.xty;
    member_.resize(p);
    std::iota(member_.begin(), member_.end(), std::size_t{0});
    ld_ = p;
    G_.resize(p * p);
    design_.gram_all(problem_.root_weights(), G_.data(), team_);
}

void GramModel::reserve(std::size_t size) {
    if (size <= ld_) return;
    const std::size_t ld = std::min(std::max<std::size_t>({size, ld_ + ld_ / 2, 64}), slot_.size());
    std::vector<double> grown(ld * ld);
    for (std::size_t j = 0; j < members(); ++j)
        std::copy_n(G_.data() + j * ld_, members(), grown.data() + j * ld);
    G_.swap(grown);
    ld_ = ld;
}

void GramModel::admit(const std::vector<std::size_t>& slots) {
    std::vector<std::size_t> fresh;
    for (std::size_t slot : slots)
        if (position_[slot] < 0) fresh.push_back(slot);
    if (fresh.empty()) return;
    reserve(members() + fresh.size());
    const std::size_t n = design_.rows();
    block_.resize(n * std::min(kBatch, fresh.size()));
    for (std::size_t begin = 0; begin < fresh.size(); begin += kBatch) {
        const std::size_t m = std::min(kBatch, fresh.size() - begin), known = members(), end = known + m;
        for (std::size_t k = 0; k < m; ++k) {
            position_[fresh[begin + k]] = static_cast<Index>(known + k);
            member_.push_back(fresh[begin + k]);
            member_features_.push_back(features_[fresh[begin + k]]);
        }
        const std::vector<Index> batch(member_features_.begin() + known, member_features_.end());
        design_.gather(batch, problem_.weights(), block_.data(), team_);
        products_.resize(end * m);
        design_.correlate(member_features_, block_.data(), m, products_.data(), team_);
        for (std::size_t k = 0; k < m; ++k) {
            double* column = G_.data() + (known + k) * ld_;
            for (std::size_t a = 0; a <= known + k; ++a) column[a] = products_[a * m + k];
        }
        for (std::size_t a = 0; a < end; ++a)
            for (std::size_t k = (a < known ? 0 : a - known); k < m; ++k)
                G_[a * ld_ + known + k] = products_[a * m + k];
    }
}

void GramModel::gradient(const double* w, const std::vector<std::size_t>& slots, double* g) {
    std::size_t missing = 0, support = 0;
    bool possible = true;
    for (std::size_t slot : slots) missing += position_[slot] < 0;
    for (std::size_t slot = 0; slot < size(); ++slot)
        if (w[slot] != 0) {
            ++support;
            possible = possible && position_[slot] >= 0;
        }
    // Costs in entries read. A missing column has to be computed first, which is worth it where it then saves a lot.
    const std::size_t by_gram = slots.size() * members(), by_residual = design_.rows() * (slots.size() + support);
    if (possible && (missing == 0 ? by_gram : 8 * by_gram) <= by_residual) {
        if (missing > 0) admit(slots);
        gradient_by_gram(w, slots, g);
    } else {
        gradient_by_residual(w, slots, g);
    }
}

void GramModel::gradient_by_gram(const double* w, const std::vector<std::size_t>& slots, double* g) {
    const std::size_t m = members();
    w_.resize(m);
    for (std::size_t i = 0; i < m; ++i) w_[i] = w[member_[i]];
    columns_.resize(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i) columns_[i] = column(slots[i]);
    const auto& leaf = kernels::active();
    team_.for_blocks(slots.size(), slots.size() * m < kParallelWork ? slots.size() : 64,
                     [&](std::size_t b, std::size_t e) {
                         leaf.f64.correlate(columns_.data() + b, nullptr, e - b, w_.data(), m, 1, m, g + b, 1);
                         for (std::size_t i = b; i < e; ++i) g[i] = q_[slots[i]] - g[i];
                     });
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
