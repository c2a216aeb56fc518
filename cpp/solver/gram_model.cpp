#include "solver/gram_model.hpp"

#include <algorithm>

namespace riata {

namespace {
constexpr std::size_t kBatch = 64;  // columns that meet all others in one pass over them
}

GramModel::GramModel(Design& design, const double* s, Team& team)
    : design_(design), s_(s), team_(team), slot_(design.cols(), -1) {}

void GramModel::enter(const std::vector<Index>& features, const double* xty) {
    for (Index j : features) {
        slot_[j] = static_cast<Index>(features_.size());
        features_.push_back(j);
        q_.push_back(xty[j]);
    }
}

void GramModel::reserve(std::size_t size) {
    if (size <= ld_) return;
    const std::size_t ld = std::min(std::max<std::size_t>({size, ld_ + ld_ / 2, 64}), slot_.size());
    std::vector<double> grown(ld * ld);
    for (std::size_t j = 0; j < filled_; ++j)
        std::copy_n(G_.begin() + j * ld_, filled_, grown.begin() + j * ld);
    G_.swap(grown);
    ld_ = ld;
}

void GramModel::grow(const std::vector<Index>& features, const double* xty, bool with_gram) {
    design_.pin(features, team_);
    enter(features, xty);
    if (with_gram) fill_gram();
}

void GramModel::grow_to_all(const double* xty, const double* root_s) {
    std::vector<Index> all(design_.cols());
    for (std::size_t j = 0; j < all.size(); ++j) all[j] = static_cast<Index>(j);
    enter(all, xty);
    ld_ = filled_ = all.size();
    G_.resize(ld_ * ld_);
    design_.gram_all(root_s, G_.data(), team_);
}

void GramModel::fill_gram() {
    reserve(size());
    const std::size_t n = design_.rows();
    std::vector<double> block(n * std::min(kBatch, size() - filled_)), products;
    while (filled_ < size()) {
        const std::size_t m = std::min(kBatch, size() - filled_), end = filled_ + m;
        const std::vector<Index> fresh(features_.begin() + filled_, features_.begin() + end);
        const std::vector<Index> so_far(features_.begin(), features_.begin() + end);
        design_.gather(fresh, s_, block.data(), team_);
        products.resize(end * m);
        design_.correlate(so_far, block.data(), m, products.data(), team_);
        for (std::size_t k = 0; k < m; ++k) {
            double* column = G_.data() + (filled_ + k) * ld_;
            for (std::size_t a = 0; a <= filled_ + k; ++a) column[a] = products[a * m + k];
        }
        for (std::size_t a = 0; a < end; ++a)
            for (std::size_t k = (a < filled_ ? 0 : a - filled_); k < m; ++k)
                G_[a * ld_ + filled_ + k] = products[a * m + k];
        filled_ = end;
    }
}

}  // namespace riata
