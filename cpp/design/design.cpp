#include "design/design.hpp"

#include <algorithm>
#include <numeric>

namespace riata {

namespace {
constexpr std::size_t kBatch = 64;  // columns that meet all others in one pass over them
}

void Design::products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight, double* out,
                      Team& team) const {
    std::vector<double> part;
    block_.resize(rows_ * std::min(kBatch, B.size()));
    for (std::size_t begin = 0; begin < B.size(); begin += kBatch) {
        const std::size_t m = std::min(kBatch, B.size() - begin);
        const auto from = B.begin() + static_cast<std::ptrdiff_t>(begin);
        gather({from, from + static_cast<std::ptrdiff_t>(m)}, weight, block_.data(), team);
        if (m == B.size()) {
            correlate(A, block_.data(), m, out, team);
            return;
        }
        part.resize(A.size() * m);
        correlate(A, block_.data(), m, part.data(), team);
        for (std::size_t a = 0; a < A.size(); ++a) std::copy_n(part.data() + a * m, m, out + a * B.size() + begin);
    }
}

void Design::through(const double* w, std::size_t K, const AtRows& at, double* out, Team& team) const {
    std::vector<Index> all(cols_);
    std::iota(all.begin(), all.end(), Index{0});
    std::vector<double> z(rows_ * K, 0.0), part;
    const auto by_lanes = [&](auto&& each) {
        for (std::size_t first = 0; first < K; first += Panel::kLanes) {
            const std::size_t lanes = std::min(Panel::kLanes, K - first);
            part.resize(cols_ * lanes);
            each(first, lanes);
        }
    };
    by_lanes([&](std::size_t first, std::size_t lanes) {
        for (std::size_t j = 0; j < cols_; ++j) std::copy_n(w + j * K + first, lanes, part.data() + j * lanes);
        accumulate(all, part.data(), lanes, z.data() + first * rows_, team);
    });
    at(0, 0, rows_, z.data());
    by_lanes([&](std::size_t first, std::size_t lanes) {
        correlate_all(z.data() + first * rows_, lanes, part.data(), team);
        for (std::size_t j = 0; j < cols_; ++j) std::copy_n(part.data() + j * lanes, lanes, out + j * K + first);
    });
}

void Design::represent(const double* u, std::size_t K, const double* d, double* w, double* e, Team& team) const {
    correlate_all(u, K, w, team);
    std::vector<Index> all(cols_);
    std::iota(all.begin(), all.end(), Index{0});
    std::vector<double> normalised(cols_ * K);
    for (std::size_t j = 0; j < cols_; ++j) {
        const double scale = moments_.scale[j], factor = moments_.norm[j] > 0 ? d[j] / scale : 0.0;
        for (std::size_t k = 0; k < K; ++k) {
            w[j * K + k] *= factor;
            normalised[j * K + k] = w[j * K + k] / scale;
        }
    }
    std::fill(e, e + rows_ * K, 0.0);
    accumulate(all, normalised.data(), K, e, team);
}

}  // namespace riata
