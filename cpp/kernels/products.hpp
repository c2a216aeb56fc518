// Inner products of many vectors x_j with a few vectors u_k, and what is made of them. Included by
// kernels.cpp inside its anonymous namespace.
#pragma once

/// Rows per partial sum. The sum of one (j, k) is W lanes over a chunk, their total, and the totals in order:
/// it depends on n alone, not on which other j and k are asked for.
constexpr size_t kChunk = 256;

struct NoShift {
    struct Local {
        RIATA_INLINE vec operator()(vec x, int, size_t) const { return x; }
        RIATA_INLINE vec operator()(vec x, int, size_t, const Few&) const { return x; }
    };
    template <int C>
    RIATA_INLINE Local at(size_t) const {
        return {};
    }
};

struct ShiftPerVector {  ///< x_j[i] - c[j]
    const double* c;
    template <int C>
    struct Local {
        vec shift[C];
        RIATA_INLINE vec operator()(vec x, int a, size_t) const { return x - shift[a]; }
        RIATA_INLINE vec operator()(vec x, int a, size_t, const Few&) const { return x - shift[a]; }
    };
    template <int C>
    RIATA_INLINE Local<C> at(size_t j) const {
        Local<C> local;
#pragma GCC unroll 8
        for (int a = 0; a < C; ++a) local.shift[a] = all(c[j + a]);
        return local;
    }
};

struct ShiftPerEntry {  ///< x_j[i] - c[i]
    const double* c;
    struct Local {
        const double* c;
        RIATA_INLINE vec operator()(vec x, int, size_t i) const { return x - load(c + i); }
        RIATA_INLINE vec operator()(vec x, int, size_t i, const Few& f) const { return x - load(c + i, f); }
    };
    template <int C>
    RIATA_INLINE Local at(size_t) const {
        return {c};
    }
};

/// put(j + a, k + b, sum_i shifted(x_{j+a}[i]) u_{k+b}[i]) over the n rows from i0, for a < C, b < R. The same
/// rows of the next vectors, below `last`, are fetched on the way: each is read for a few pages only, too
/// short for the processor to notice in time.
template <int C, int R, class X, class Shift, class Put>
RIATA_INLINE void product_tile(const X& x, const Shift& shift, size_t j, size_t last, const double* u, size_t ldu,
                               size_t k, size_t i0, size_t n, const Put& put) {
    const auto shifted = shift.template at<C>(j);
    decltype(x(0)) p[C], next[C];
    const double* q[R];
    vec acc[(C * R + W - 1) / W * W] = {};
#pragma GCC unroll 8
    for (int a = 0; a < C; ++a) p[a] = x(j + a) + i0;
#pragma GCC unroll 8
    for (int a = 0; a < C; ++a) next[a] = x(j + C + a < last ? j + C + a : j + a) + i0;
#pragma GCC unroll 8
    for (int b = 0; b < R; ++b) q[b] = u + (k + b) * ldu + i0;
    size_t i = 0;
    for (; i + W <= n; i += W) {
        vec xi[C];
#pragma GCC unroll 8
        for (int a = 0; a < C; ++a) __builtin_prefetch(next[a] + i, 0, 2);
#pragma GCC unroll 8
        for (int a = 0; a < C; ++a) xi[a] = shifted(load(p[a] + i), a, i0 + i);
#pragma GCC unroll 8
        for (int b = 0; b < R; ++b) {
            vec ui = load(q[b] + i);
            if constexpr (C > 1) hold(ui);
#pragma GCC unroll 8
            for (int a = 0; a < C; ++a) acc[a * R + b] += xi[a] * ui;
        }
    }
    if (i < n) {
        const Few f = few(n - i);
        vec xi[C];
#pragma GCC unroll 8
        for (int a = 0; a < C; ++a) xi[a] = shifted(load(p[a] + i, f), a, i0 + i, f);
#pragma GCC unroll 8
        for (int b = 0; b < R; ++b) {
            const vec ui = load(q[b] + i, f);
#pragma GCC unroll 8
            for (int a = 0; a < C; ++a) acc[a * R + b] += xi[a] * ui;
        }
    }
#pragma GCC unroll 8
    for (int g = 0; g < C * R; g += W) {
        vec group[W];
#pragma GCC unroll 8
        for (int l = 0; l < W; ++l) group[l] = acc[g + l];
        const vec total = sums(group);
#pragma GCC unroll 8
        for (int l = 0; l < W; ++l)
            if (g + l < C * R) put(j + (g + l) / R, k + (g + l) % R, total[l]);
    }
}

template <int C, int R, class X, class Shift, class Put>
RIATA_INLINE void product_tiles(const X& x, const Shift& shift, size_t j, size_t end, size_t last, const double* u,
                                size_t ldu, size_t k, size_t i0, size_t n, const Put& put) {
    for (; j + C <= end; j += C) product_tile<C, R>(x, shift, j, last, u, ldu, k, i0, n, put);
    if constexpr (C > 1) product_tiles<C / 2, R>(x, shift, j, end, last, u, ldu, k, i0, n, put);
}

