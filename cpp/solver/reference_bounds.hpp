// Bounds on correlations that need no look at X. Each feature remembers its last exact correlation C_j = xh_j' S r_t
// with one of a few stored residuals r_t. For a new residual r and the least-squares coefficients c1, c2 of r on (r_t, y)
//
//     |xh_j' S r| <= |c1 C_j + c2 xh_j' S y| + ||xh_j|| ||r - c1 r_t - c2 y||,
//
// where columns are sparse also with the sum of their entries' sizes times ||S (r - c1 r_t - c2 y)||_inf: a column that
// touches few rows meets little of a norm that all rows share.
//
// Most features of a path are settled by this alone.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "design/design.hpp"
#include "design/panel.hpp"

namespace riata {

/// r = of_reference t + of_y y + something of norm `rest`; the norms of all terms are about `size`.
struct Combination {
    double of_reference, of_y, rest, size;
};
/// The least-squares combination from the inner products among r, t and y.
Combination combine(double rr, double ry, double rt, double tt, double ty, double yy);

class ReferenceBounds {
public:
    /// s may be null; y has to sum up to 0 under s if columns are centred. All have to outlive the bounds. Keeps the fewer
    /// references the fewer entries X has.
    ReferenceBounds(const Design& design, const double* s, const double* y, const std::vector<double>& xty);

    static constexpr std::size_t kWidest = 8;  ///< residuals looked at together

    /// Prepares bounds for at most kWidest residuals, with their squared norms and products with y, in units of the
    /// positive scales[k]; r has been measured, and u is r times s.
    void look_at(const Panel& r, const Panel& u, const std::vector<double>& rr, const std::vector<double>& ry,
                 const double* scales, Team& team);

    /// What a batch costs, in entries of X that could be read instead.
    double cost() const {
        return static_cast<double>((design_.interleaves() ? 2 : 1) * kept_ * rows_ + 4 * xty_.size());
    }

    /// The features of the list that have an upper bound on |xh_j' S r_k| / scales[k] above factor[j] for some k.
    void unsettled(const std::vector<Index>& list, const std::vector<double>& factor, std::vector<Index>& out) const;
    /// The best guess at xh_j' S r_k / scales[k].
    double guess(std::size_t j, std::size_t k) const {
        const Row& row = table_[static_cast<std::size_t>(reference_[j] + 1)];
        return row.of_reference[k] * exact_[j] + row.of_y[k] * xty_[j];
    }

    /// Stores the k-th residual; the exact correlations noted until the next call belong to it.
    void store(const Panel& r, std::size_t k);
    void note(std::size_t j, double correlation) {
        reference_[j] = static_cast<int>(newest_);
        exact_[j] = correlation;
    }

private:
    static constexpr std::size_t kMostKept = 16;
    /// The combinations of all residuals with one reference.
    struct Row {
        double of_reference[kWidest] = {}, of_y[kWidest] = {}, rest[kWidest] = {}, peak[kWidest] = {};
    };
    void size_columns(Team& team);
    void set(std::size_t t, const Combination* c, const Panel& u, const double* scales);

    const double* weighted_y() const { return sy_.empty() ? y_ : sy_.data(); }
    double inner(const double* a, const double* b) const;

    const Design& design_;
    std::size_t rows_, kept_;
    const double *s_, *y_;
    const std::vector<double>&xty_, &norm_;
    std::vector<double> size_;  // of columns, see Design::sizes(), from the first look on
    std::vector<double> sy_;    // y times s, where they are and columns are sparse
    double yy_, y_sum_ = 0;
    double largest_share_ = 0;  // of a row in the weights, where columns are centred
    double peak_rounding_ = 0;
    std::vector<int> reference_;  // -1: only y
    std::vector<double> exact_;
    std::vector<std::vector<double>> stored_;  // weighted by s
    std::vector<double> tt_, ty_, t_sum_;
    std::size_t newest_ = 0;
    std::vector<Row> table_;  // by reference, the first with y alone
};

}  // namespace riata
