// Linear combinations of vectors, and the row-major correlation that is one: rows weighted by u. Included
// by kernels.cpp inside its anonymous namespace.
#pragma once

/// r[k*ldr + i] += sum_a (x_a[i] - c_a) w[a*ldw + k], a < C, k < R, for i0 <= i < i0 + n. The terms are added
/// one after the other, so that the result does not depend on how the vectors are grouped. Fetches the same
/// rows of the `more` vectors after these.
template <int C, int R, class T>
RIATA_APART void accumulate_tile(const T* const* x, size_t more, const double* c, size_t i0, const double* w,
                                 size_t ldw, size_t n, double* r, size_t ldr) {
    double weight[R][C], shift[C];
    const T *p[C], *next[C];
#pragma GCC unroll 8
    for (int a = 0; a < C; ++a) {
        p[a] = x[a] + i0;
        next[a] = (size_t(a) < more ? x[C + a] : x[a]) + i0;
        shift[a] = c ? c[a] : 0;
#pragma GCC unroll 8
        for (int k = 0; k < R; ++k) weight[k][a] = w[a * ldw + k];
    }
    const auto step = [&](size_t i, auto... f) __attribute__((always_inline)) {
        vec xi[C];
        if constexpr (R > 1 && C > 1)
#pragma GCC unroll 8
            for (int a = 0; a < C; ++a) __builtin_prefetch(next[a] + i, 0, 2);
#pragma GCC unroll 8
        for (int a = 0; a < C; ++a) xi[a] = load(p[a] + i, f...) - shift[a];
#pragma GCC unroll 8
        for (int k = 0; k < R; ++k) {
            double* rk = r + k * ldr + i0 + i;
            vec s = load(rk, f...);
#pragma GCC unroll 8
            for (int a = 0; a < C; ++a) s += xi[a] * weight[k][a];
            store(rk, s, f...);
        }
    };
    size_t i = 0;
    for (; i + W <= n; i += W) step(i);
    if (i < n) step(i, few(n - i));
}

template <int C, int R, class T>
RIATA_INLINE void accumulate_tiles(const T* const* x, const double* c, size_t i0, size_t j, size_t m, const double* w,
                                   size_t ldw, size_t n, double* r, size_t ldr) {
    for (; j + C <= m; j += C)
        accumulate_tile<C, R>(x + j, m - j - C, c ? c + j : nullptr, i0, w + j * ldw, ldw, n, r, ldr);
    if constexpr (C > 1) accumulate_tiles<C / 8, R>(x, c, i0, j, m, w, ldw, n, r, ldr);
}

template <class T>
void accumulate(const T* const* x, const double* c, size_t m, const double* w, size_t ldw, size_t K, size_t n,
                double* r, size_t ldr) {
    constexpr size_t kRows = 1024;  // what is kept of r in cache while the columns go by
    for (size_t i = 0; i < n; i += kRows) {
        const size_t rows = n - i < kRows ? n - i : kRows;
        size_t k = 0;
        for (; k + 8 <= K; k += 8) accumulate_tiles<8, 8>(x, c, i, 0, m, w + k, ldw, rows, r + k * ldr, ldr);
        if (K & 4) accumulate_tiles<8, 4>(x, c, i, 0, m, w + k, ldw, rows, r + k * ldr, ldr), k += 4;
        if (K & 2) accumulate_tiles<8, 2>(x, c, i, 0, m, w + k, ldw, rows, r + k * ldr, ldr), k += 2;
        if (K & 1) accumulate_tiles<8, 1>(x, c, i, 0, m, w + k, ldw, rows, r + k * ldr, ldr);
    }
}

/// out[j*ldo + k] += sum_i (x[i*ldx + j] - c_j) u[k*ldu + i] for j < width in V vectors, k < R, i < n.
/// `next` is what is read after x; it is fetched on the way.
template <int V, int R, class T, class... F>
RIATA_APART void rows_tile(const T* x, const T* next, size_t ldx, const double* c, const double* u, size_t ldu,
                           size_t n, double* out, size_t ldo, size_t width, F... f) {
    vec acc[R][V] = {}, shift[V] = {};
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
        if (c) shift[v] = load(c + v * W, f...);
    for (size_t i = 0; i < n; ++i) {
        vec xi[V];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) __builtin_prefetch(next + i * ldx + v * W, 0, 2);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) xi[v] = load(x + i * ldx + v * W, f...) - shift[v];
#pragma GCC unroll 8
        for (int k = 0; k < R; ++k)
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) acc[k][v] += xi[v] * u[k * ldu + i];
    }
    double total[R][V * W];
#pragma GCC unroll 8
    for (int k = 0; k < R; ++k)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) store(total[k] + v * W, acc[k][v]);
    for (size_t j = 0; j < width; ++j)
        for (int k = 0; k < R; ++k) out[j * ldo + k] += total[k][j];
}

