// The matrix X as a noun. A design borrows the caller's array and answers in *normalised* columns
//
//     xh_j = scale_j (x_j - mean_j),     scale_j a power of two with ||xh_j||_s in [1, 2),
//
// so nothing above knows about centring, units, layouts or element types. Inner products are weighted by
// the sample weights s; vectors passed to `correlate` carry those weights already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "design/compact.hpp"
#include "design/panel.hpp"
#include "parallel/team.hpp"

namespace riata {

using Index = std::int64_t;

/// A non-finite entry of X, with its place.
struct NonFinite : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

/// What one sweep over X finds out about its columns. mean and scale define the normalised columns; a
/// column without variance has norm 0 and is never used.
struct Moments {
    std::vector<double> mean, scale;
    std::vector<double> norm;  ///< ||xh_j||_s

    void resize(std::size_t columns) {
        for (auto* v : {&mean, &scale, &norm}) v->resize(columns);
    }
};

/// Sums over disjoint cells of rows of v = scale_j (x_ij - origin_j), for a design that has been measured.
struct CellSums {
    std::vector<double> origin;            ///< per column, in the caller's units
    std::vector<std::vector<double>> sum;  ///< per cell, three for each column: sum s v, sum s v^2, sum s v y
};

/// One sweep of coordinate descent over some columns, in normalised units: arrays have an entry per column of the design.
struct Sweep {
    const std::vector<std::size_t>& order;  ///< the columns to visit, pinned
    const double *l1, *l2, *lower, *upper;  ///< the last two null for no bounds
    const double* s;                        ///< weights of measure()
    double *w, *r;                          ///< both move; r sums up to 0, weighted, where columns are centred
};

class Design {
public:
    Design(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols) {}
    virtual ~Design() = default;

    std::size_t rows() const { return rows_; }
    std::size_t cols() const { return cols_; }
    const Moments& moments() const { return moments_; }

    /// Fills moments() and xty[j] = xh_j' S y in one sweep; s null means ones, y (may be null) has to be centred if
    /// centre is set. Throws NonFinite. Must come first.
    virtual void measure(const double* s, const double* y, bool centre, double* xty, Team& team) = 0;

    /// Takes moments that are known in place of measuring, but for the listed columns, whose moments and xty are measured.
    virtual void adopt(Moments known, const std::vector<Index>& unknown, const double* s, const double* y, bool centre,
                       double* xty) = 0;

    /// The sums of every cell, a list of ascending rows; all rows are in one.
    virtual CellSums cell_sums(const std::vector<std::vector<Index>>& cells, const double* s, const double* y,
                               Team& team) const = 0;

    /// out[j*K + k] = xh_j' u_k for all columns; u_k = u + k*rows.
    virtual void correlate_all(const double* u, std::size_t K, double* out, Team& team) const = 0;

    /// The same for the listed columns, pinned or not.
    virtual void correlate(const std::vector<Index>& features, const double* u, std::size_t K, double* out,
                           Team& team) const = 0;

    /// r_k += sum_f xh_f w[f*K + k] over the listed columns, pinned or not; r_k = r + k*rows.
    virtual void accumulate(const std::vector<Index>& features, const double* w, std::size_t K, double* r,
                            Team& team) const = 0;

    /// Whether panels of several vectors for the two verbs below are interleaved.
    virtual bool interleaves() const { return false; }
    /// out[f*K + k] = xh_f' u_k for a panel of K vectors.
    virtual void correlate(const std::vector<Index>& features, const Panel& u, double* out, Team& team) const {
        correlate(features, u.data(), u.count(), out, team);
    }
    /// r_k := y + sum_f xh_f w[f*K + k], k < K, for a panel of that shape.
    virtual void combine(const double* y, const std::vector<Index>& features, const double* w, Panel& r,
                         Team& team) const {
        r.fill(y, nullptr, team);
        accumulate(features, w, r.count(), r.data(), team);
    }

    /// u := X w, or 0 in rows with d = 0, and out := X'D u over the listed columns together, where that is cheaper than one
    /// after the other; false, and nothing done, elsewhere. To be called with the same columns again and again.
    virtual bool there_and_back(const std::vector<Index>&, const double* /*w*/, const double* /*d*/, double* /*u*/,
                                double* /*out*/, Team&) const {
        return false;
    }

    /// Minimises 1/2 r'Sr + sum l1 |w| + l2 w^2 / 2 over one coefficient after the other, and returns the sum of (square + l2)
    /// move^2; negative, and nothing done, where columns are not dense.
    virtual double descend(const Sweep&) const { return -1; }

    /// z_k := Xh w_k for some rows at a time, which at(range, begin, end, z) replaces by u_k; out[j*K + k] := xh_j' u_k, w in that
    /// layout, too, and z_k `end - begin` apart. In one pass where that can be had. Ranges of rows, kRowRanges at most, have sums
    /// of their own and go by side by side.
    static constexpr std::size_t kRowRanges = 8;
    using AtRows = std::function<void(std::size_t range, std::size_t begin, std::size_t end, double* z)>;
    virtual void through(const double* w, std::size_t K, const AtRows& at, double* out, Team& team) const;

    /// first[f] = xh_f'd and second[f] = xh_f' D xh_f for the listed columns, D = diag(d), in one pass; false, and nothing
    /// done, where columns are dense.
    virtual bool weighted_moments(const std::vector<Index>&, const double* /*d*/, double* /*first*/, double* /*second*/,
                                  Team&) const {
        return false;
    }

