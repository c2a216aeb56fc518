// The leaf kernels: pointers and lengths in, plain loops inside, one table of function pointers per
// instruction set. Nothing here allocates, throws or knows what a design, a penalty or a path is.
//
// Every sum is accumulated in double whatever T is. Columns are given as an array of pointers, so
// that a subset of a borrowed matrix, all of it, or gathered columns look the same. `c` is a shift
// subtracted from each entry as it is read (implicit centring without cancellation); null means 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace riata::kernels {

using std::ptrdiff_t;
using std::size_t;

using Feature = std::int64_t;

/// A matrix by compressed columns: column j has the entries value[k] in the rows row[k], start[j] <= k < start[j + 1].
/// shift[j] is subtracted from each of them as it is read. `row` can be read 32 entries beyond its end.
template <class T>
struct Compressed {
    const T* value;
    const int* row;
    const size_t* start;
    const double* shift;
};

/// One sweep of coordinate descent for 8 penalties at once, on residuals r_l + offset_l root_s that are interleaved. Lane l
/// minimises 1/2 |r_l|^2 + sum_j l1_scale_l l1_factor_j |w_j| + l2_scale_l l2_factor_j w_j^2 / 2 within the bounds.
struct LaneSweep {
    Compressed<double> x;  ///< weighted and scaled; shift is not used
    const size_t* order;   ///< the columns to visit
    size_t count;
    const double *square, *sum, *rest, *l1_factor, *l2_factor;  ///< per column
    const double *lower, *upper;                                ///< per column, or null
    const double *l1_scale, *l2_scale, *on;                     ///< per lane; on: 1, or 0 for a lane to be left alone
    double floor;                                               ///< rounding level of a correlation
    double *w, *r, *offset;                                     ///< w[8*j + l], r[8*i + l], offset[l]
    double* moved;  ///< per lane: raised to the largest |move| * curvature / (l1 + floor)
};

/// One sweep of coordinate descent on min 1/2 sum_i s_i r_i^2 + sum_j l1_j |w_j| + l2_j w_j^2 / 2 within the bounds, where
/// r moves by scale_j (x_j - c_j) against w_j.
template <class T>
struct ColumnSweep {
    const T* const* x;
    const double *c, *scale;  ///< per column
    const size_t* order;      ///< the columns to visit
    size_t count;
    const double *square, *l1, *l2;  ///< per column; square: of the norm of the scaled column
    const double *lower, *upper;     ///< per column, or null
    const double* s;                 ///< per row, or null for ones
    size_t n;
    double *w, *r;
};

/// Bounds on 8 correlations of each feature: |rows[0..7] exact + rows[8..15] xty| and the lesser of rows[16..23] norm and
/// rows[24..31] size, with the 32 numbers of its reference, those of reference -1 first.
struct BoundTable {
    const double* rows;
    const int* reference;
    const double *exact, *xty, *norm, *size;  ///< per feature; size may be null: rows[16..23] norm alone
};

/// What reads the caller's matrix, for entries of type T (float or double).
template <class T>
struct ReadKernels {
    /// max_i |x_i|; NaN anywhere gives NaN, an infinity gives infinity.
    double (*max_abs)(const T* x, size_t n);

    /// out = {sum s_i (x_i - c), sum s_i (x_i - c)^2, sum s_i (x_i - c) y_i}, i < n.
    /// s null: ones. y null: the third sum is 0. x_i is x[i * stride].
    void (*moments)(const T* x, ptrdiff_t stride, double c, const double* s, const double* y, size_t n, double* out);

    /// out[j*ldo + k] = sum_i (x_j[i] - c_j) u[k*ldu + i] for j < m, k < K. K >= 1.
    void (*correlate)(const T* const* x, const double* c, size_t m, const double* u, size_t ldu, size_t K, size_t n,
                      double* out, size_t ldo);

    /// r[k*ldr + i] += sum_j (x_j[i] - c_j) w[j*ldw + k] for i < n, k < K.
    void (*accumulate)(const T* const* x, const double* c, size_t m, const double* w, size_t ldw, size_t K, size_t n,
                       double* r, size_t ldr);

    /// Row-major twin of correlate for n rows of m consecutive columns, rows ldx apart:
    /// out[j*ldo + k] += sum_i (x[i*ldx + j] - c_j) u[k*ldu + i]. Adds, so that rows can be split.
    void (*correlate_rows)(const T* x, size_t ldx, const double* c, size_t m, const double* u, size_t ldu, size_t K,
                           size_t n, double* out, size_t ldo);

