// Inner products of many vectors x_j with a few vectors u_k, and what is made of them. Included by
// kernels.cpp inside its anonymous namespace.
#pragma once

/// Rows per partial sum. The sum of one (j, k) is W lanes over a chunk, their total, and the totals in order:
/// it depends on n alone, not on which other j and k are asked for.
constexpr size_t kChunk = 256;

/// What is subtracted from x_j[i]: c[j], or c[i].
enum class Shift { per_vector, per_entry };

/// total[a*R + b] = sum_i (x_a[i] - c) u[b*ldu + i] for a < C, b < R, i < n. The same entries of the vectors
/// `next` are fetched on the way: each is read for half a page, too short for the processor to notice in time.
template <Shift shift, int C, int R, class T>
RIATA_APART void product_tile(const T* const* x, const T* const* next, const double* c, const double* u, size_t ldu,
                              size_t n, double* total) {
    const T *p[C], *ahead[C];
    const double* q[R];
    vec cv[C] = {}, acc[(C * R + W - 1) / W * W] = {};
#pragma GCC unroll 8
    for (int a = 0; a < C; ++a) {
        p[a] = x[a];
        ahead[a] = next[a];
        if (shift == Shift::per_vector && c) cv[a] = all(c[a]);
    }
#pragma GCC unroll 8
    for (int b = 0; b < R; ++b) q[b] = u + b * ldu;
    const auto step = [&](size_t i, auto... f) __attribute__((always_inline)) {
        vec xi[C], ci{};
        if constexpr (shift == Shift::per_entry) ci = load(c + i, f...);
#pragma GCC unroll 8
        for (int a = 0; a < C; ++a) {
            __builtin_prefetch(ahead[a] + i, 0, 2);
            xi[a] = load(p[a] + i, f...) - (shift == Shift::per_entry ? ci : cv[a]);
        }
#pragma GCC unroll 8
        for (int b = 0; b < R; ++b) {
            vec ui = load(q[b] + i, f...);
            if constexpr (C > 1) hold(ui);
#pragma GCC unroll 8
            for (int a = 0; a < C; ++a) acc[a * R + b] += xi[a] * ui;
        }
    };
    size_t i = 0;
    for (; i + W <= n; i += W) step(i);
    if (i < n) step(i, few(n - i));
#pragma GCC unroll 8
    for (int g = 0; g < C * R; g += W) {
        vec group[W];
#pragma GCC unroll 8
        for (int l = 0; l < W; ++l) group[l] = acc[g + l];
        store(total + g, sums(group));
    }
}

/// All products of the vectors x(j), first <= j < last, with the K vectors u, over the n <= kChunk entries
/// from i0 on: put(j, k, product). c[0] belongs to vector 0, or to entry i0.
template <Shift shift, class X, class Put>
struct Products {
    const X& x;
    const double* c;
    size_t last;
    const double* u;
    size_t ldu, i0, n;
    const Put& put;

    template <int C, int R>
    RIATA_INLINE void tiles(size_t j, size_t end, size_t k) const {
        for (; j + C <= end; j += C) {
            decltype(x(0)) p[C], next[C];
            double total[C * R + W];
            for (size_t a = 0; a < C; ++a) {
                p[a] = x(j + a) + i0;
                next[a] = x(j + C + a < last ? j + C + a : j + a) + i0;
            }
            product_tile<shift, C, R>(p, next, shift == Shift::per_vector && c ? c + j : c, u + k * ldu + i0, ldu, n,
                                      total);
            for (size_t a = 0; a < C; ++a)
                for (size_t b = 0; b < R; ++b) put(j + a, k + b, total[a * R + b]);
        }
        if constexpr (C > 1) tiles<C / 2, R>(j, end, k);
    }

    /// Vectors x go by in groups small enough to stay in cache while the u pass in blocks.
    RIATA_INLINE void operator()(size_t first, size_t K) const {
        constexpr size_t kGroup = 24;
        for (size_t j = first; j < last; j += kGroup) {
            const size_t end = last - j < kGroup ? last : j + kGroup;
            size_t k = 0;
            for (; k + W <= K; k += W) tiles<W == 2 ? 4 : 3, W>(j, end, k);
            if constexpr (W > 4)
                if (K & 4) tiles<4, 4>(j, end, k), k += 4;
            if constexpr (W > 2)
                if (K & 2) tiles<W == 8 ? 8 : 4, 2>(j, end, k), k += 2;
            if (K & 1) tiles<8, 1>(j, end, k);
        }
    }
};

template <Shift shift, class X, class Put>
RIATA_INLINE void products(const X& x, const double* c, size_t first, size_t last, const double* u, size_t ldu,
                           size_t K, size_t i0, size_t n, const Put& put) {
    Products<shift, X, Put>{x, c, last, u, ldu, i0, n, put}(first, K);
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
        products<Shift::per_vector>(column, c, 0, m, u, ldu, K, i, rows, add);
    }
}

/// The rows of x are the vectors and the columns of w, copied so that they are contiguous, the u_k.
template <class T>
void accumulate_rows(const T* x, size_t ldx, const double* c, size_t m, const double* w, size_t ldw, size_t K, size_t n,
                     double* r, size_t ldr) {
    constexpr size_t kRows = 96, kCopy = kChunk + 8;  // not a power of two: the copies share no cache sets
    double copy[W * kCopy], zeros[kChunk];
    if (!c)
        for (double& zero : zeros) zero = 0;
    for (size_t i0 = 0; i0 < n; i0 += kRows)
        for (size_t j0 = 0; j0 < m; j0 += kChunk)
            for (size_t k0 = 0; k0 < K; k0 += W) {
                const size_t rows = n - i0 < kRows ? n - i0 : kRows, cols = m - j0 < kChunk ? m - j0 : kChunk;
                const size_t few_k = K - k0 < W ? K - k0 : W;
                for (size_t j = 0; j < cols; ++j)
                    for (size_t k = 0; k < few_k; ++k) copy[k * kCopy + j] = w[(j0 + j) * ldw + k0 + k];
                const auto row = [=](size_t i) { return x + (i0 + i) * ldx + j0; };
                const auto add = [=](size_t i, size_t k, double v) { r[(k0 + k) * ldr + i0 + i] += v; };
                products<Shift::per_entry>(row, c ? c + j0 : zeros, 0, rows, copy, kCopy, few_k, 0, cols, add);
            }
}

void downdate_square(const double* A, size_t lda, size_t n, size_t m, double* C, size_t ldc) {
    const auto column = [=](size_t j) { return A + j * lda; };
    for (size_t i = 0; i < n; i += kChunk)
        for (size_t b = 0; b < m; b += W) {
            const auto subtract = [=](size_t a, size_t k, double v) {
                if (a >= b + k) C[a + (b + k) * ldc] -= v;
            };
            products<Shift::per_vector>(column, nullptr, b, m, A + b * lda, lda, m - b < W ? m - b : W, i,
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
