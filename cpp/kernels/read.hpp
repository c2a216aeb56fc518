// One pass over entries of the caller's matrix: largest, sums, copies, panels. Included by kernels.cpp
// inside its anonymous namespace.
#pragma once

template <class T>
double max_abs(const T* x, size_t n) {
    vec top[2] = {}, nan[2] = {};
    const auto step = [&](int a, vec v) __attribute__((always_inline)) {
        v = absolute(v);
        top[a] = v > top[a] ? v : top[a];
        nan[a] = v == v ? nan[a] : v;
    };
    size_t i = 0;
    for (; i + 2 * W <= n; i += 2 * W) step(0, load(x + i)), step(1, load(x + i + W));
    for (; i + W <= n; i += W) step(0, load(x + i));
    if (i < n) step(1, load(x + i, few(n - i)));
    double most = 0;
    for (int l = 0; l < 2 * W; ++l) {
        const double a = top[l / W][l % W], odd = nan[l / W][l % W];
        if (odd != odd) return odd;
        most = a > most ? a : most;
    }
    return most;
}

/// f(i, vector of x_i, few...) over the n entries `stride` apart; few is given for the tail only.
template <class T, class F>
RIATA_INLINE void each(const T* x, ptrdiff_t stride, size_t n, const F& f) {
    size_t i = 0;
    if (stride == 1) {
        for (; i + W <= n; i += W) f(i, load(x + i));
        if (i < n) f(i, load(x + i, few(n - i)), few(n - i));
    } else {
        for (; i + W <= n; i += W) f(i, load_strided(x + ptrdiff_t(i) * stride, stride));
        if (i < n) f(i, load_strided(x + ptrdiff_t(i) * stride, stride, n - i), few(n - i));
    }
}

template <bool Weighted, bool Product, class T>
void moments_of(const T* x, ptrdiff_t stride, double c, const double* s, const double* y, size_t n, double* out) {
    vec sum0 = {}, sum1 = {}, sum2 = {};
    each(x, stride, n, [&](size_t i, vec v, auto... f) __attribute__((always_inline)) {
        const vec d = keep(v - c, f...);
        vec sd = d;
        if constexpr (Weighted) sd = d * load(s + i, f...);
        sum0 += sd;
        sum1 += sd * d;
        if constexpr (Product) sum2 += sd * load(y + i, f...);
    });
    out[0] = sum(sum0), out[1] = sum(sum1), out[2] = sum(sum2);
}

template <class T>
void moments(const T* x, ptrdiff_t stride, double c, const double* s, const double* y, size_t n, double* out) {
    if (s && y)
        moments_of<true, true>(x, stride, c, s, y, n, out);
    else if (s)
        moments_of<true, false>(x, stride, c, s, y, n, out);
    else if (y)
        moments_of<false, true>(x, stride, c, s, y, n, out);
    else
        moments_of<false, false>(x, stride, c, s, y, n, out);
}

/// Sums of s (x - c), s (x - c)^2 and s (x - c) y for V vectors of columns, rows ldx apart.
template <bool Weighted, bool Product, int V, class T, class... F>
RIATA_APART void moments_tile(const T* x, size_t ldx, const double* c, const double* s, const double* y, size_t n,
                              double* out, size_t ldo, F... f) {
    vec sum[3][V] = {}, shift[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) shift[v] = load(c + v * W, f...);
    for (size_t i = 0; i < n; ++i) {
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            const vec d = load(x + i * ldx + v * W, f...) - shift[v];
            const vec sd = Weighted ? d * s[i] : d;
            sum[0][v] += sd;
            sum[1][v] += sd * d;
            if constexpr (Product) sum[2][v] += sd * y[i];
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v)
        for (int k = 0; k < 3; ++k) {
            double* to = out + k * ldo + v * W;
            store(to, load(to, f...) + sum[k][v], f...);
        }
}

template <bool Weighted, bool Product, class T>
void moments_rows_of(const T* x, size_t ldx, const double* c, const double* s, const double* y, size_t m, size_t n,
                     double* out, size_t ldo) {
    size_t j = 0;
    for (; j + 4 * W <= m; j += 4 * W) moments_tile<Weighted, Product, 4>(x + j, ldx, c + j, s, y, n, out + j, ldo);
    for (; j + W <= m; j += W) moments_tile<Weighted, Product, 1>(x + j, ldx, c + j, s, y, n, out + j, ldo);
    if (j < m) moments_tile<Weighted, Product, 1>(x + j, ldx, c + j, s, y, n, out + j, ldo, few(m - j));
}

template <class T>
void moments_rows(const T* x, size_t ldx, const double* c, const double* s, const double* y, size_t m, size_t n,
                  double* out, size_t ldo) {
    if (s && y)
        moments_rows_of<true, true>(x, ldx, c, s, y, m, n, out, ldo);
    else if (s)
        moments_rows_of<true, false>(x, ldx, c, s, y, m, n, out, ldo);
    else if (y)
        moments_rows_of<false, true>(x, ldx, c, s, y, m, n, out, ldo);
    else
        moments_rows_of<false, false>(x, ldx, c, s, y, m, n, out, ldo);
}

template <class T>
void gather(const T* x, ptrdiff_t stride, double c, double a, const double* s, size_t n, double* out) {
    if (s)
        each(x, stride, n, [=](size_t i, vec v, auto... f) __attribute__((always_inline)) {
            store(out + i, (v - c) * a * load(s + i, f...), f...);
        });
    else
        each(x, stride, n,
             [=](size_t i, vec v, auto... f) __attribute__((always_inline)) { store(out + i, (v - c) * a, f...); });
}

