#include "design/design.hpp"

#include <algorithm>

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

}  // namespace riata
