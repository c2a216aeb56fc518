#include "solver/cholesky.hpp"

#include <algorithm>
#include <cmath>

namespace riata {

void Cholesky::clear() {
    n_ = 0;
    for (auto& z : z_) z.clear();
}

void Cholesky::reserve(std::size_t n) {
    if (n <= ld_) return;
    const std::size_t ld = std::max<std::size_t>({n, ld_ + ld_ / 2, 32});
    std::vector<double> grown(ld * ld);
    for (std::size_t j = 0; j < n_; ++j)
        std::copy(L_.begin() + j * ld_ + j, L_.begin() + j * ld_ + n_, grown.begin() + j * ld + j);
    L_.swap(grown);
    ld_ = ld;
}

std::size_t Cholesky::append(std::size_t K, double* cross, std::size_t ld_cross, double* square, const double* floor,
                             const std::vector<const double*>& rhs) {
    reserve(n_ + K);
    // [L 0; B' C] with B = L^-1 cross and C C' = square - B'B.
    if (n_ > 0) {
        kernels_.solve_lower_many(L_.data(), ld_, n_, cross, ld_cross, K);
        kernels_.downdate_square(cross, ld_cross, n_, K, square, K);
    }
    const std::size_t added = kernels_.cholesky(square, K, K, floor);
    for (std::size_t j = 0; j < n_; ++j)
        for (std::size_t k = 0; k < added; ++k) L_[j * ld_ + n_ + k] = cross[j + k * ld_cross];
    for (std::size_t b = 0; b < added; ++b)
        for (std::size_t a = b; a < added; ++a) L_[(n_ + b) * ld_ + n_ + a] = square[a + b * K];
    for (std::size_t t = 0; t < z_.size(); ++t) {
        auto& z = z_[t];
        z.resize(n_ + added);
        for (std::size_t k = 0; k < added; ++k)
            z[n_ + k] = rhs[t][k] - kernels_.dot(cross + k * ld_cross, z.data(), n_);
        kernels_.solve_lower(square, K, added, z.data() + n_);
    }
    n_ += added;
    return added;
}

void Cholesky::remove(const std::vector<std::size_t>& positions) {
    // Deleting row and column k leaves the trailing factor to be updated by the deleted column v: L L' + v v', one rotation
    // a column. The columns before k keep their row k until all rotations are done.
    const std::size_t size = n_;
    std::vector<double> v(size), carry(z_.size());
    for (std::size_t gone = 0; gone < positions.size(); ++gone) {
        const std::size_t k = positions[gone] - gone;
        std::copy(L_.begin() + k * ld_ + k, L_.begin() + k * ld_ + n_, v.begin() + k);
        for (std::size_t t = 0; t < z_.size(); ++t) carry[t] = z_[t][k];
        for (std::size_t j = k + 1; j < n_; ++j) {
            const double* from = L_.data() + j * ld_ + j;
            double* to = L_.data() + (j - 1) * ld_ + (j - 1);
            const double r = std::hypot(from[0], v[j]), cs = from[0] / r, sn = v[j] / r;
            kernels_.rotate(from, v.data() + j, to, cs, sn, n_ - j);
            for (std::size_t t = 0; t < z_.size(); ++t) {
                const double z = z_[t][j];
                z_[t][j - 1] = cs * z + sn * carry[t];
                carry[t] = cs * carry[t] - sn * z;
            }
        }
        --n_;
        for (auto& z : z_) z.resize(n_);
    }
    std::size_t before = 0;  // positions before column j, whose rows have moved up by as many
    for (std::size_t j = 0;; ++j) {
        while (before < positions.size() && positions[before] == j + before) ++before;
        if (before == positions.size()) break;
        double* column = L_.data() + j * ld_;
        for (std::size_t t = before; t < positions.size(); ++t) {
            const std::size_t end = t + 1 < positions.size() ? positions[t + 1] : size;
            std::copy(column + positions[t] + 1 - before, column + end - before, column + positions[t] - t);
        }
    }
}

void Cholesky::restart(std::size_t rhs, const double* b) {
    z_[rhs].assign(b, b + n_);
    front(z_[rhs].data());
}

}  // namespace riata
