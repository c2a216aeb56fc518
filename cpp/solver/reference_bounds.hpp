// Bounds on correlations that need no look at X. Each feature remembers its last exact correlation C_j = xh_j' S r_t
// with one of a few stored residuals r_t. For a new residual r and the least-squares coefficients c1, c2 of r on (r_t, y)
//
//     |xh_j' S r| <= |c1 C_j + c2 xh_j' S y| + ||xh_j|| ||r - c1 r_t - c2 y||.
//
// Most features of a path are settled by this alone.
#pragma once

#include <cstddef>
#include <vector>

#include "design/design.hpp"

namespace riata {

class ReferenceBounds {
public:
    /// s may be null. xty and norm belong to the design's columns. All have to outlive the bounds.
    ReferenceBounds(std::size_t rows, const double* s, const double* y, const std::vector<double>& xty,
                    const std::vector<double>& norm);

    /// Prepares bounds for K residuals r_k = r + k*rows.
    void look_at(const double* r, std::size_t K);

    /// An upper bound on |xh_j' S r_k|.
    double bound(std::size_t j, std::size_t k) const {
        const Combination& c = at(j, k);
        return std::abs(c.of_reference * exact_[j] + c.of_y * xty_[j]) + norm_[j] * c.rest;
    }
    /// The best guess at xh_j' S r_k.
    double guess(std::size_t j, std::size_t k) const {
        const Combination& c = at(j, k);
        return c.of_reference * exact_[j] + c.of_y * xty_[j];
    }

    /// Stores a residual; the exact correlations noted until the next call belong to it.
    void store(const double* r);
    void note(std::size_t j, double correlation) {
        reference_[j] = static_cast<int>(newest_);
        exact_[j] = correlation;
    }

private:
    static constexpr std::size_t kKept = 16;
    struct Combination {
        double of_reference, of_y, rest;
    };

    const Combination& at(std::size_t j, std::size_t k) const {
        return table_[k * (kKept + 1) + static_cast<std::size_t>(reference_[j] + 1)];
    }
    double inner(const double* a, const double* b) const;
    Combination combine(double rr, double ry, double rt, double tt, double ty) const;

    std::size_t rows_;
    const double *s_, *y_;
    const std::vector<double>&xty_, &norm_;
    double yy_;
    std::vector<int> reference_;  // -1: only y
    std::vector<double> exact_;
    std::vector<std::vector<double>> stored_;  // weighted by s
    std::vector<double> tt_, ty_;
    std::size_t newest_ = 0;
    std::vector<Combination> table_;
};

}  // namespace riata