template <int V, int R, class T>
RIATA_INLINE void rows_tiles(const T* x, size_t ldx, const double* c, size_t j, size_t m, const double* u, size_t ldu,
                             size_t n, double* out, size_t ldo) {
    for (; j + V * W <= m; j += V * W)
        rows_tile<V, R>(x + j, j + 2 * V * W <= m ? x + j + V * W : x + n * ldx, ldx, c ? c + j : nullptr, u, ldu, n,
                        out + j * ldo, ldo, V * W);
    if constexpr (V > 1)
        rows_tiles<V / 2, R>(x, ldx, c, j, m, u, ldu, n, out, ldo);
    else if (j < m)
        rows_tile<1, R>(x + j, x + j, ldx, c ? c + j : nullptr, u, ldu, n, out + j * ldo, ldo, m - j, few(m - j));
}

template <class T>
void correlate_rows(const T* x, size_t ldx, const double* c, size_t m, const double* u, size_t ldu, size_t K, size_t n,
                    double* out, size_t ldo) {
    constexpr size_t kRows = 256;
    for (size_t i = 0; i < n; i += kRows) {
        const size_t rows = n - i < kRows ? n - i : kRows;
        const T* xi = x + i * ldx;
        const double* ui = u + i;
        size_t k = 0;
        for (; k + 8 <= K; k += 8) rows_tiles<3, 8>(xi, ldx, c, 0, m, ui + k * ldu, ldu, rows, out + k, ldo);
        if (K & 4) rows_tiles<4, 4>(xi, ldx, c, 0, m, ui + k * ldu, ldu, rows, out + k, ldo), k += 4;
        if (K & 2) rows_tiles<8, 2>(xi, ldx, c, 0, m, ui + k * ldu, ldu, rows, out + k, ldo), k += 2;
        if (K & 1) rows_tiles<8, 1>(xi, ldx, c, 0, m, ui + k * ldu, ldu, rows, out + k, ldo);
    }
}

/// z[i] = sum_j (x[i*ldx + j] - c_j) w_j for R rows.
template <int R, class T>
RIATA_INLINE void rows_dot_tile(const T* x, size_t ldx, const double* c, size_t m, const double* w, double* z) {
    vec acc[R] = {};
    const auto step = [&](size_t j, auto... f) __attribute__((always_inline)) {
        const vec wj = load(w + j, f...), cj = load(c + j, f...);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) acc[r] += (load(x + r * ldx + j, f...) - cj) * wj;
    };
    size_t j = 0;
    for (; j + W <= m; j += W) step(j);
    if (j < m) step(j, few(m - j));
    for (int r = 0; r < R; ++r) z[r] = sum(acc[r]);
}

template <class T>
void rows_dot(const T* x, size_t ldx, const double* c, size_t m, const double* w, size_t n, double* z) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) rows_dot_tile<8>(x + i * ldx, ldx, c, m, w, z + i);
    for (; i < n; ++i) rows_dot_tile<1>(x + i * ldx, ldx, c, m, w, z + i);
}

/// out[j] += sum_i (x[i*ldx + j] - c_j) u_i for R rows.
template <int R, class T>
RIATA_INLINE void rows_axpy_tile(const T* x, size_t ldx, const double* c, size_t m, const double* u, double* out) {
    const auto step = [&](size_t j, auto... f) __attribute__((always_inline)) {
        const vec cj = load(c + j, f...);
        vec sum = load(out + j, f...);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum += (load(x + r * ldx + j, f...) - cj) * u[r];
        store(out + j, sum, f...);
    };
    size_t j = 0;
    for (; j + W <= m; j += W) step(j);
    if (j < m) step(j, few(m - j));
}

template <class T>
void rows_axpy(const T* x, size_t ldx, const double* c, size_t m, const double* u, size_t n, double* out) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) rows_axpy_tile<8>(x + i * ldx, ldx, c, m, u + i, out);
    for (; i < n; ++i) rows_axpy_tile<1>(x + i * ldx, ldx, c, m, u + i, out);
}

void axpy(double a, const double* x, double* y, size_t n) {
    size_t i = 0;
    for (; i + W <= n; i += W) store(y + i, load(y + i) + load(x + i) * a);
    if (i < n) store(y + i, load(y + i, few(n - i)) + load(x + i, few(n - i)) * a, few(n - i));
}

/// Reads x_i and v_i before it writes either.
void rotate(const double* x, double* v, double* out, double cs, double sn, size_t n) {
    const auto step = [=](size_t i, auto... f) __attribute__((always_inline)) {
        const vec xi = load(x + i, f...), vi = load(v + i, f...);
        store(out + i, xi * cs + vi * sn, f...);
        store(v + i, vi * cs - xi * sn, f...);
    };
    size_t i = 0;
    for (; i + W <= n; i += W) step(i);
    if (i < n) step(i, few(n - i));
}