/// All products of x_j, first <= j < last, with u_k, k < K, over the rows [i0, i0 + n) of one chunk. Vectors x
/// go by in groups small enough to stay in cache while the u_k pass in blocks.
template <class X, class Shift, class Put>
RIATA_INLINE void products(const X& x, const Shift& shift, size_t first, size_t last, const double* u, size_t ldu,
                           size_t K, size_t i0, size_t n, const Put& put) {
    constexpr size_t kGroup = 24;
    for (size_t j = first; j < last; j += kGroup) {
        const size_t end = j + kGroup < last ? j + kGroup : last;
        size_t k = 0;
        for (; k + W <= K; k += W) product_tiles<W == 2 ? 4 : 3, W>(x, shift, j, end, last, u, ldu, k, i0, n, put);
        if constexpr (W > 4)
            if (K & 4) product_tiles<4, 4>(x, shift, j, end, last, u, ldu, k, i0, n, put), k += 4;
        if constexpr (W > 2)
            if (K & 2) product_tiles<W == 8 ? 8 : 4, 2>(x, shift, j, end, last, u, ldu, k, i0, n, put), k += 2;
        if (K & 1) product_tiles<8, 1>(x, shift, j, end, last, u, ldu, k, i0, n, put);
    }
}

template <class T>
void correlate(const T* const* x, const double* c, size_t m, const double* u, size_t ldu, size_t K, size_t n,
               double* out, size_t ldo) {
    const auto column = [=](size_t j) { return x[j]; };
    for (size_t j = 0; j < m; ++j)
        for (size_t k = 0; k < K; ++k) out[j * ldo + k] = 0;
    const auto add = [=](size_t j, size_t k, double v) { out[j * ldo + k] += v; };
    for (size_t i = 0; i < n; i += kChunk) {
        const size_t rows = n - i < kChunk ? n - i : kChunk;
        if (c)
            products(column, ShiftPerVector{c}, 0, m, u, ldu, K, i, rows, add);
        else
            products(column, NoShift{}, 0, m, u, ldu, K, i, rows, add);
    }
}

/// The rows of x are the vectors and the columns of w, copied so that they are contiguous, the u_k.
template <class T>
void accumulate_rows(const T* x, size_t ldx, const double* c, size_t m, const double* w, size_t ldw, size_t K,
                     size_t n, double* r, size_t ldr) {
    constexpr size_t kRows = 96, kCopy = kChunk + 8;  // not a power of two: the copies share no cache sets
    double copy[W * kCopy];
    for (size_t i0 = 0; i0 < n; i0 += kRows)
        for (size_t j0 = 0; j0 < m; j0 += kChunk)
            for (size_t k0 = 0; k0 < K; k0 += W) {
                const size_t rows = n - i0 < kRows ? n - i0 : kRows, cols = m - j0 < kChunk ? m - j0 : kChunk;
                const size_t few_k = K - k0 < W ? K - k0 : W;
                for (size_t j = 0; j < cols; ++j)
                    for (size_t k = 0; k < few_k; ++k) copy[k * kCopy + j] = w[(j0 + j) * ldw + k0 + k];
                const auto row = [=](size_t i) { return x + (i0 + i) * ldx + j0; };
                const auto add = [=](size_t i, size_t k, double v) { r[(k0 + k) * ldr + i0 + i] += v; };
                if (c)
                    products(row, ShiftPerEntry{c + j0}, 0, rows, copy, kCopy, few_k, 0, cols, add);
                else
                    products(row, NoShift{}, 0, rows, copy, kCopy, few_k, 0, cols, add);
            }
}

void downdate_square(const double* A, size_t lda, size_t n, size_t m, double* C, size_t ldc) {
    const auto column = [=](size_t j) { return A + j * lda; };
    for (size_t i = 0; i < n; i += kChunk)
        for (size_t b = 0; b < m; b += W) {
            const auto subtract = [=](size_t a, size_t k, double v) {
                if (a >= b + k) C[a + (b + k) * ldc] -= v;
            };
            products(column, NoShift{}, b, m, A + b * lda, lda, m - b < W ? m - b : W, i,
                     n - i < kChunk ? n - i : kChunk, subtract);
        }
}

double dot(const double* x, const double* y, size_t n) {
    vec acc[4] = {};
    size_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W)
#pragma GCC unroll 4
        for (int a = 0; a < 4; ++a) acc[a] += load(x + i + a * W) * load(y + i + a * W);
    for (; i + W <= n; i += W) acc[0] += load(x + i) * load(y + i);
    if (i < n) acc[1] += load(x + i, few(n - i)) * load(y + i, few(n - i));
    return sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
}