    /// Row-major twin of accumulate: r[k*ldr + i] += sum_j (x[i*ldx + j] - c_j) w[j*ldw + k], j < m.
    void (*accumulate_rows)(const T* x, size_t ldx, const double* c, size_t m, const double* w, size_t ldw, size_t K,
                            size_t n, double* r, size_t ldr);

    /// out[i] = a * (x[i*stride] - c) * (s ? s[i] : 1), i < n.
    void (*gather)(const T* x, ptrdiff_t stride, double c, double a, const double* s, size_t n, double* out);

    /// Packs n rows of m columns, entry (i, j) at x[i*row_stride + j*col_stride], into panels for
    /// `gram`: out[(j / gram_panel) * n * gram_panel + i * gram_panel + j % gram_panel]
    /// = (x_ij - c_j) * (s ? s[i] : 1); the columns that fill up the last panel are zero.
    void (*pack)(const T* x, ptrdiff_t row_stride, ptrdiff_t col_stride, const double* c, const double* s, size_t n,
                 size_t m, double* out);

    /// Packs n columns of m rows as rows of a panel, entry (i, j) at x[i*row_stride + j*col_stride]:
    /// out[(i / gram_panel) * ldo + j * gram_panel + i % gram_panel] = (x_ij - c_j) * a_j * (s ? s[i] : 1), i < m, j < n,
    /// ldo >= n * gram_panel; what fills up the last panel is zero.
    void (*pack_across)(const T* x, ptrdiff_t row_stride, ptrdiff_t col_stride, const double* c, const double* a,
                        const double* s, size_t n, size_t m, double* out, size_t ldo);

    /// out[(i - first)*lanes + l] = x_j' u_l for the columns j = list[i] (list null: j = i), first <= i < last. u is
    /// interleaved, entry i of u_l at u[i*lanes + l]; lanes is 1 or 8.
    void (*correlate_compressed)(const Compressed<T>& x, const Feature* list, size_t first, size_t last,
                                 const double* u, size_t lanes, double* out);

    /// out[l] = sum_k value[k] u[row[k]*8 + l], k < n, l < 8. `row` can be read 32 entries further.
    void (*dot_compressed)(const T* value, const int* row, size_t n, const double* u, double* out);

    /// r[row[k]*lanes + l] += (value[k] - c) w[l] for k < n. `row` can be read 32 entries further.
    void (*accumulate_compressed)(const T* value, const int* row, size_t n, double c, const double* w, size_t lanes,
                                  double* r);

    /// z[i] = sum_j (x[i*ldx + j] - c_j) w_j, and out[j] += sum_i (x[i*ldx + j] - c_j) u_i, for i < n, j < m: for rows that meet
    /// both while they are in cache.
    void (*rows_dot)(const T* x, size_t ldx, const double* c, size_t m, const double* w, size_t n, double* z);
    void (*rows_axpy)(const T* x, size_t ldx, const double* c, size_t m, const double* u, size_t n, double* out);

    /// Row-major twin of moments for n rows of m consecutive columns, rows ldx apart: the sum k of column j is added to
    /// out[k*ldo + j].
    void (*moments_rows)(const T* x, size_t ldx, const double* c, const double* s, const double* y, size_t m, size_t n,
                         double* out, size_t ldo);

    /// Moves w and r; returns the sum of (square + l2) move^2.
    double (*column_sweep)(const ColumnSweep<T>& sweep);
};

/// The rows of a loss: responses, the margins at which each row's own loss is least (0 where that is at infinity; for losses
/// that ask for them) and weights (null: ones).
struct LossRows {
    const double *y, *best, *s;

    LossRows from(size_t i) const { return {y + i, best ? best + i : nullptr, s ? s + i : nullptr}; }
};

/// A loss f(y, m) of one response and one margin, less the least that any margin reaches, summed over n rows with weights s.
struct LossKernels {
    /// r_i = -f'(y_i, eta_i + shift); out = {sum s f, sum s r, sum s f''}. r may be eta.
    void (*evaluate)(const double* eta, double shift, const LossRows& rows, size_t n, double* r, double* out);

    /// d_i = s_i f''(y_i, m_i) where -f'(y_i, m_i) = r_i.
    void (*curvature)(const double* r, const LossRows& rows, size_t n, double* d);

