// What both dense layouts share: everything that reads single columns through pointers.
#pragma once

#include "design/design.hpp"
#include "kernels/kernels.hpp"

namespace riata {

template <class T>
class Dense : public Design {
public:
    Dense(const T* x, std::size_t rows, std::size_t cols, std::ptrdiff_t row_stride, std::ptrdiff_t col_stride)
        : Design(rows, cols), x_(x), row_stride_(row_stride), col_stride_(col_stride), kernels_(kernels::active()),
          read_(kernels::read<T>(kernels_)), column_(cols, nullptr) {}

    void adopt(Moments known, const std::vector<Index>& unknown, const double* s, const double* y, bool centre,
               double* xty) override;
    CellSums cell_sums(const std::vector<std::vector<Index>>& cells, const double* s, const double* y,
                       Team& team) const override;
    using Design::correlate;
    void correlate(const std::vector<Index>& features, const double* u, std::size_t K, double* out,
                   Team& team) const override;
    void accumulate(const std::vector<Index>& features, const double* w, std::size_t K, double* r,
                    Team& team) const override;
    void gather(const std::vector<Index>& features, const double* weight, double* out, Team& team) const override;
    double descend(const Sweep& sweep) const override;
    bool gram_of(const std::vector<Index>& features, const double* root_s, double* G, Team& team) const override;
    void gram_all(const double* root_s, double* G, Team& team) const override;
    std::vector<LargeVector> cell_grams(const std::vector<std::vector<Index>>& cells, const double* root_s,
                                        const double* Y, std::size_t K, Team& team) const override;
    void outer_all(const double* root_s, const double* d, double* K, Team& team) const override;

    std::unique_ptr<Design> sample(std::size_t step, std::size_t rows) const override;

protected:
    /// outer_all(), with before(begin, end) for some columns just before they are read.
    void outer(const double* root_s, const double* d, double* K, Team& team,
               const std::function<void(std::size_t, std::size_t)>& before) const;
    /// Multiply-adds of so many columns with K vectors.
    double work(std::size_t columns, std::size_t K) const {
        return static_cast<double>(this->rows_) * static_cast<double>(columns * K);
    }
    const T* at(std::size_t i, std::size_t j) const {
        return x_ + static_cast<std::ptrdiff_t>(i) * row_stride_ + static_cast<std::ptrdiff_t>(j) * col_stride_;
    }

    /// Packs m ascending rows of [X - mean, 1], times s (null: ones), for the Gram kernel, and those of Y's K columns from a
    /// panel of their own on.
    void pack_rows(const Index* rows, std::size_t m, const double* s, const double* Y, std::size_t K,
                   double* out) const;

    /// Packs rows [i, i + n) of m columns, normalised and times root_s (null: ones).
    void pack_gathered(const Index* features, std::size_t m, std::size_t i, std::size_t n, const double* root_s,
                       double* out) const;

    bool has_extremes() const;
    bool differs(std::size_t j, double c) const;
    void measure_column(std::size_t j, double weight, const double* s, const double* y, bool centre, double* xty);
    /// Turns sums {S1, S2, S3} of s(x-c), s(x-c)^2, s(x-c)y about the shift c into the moments of column
    /// j and xty; measures the column again where the sums overflowed, underflowed or cancelled.
    void conclude(std::size_t j, double c, const double* sums, double weight, const double* s, const double* y,
                  bool centre, double* xty);

    const T* x_;
    std::ptrdiff_t row_stride_, col_stride_;
    const kernels::Kernels& kernels_;
    const kernels::ReadKernels<T>& read_;
    std::vector<const T*> column_;  ///< contiguous columns, null where there is none (yet)
};

double total(const double* s, std::size_t n);

/// Packs the rows [begin, end) of a matrix into the panels that the Gram kernel reads.
using PackRows = std::function<void(std::size_t begin, std::size_t end, double* out)>;

/// Packs blocks of rows of an n x m matrix and sums up the lower triangle of its Gram matrix, then mirrors it: G[a + b*m],
/// a, b < m. Blocks of rows in which root_s (or null) is zero are passed over.
void sweep_gram(const kernels::Kernels& kernels, std::size_t n, std::size_t m, const PackRows& pack, double* G,
                Team& team, const double* root_s = nullptr);

/// The same for n much larger than m, in ranges of rows with sums of their own: threads meet once. `pack` is called by several.
void sweep_gram_in_ranges(const kernels::Kernels& kernels, std::size_t n, std::size_t m, const PackRows& pack,
                          double* G, Team& team);

}  // namespace riata
