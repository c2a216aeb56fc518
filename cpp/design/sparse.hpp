// A sparse matrix, held by columns. Centring is implicit: a normalised column is
//
//     xh_j = scale_j (z_j - rest_j 1),    z_j = the stored entries less shift_j,   shift_j + rest_j = mean_j,
//
// where shift_j is the mean for a column without implicit zeros in the rows that have a weight, and 0 for every other. So a
// step on a column costs its non-zeros, and columns whose mean is far above their spread, which can have no implicit zeros,
// lose nothing. Such a column's *holes*, implicit zeros in rows of weight 0, are -shift_j: sums that carry weights need not
// know, whatever gives values to rows has to.
#pragma once

#include "design/compressed.hpp"
#include "design/design.hpp"
#include "design/row_copy.hpp"

namespace riata {

template <class T>
class Sparse final : public Design {
public:
    Sparse(std::shared_ptr<const CompressedColumns<T>> x, std::size_t rows);

    void measure(const double* s, const double* y, bool centre, double* xty, Team& team) override;
    void adopt(Moments known, const std::vector<Index>& unknown, const double* s, const double* y, bool centre,
               double* xty) override;
    CellSums cell_sums(const std::vector<std::vector<Index>>& cells, const double* s, const double* y,
                       Team& team) const override;
    void correlate_all(const double* u, std::size_t K, double* out, Team& team) const override;
    void correlate(const std::vector<Index>& features, const double* u, std::size_t K, double* out,
                   Team& team) const override;
    void accumulate(const std::vector<Index>& features, const double* w, std::size_t K, double* r,
                    Team& team) const override;
    bool interleaves() const override { return true; }
    void correlate(const std::vector<Index>& features, const Panel& u, double* out, Team& team) const override;
    void combine(const double* y, const std::vector<Index>& features, const double* w, Panel& r,
                 Team& team) const override;
    bool there_and_back(const std::vector<Index>& features, const double* w, const double* d, double* u, double* out,
                        Team& team) const override;
    bool weighted_moments(const std::vector<Index>& features, const double* d, double* first, double* second,
                          Team& team) const override;
    std::vector<double> sizes(Team& team) const override;
    void pin(const std::vector<Index>&, Team&) override {}
    void gather(const std::vector<Index>& features, const double* weight, double* out, Team& team) const override;
    void products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight, double* out,
                  Team& team) const override;
    bool compact(const std::vector<Index>& features, const double* root_s, CompactColumns& out) const override;
    void gram_all(const double* root_s, double* G, Team& team) const override;
    void outer_all(const double* root_s, const double* d, double* K, Team& team) const override;
    std::unique_ptr<Design> twin() const override { return std::make_unique<Sparse>(shared_, this->rows_); }
    std::unique_ptr<Design> sample(std::size_t step, std::size_t rows) const override;
    double entries(const std::vector<Index>& features) const override;
    double entries() const override { return static_cast<double>(x_.entries()); }
    std::size_t bytes() const override;

private:
    void take_weights(const double* s);
    /// No implicit zeros.
    bool is_full(std::size_t j) const { return x_.entries(j) == this->rows_; }
    bool has_holes(std::size_t j) const { return shift_[j] != 0 && !is_full(j); }
    void fill_holes(std::size_t j, std::size_t begin, std::size_t end, const double* w, std::size_t lanes,
                    double* r) const;
    void measure_column(std::size_t j, const double* s, const double* y, bool centre, double* xty);
    void correlate_listed(const Index* list, std::size_t count, const double* u, std::size_t K, double* out,
                          Team& team) const;
    void correlate_lanes(const Index* list, std::size_t count, const double* u, std::size_t lanes, std::size_t K,
                         const double* sums, double* out, std::size_t ldo, Team& team) const;
    void add_lanes(const std::vector<Index>& features, const double* w, std::size_t lanes, double* r, Team& team) const;
    void gather_products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight, double* out,
                         Team& team) const;
    void walk_products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight, double* out,
                       Team& team) const;
    double steps(const std::vector<Index>& features) const;
    void centre_products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight, double* out,
                         Team& team) const;

    std::shared_ptr<const CompressedColumns<T>> shared_;
    const CompressedColumns<T>& x_;
    const kernels::ReadKernels<T>& read_;
    std::vector<double> shift_, rest_;
    const double* s_ = nullptr;      ///< the weights of measure()
    std::size_t counting_rows_ = 0;  ///< rows with a positive weight
    double weight_ = 0;              ///< sum of s
    mutable RowCopies copies_;
    mutable std::unique_ptr<RowCopy> together_;  ///< of the columns that there_and_back() was last called with
    mutable LargeVector lanes_, spread_;         // scratch; spread_ is zero between calls
};

}  // namespace riata