/// Fills rows [i, i + W) of a panel from columns that are contiguous, W by W entries at a time.
template <class T, class... F>
RIATA_INLINE void pack_square(const T* x, ptrdiff_t ldx, vec shift, const double* s, size_t cols, size_t rows,
                              double* out, F... f) {
    vec r[W];
    const vec scale = s ? load(s, f...) : all(1);
#pragma GCC unroll 8
    for (int l = 0; l < W; ++l) r[l] = size_t(l) < cols ? (load(x + l * ldx, f...) - shift[l]) * scale : vec{};
    transpose(r);
#pragma GCC unroll 8
    for (int l = 0; l < W; ++l)
        if (size_t(l) < rows) store(out + l * W, r[l]);
}

template <class T>
void pack_columns(const T* x, ptrdiff_t ldx, const double* c, const double* s, size_t n, size_t m, double* out) {
    for (size_t j = 0; j < m; j += W, out += n * W) {
        const size_t cols = m - j < W ? m - j : W;
        const T* xj = x + ptrdiff_t(j) * ldx;
        const vec shift = !c ? vec{} : cols == W ? load(c + j) : load(c + j, few(cols));
        size_t i = 0;
        if (cols == W)
            for (; i + W <= n; i += W) {
                if (j + 2 * W <= m)
#pragma GCC unroll 8
                    for (int l = 0; l < W; ++l) __builtin_prefetch(xj + (W + l) * ldx + i, 0, 2);
                pack_square(xj + i, ldx, shift, s ? s + i : s, W, W, out + i * W);
            }
        for (; i + W <= n; i += W) pack_square(xj + i, ldx, shift, s ? s + i : s, cols, W, out + i * W);
        if (i < n) pack_square(xj + i, ldx, shift, s ? s + i : s, cols, n - i, out + i * W, few(n - i));
    }
}

/// Entries of a row `stride` apart; a few rows go through all panels before the next few.
template <class T>
void pack_rows(const T* x, ptrdiff_t ldx, ptrdiff_t stride, const double* c, const double* s, size_t n, size_t m,
               double* out) {
    constexpr size_t kRows = 8;
    for (size_t i0 = 0; i0 < n; i0 += kRows)
        for (size_t j = 0; j < m; j += W) {
            const size_t cols = m - j < W ? m - j : W, end = n - i0 < kRows ? n : i0 + kRows;
            const vec shift = !c ? vec{} : cols == W ? load(c + j) : load(c + j, few(cols));
            for (size_t i = i0; i < end; ++i) {
                const T* p = x + ptrdiff_t(i) * ldx + ptrdiff_t(j) * stride;
                __builtin_prefetch(p + ptrdiff_t(kRows) * ldx, 0, 2);
                vec v;
                if (stride == 1)
                    v = cols == W ? load(p) : load(p, few(cols));
                else
                    v = load_strided(p, stride, cols);
                store(out + j * n + i * W, (v - shift) * (s ? s[i] : 1));
            }
        }
}

template <class T>
void pack(const T* x, ptrdiff_t row_stride, ptrdiff_t col_stride, const double* c, const double* s, size_t n, size_t m,
          double* out) {
    if (row_stride == 1)
        pack_columns(x, col_stride, c, s, n, m, out);
    else
        pack_rows(x, row_stride, col_stride, c, s, n, m, out);
}

/// W samples of n features, few of them in the last panel: (x - c_j) a_j s_i.
template <class T, class... F>
RIATA_INLINE void pack_across_panel(const T* x, ptrdiff_t row_stride, ptrdiff_t col_stride, size_t samples,
                                    const double* c, const double* a, const double* s, size_t n, double* out, F... f) {
    const vec weight = s ? load(s, f...) : all(1);
    const auto put = [=](size_t j, vec v)
                         __attribute__((always_inline)) { store(out + j * W, keep((v - c[j]) * a[j] * weight, f...)); };
    size_t j = 0;
    if (row_stride == 1)
        for (; j < n; ++j) {
            __builtin_prefetch(x + ptrdiff_t(j + n) * col_stride, 0, 2);
            put(j, load(x + ptrdiff_t(j) * col_stride, f...));
        }
    if (col_stride == 1)
        for (; j + W <= n; j += W) {
            vec r[W];
#pragma GCC unroll 8
            for (int l = 0; l < W; ++l) r[l] = size_t(l) < samples ? load(x + l * row_stride + j) : vec{};
            transpose(r);
#pragma GCC unroll 8
            for (int l = 0; l < W; ++l) put(j + l, r[l]);
        }
    for (; j < n; ++j) put(j, load_strided(x + ptrdiff_t(j) * col_stride, row_stride, samples));
}

/// A few features go through all panels before the next few: that reads a few columns from end to end.
template <class T>
void pack_across(const T* x, ptrdiff_t row_stride, ptrdiff_t col_stride, const double* c, const double* a,
                 const double* s, size_t n, size_t m, double* out, size_t ldo) {
    constexpr size_t kFeatures = 8;
    for (size_t j = 0; j < n; j += kFeatures) {
        const size_t features = n - j < kFeatures ? n - j : kFeatures;
        double* to = out + j * W;
        for (size_t i = 0; i < m; i += W, to += ldo) {
            const T* from = x + ptrdiff_t(i) * row_stride + ptrdiff_t(j) * col_stride;
            const double* si = s ? s + i : s;
            if (i + W <= m)
                pack_across_panel(from, row_stride, col_stride, W, c + j, a + j, si, features, to);
            else
                pack_across_panel(from, row_stride, col_stride, m - i, c + j, a + j, si, features, to, few(m - i));
        }
    }
}