    /// sum_i s_i [f(y_i, m_i) + f*(y_i, -t r_i) + t r_i m_i] at m = eta + shift with the conjugate f*(y, c) = sup_m c m - f(y, m):
    /// what Fenchel's inequality leaves, no term below 0 and none where t r are the slopes; infinite where they never are.
    double (*divergence)(const double* eta, double shift, const double* r, double t, const LossRows& rows, size_t n);
};

/// Dense double algebra on packed panels and on lower triangular factors (column-major, leading
/// dimension ld; only the lower triangle is read or written).
struct Kernels {
    const char* isa;
    ReadKernels<float> f32;
    ReadKernels<double> f64;

    size_t gram_panel;  ///< columns per panel

    /// G[a + b*ldg] += sum_i P[i,a] P[i,b] for the lower triangle (a >= b) of all packed columns, where
    /// P has `panels` panels of n rows. Only the panel columns b / gram_panel in [first, last) are
    /// computed. Entries above the diagonal in these columns may be written.
    /// G has room for panels*gram_panel rows and columns.
    void (*gram)(const double* packed, size_t panels, size_t n, double* G, size_t ldg, size_t first, size_t last);

    double (*dot)(const double* x, const double* y, size_t n);
    void (*axpy)(double a, const double* x, double* y, size_t n);  ///< y += a x

    /// b := L^-1 b, and b := L^-T b, for one right-hand side.
    void (*solve_lower)(const double* L, size_t ld, size_t n, double* b);
    void (*solve_lower_transposed)(const double* L, size_t ld, size_t n, double* b);

    /// B := L^-1 B for K right-hand sides, B[i + k*ldb].
    void (*solve_lower_many)(const double* L, size_t ld, size_t n, double* B, size_t ldb, size_t K);

    /// C[a + b*ldc] -= sum_i A[i + a*lda] A[i + b*lda] for a >= b, a, b < m (lower triangle), i < n.
    void (*downdate_square)(const double* A, size_t lda, size_t n, size_t m, double* C, size_t ldc);

    /// In-place lower Cholesky factor of the n x n matrix in G. Stops before the first pivot that is not
    /// above floor[j] (null: 0); returns the number of columns factored (n on success).
    size_t (*cholesky)(double* G, size_t ld, size_t n, const double* floor);

    /// Of 8 interleaved vectors, v_l[i] at v[8*i + l]: out[l] = sum_i s_i v_l[i], out[8 + l] = sum_i s_i v_l[i]^2,
    /// out[16 + l] = sum_i s_i v_l[i] y_i (s null: ones); and out[l] = v_l' t.
    void (*lane_moments)(const double* v, const double* s, const double* y, size_t n, double* out);
    void (*lane_products)(const double* v, const double* t, size_t n, double* out);
    /// out[l] = max_i |v_l[i] - a[l] t[i] - b[l] y[i]|; t may be null. Entries that are NaN may be left out.
    void (*lane_peaks)(const double* v, const double* t, const double* a, const double* y, const double* b, size_t n,
                       double* out);
    void (*lane_descent)(const LaneSweep& sweep);

    /// Copies those features of the list that have a bound above limit[feature] (or none, NaN) to out, which has room for
    /// one more than there can be; returns how many.
    size_t (*unsettled)(const Feature* list, size_t count, const BoundTable& table, const double* limit, Feature* out);

    /// One column of a rank-one update, moved: out[i] = cs*x[i] + sn*v[i]; v[i] = cs*v[i] - sn*x[i].
    /// out may equal x, or lie one column before it.
    void (*rotate)(const double* x, double* v, double* out, double cs, double sn, size_t n);

    LossKernels binomial;  ///< log(1 + e^m) - y m, y in {0, 1}
    LossKernels poisson;   ///< e^m - y m - (y - y log y), y >= 0; asks for the best margins log y
    void (*exponentials)(const double* x, size_t n, double* out);
    void (*logarithms)(const double* x, size_t n, double* out);
};

/// The table in use: the best the processor can run, or what RIATA_ISA names (baseline, avx2, avx512).
const Kernels& active();
/// The table of that name, or null when it is not compiled in or this processor cannot run it.
const Kernels* find(const char* isa);
/// Names compiled into this build, null-terminated list, worst first.
const char* const* compiled();

template <class T>
const ReadKernels<T>& read(const Kernels& k);
template <>
inline const ReadKernels<float>& read<float>(const Kernels& k) {
    return k.f32;
}
template <>
inline const ReadKernels<double>& read<double>(const Kernels& k) {
    return k.f64;
}

}  // namespace riata::kernels