    /// scale_j times the sum of |x_ij| over rows with a weight, of columns without implicit zeros about their mean. Then
    /// |xh_j'u| <= sizes()[j] max_i |u_i| where u, which carries weights, sums up to 0. Empty where columns are dense.
    virtual std::vector<double> sizes(Team&) const { return {}; }

    /// Declares columns that will be read again and again; a layout that reads columns badly copies them.
    virtual void pin(const std::vector<Index>& features, Team& team) = 0;

    /// out[f*rows + i] = xh_f[i] * (weight ? weight[i] : 1) for the listed columns.
    virtual void gather(const std::vector<Index>& features, const double* weight, double* out, Team& team) const = 0;

    /// out[a*B.size() + b] = xh_A[a]' diag(weight) xh_B[b] for pinned columns; weight null: ones.
    virtual void products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight, double* out,
                          Team& team) const;

    /// Appends S^.5 times the listed columns, without rows of weight 0, S the weights of measure(). False, and nothing done,
    /// where columns are dense.
    virtual bool compact(const std::vector<Index>&, const double* /*root_s*/, CompactColumns&) const { return false; }

    /// G = Xh' S Xh for all columns, both triangles, leading dimension cols; root_s (null: ones) is sqrt(s).
    virtual void gram_all(const double* root_s, double* G, Team& team) const = 0;

    /// G = Xh_A' S Xh_A for pinned columns A, both triangles, leading dimension A.size(), with any weights S = diag(root_s)^2;
    /// rows of weight zero cost little where there are many in a row. False, and nothing done, where products() are as good.
    virtual bool gram_of(const std::vector<Index>&, const double* /*root_s*/, double* /*G*/, Team&) const {
        return false;
    }

    /// For every cell, a list of ascending rows, the S-weighted Gram matrix of its rows of [Xh, 1, Y], as a square of
    /// cols + 1 + K, of which products of two responses mean nothing; Y has K columns of rows() entries, root_s null: ones.
    /// Empty where this layout has no way that pays.
    virtual std::vector<LargeVector> cell_grams(const std::vector<std::vector<Index>>& /*cells*/,
                                                const double* /*root_s*/, const double* /*Y*/, std::size_t /*K*/,
                                                Team&) const {
        return {};
    }

    /// K = S^.5 X D X' S^.5 (rows x rows, both triangles) of the centred columns in the caller's units, D = diag(d) over all
    /// of them (null: ones); columns of norm 0 do not count.
    virtual void outer_all(const double* root_s, const double* d, double* K, Team& team) const = 0;

    /// measure(s, null, centre, null) and outer_all() in one, where that takes fewer passes.
    virtual void measure_outer(const double* s, const double* root_s, bool centre, const double* d, double* K,
                               Team& team) {
        measure(s, nullptr, centre, nullptr, team);
        outer_all(root_s, d, K, team);
    }

    /// W = D X'U and E = X W of the centred columns in the caller's units, D = diag(d); columns of norm 0 do not count.
    /// w[j*K + k], u_k = u + k*rows, e_k = e + k*rows.
    virtual void represent(const double* u, std::size_t K, const double* d, double* w, double* e, Team& team) const;

    /// The same matrix, borrowed like this one, for other weights: to be measured anew.
    virtual std::unique_ptr<Design> twin() const = 0;

    /// How many times worse than rounding the entries of gram_all() may be, relative to the norms of their columns.
    virtual double gram_noise() const { return 1; }

    /// A copy of every step-th row, `rows` of them.
    virtual std::unique_ptr<Design> sample(std::size_t step, std::size_t rows) const = 0;

    /// Entries read in one pass over the listed columns, and over all.
    virtual double entries(const std::vector<Index>& features) const {
        return static_cast<double>(rows_) * static_cast<double>(features.size());
    }
    virtual double entries() const { return static_cast<double>(rows_) * static_cast<double>(cols_); }

    /// Bytes this design holds beyond the caller's array.
    virtual std::size_t bytes() const = 0;

protected:
    std::size_t rows_, cols_;
    Moments moments_;

private:
    mutable std::vector<double> block_;  // scratch of products
};

/// A dense matrix of float or double, entry (i, j) at x[i*row_stride + j*col_stride]; one of the strides
/// has to be 1. The array has to outlive the design.
template <class T>
std::unique_ptr<Design> make_dense(const T* x, std::size_t rows, std::size_t cols, std::ptrdiff_t row_stride,
                                   std::ptrdiff_t col_stride);

/// A compressed sparse matrix as the caller has it, by columns (CSC) or by rows (CSR): line l has the entries indptr[l] to
/// indptr[l + 1] of data and indices. Nothing is assumed of the arrays but their lengths.
template <class T>
struct CompressedArrays {
    std::size_t rows, cols;
    bool by_rows;
    const T* data;
    std::size_t n_data;
    const void *indices, *indptr;  ///< std::int32_t or std::int64_t
    std::size_t n_indices, n_indptr;
    bool wide_indices, wide_indptr;  ///< std::int64_t
};

/// Checks the arrays and keeps indices of its own, so that nothing written to the caller's later can lead astray. Throws
/// std::invalid_argument, naming X.indices, X.indptr or X.data and the position.
template <class T>
std::unique_ptr<Design> make_sparse(const CompressedArrays<T>& x, Team& team);

}  // namespace riata
