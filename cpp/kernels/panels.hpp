// The register tile behind the Gram matrix, the Cholesky factor and triangular solves. Included by
// kernels.cpp inside its anonymous namespace.
#pragma once

/// Vectors of rows in a tile: with W columns, as many accumulators as the registers hold.
constexpr int V = W == 2 ? 4 : 3;

/// acc[v][q] = sum_p a[v*va + p*la + lane] b[p*W + q], p < k. b is a panel: W neighbours for each p.
template <int N, class... F>
RIATA_INLINE void tile(const double* a, size_t va, size_t la, const double* b, size_t k, vec (&acc)[N][W], F... f) {
#pragma GCC unroll 8
    for (int v = 0; v < N; ++v)
#pragma GCC unroll 8
        for (int q = 0; q < W; ++q) acc[v][q] = vec{};
    for (size_t p = 0; p < k; ++p) {
        vec av[N];
#pragma GCC unroll 8
        for (int v = 0; v < N; ++v) av[v] = load(a + v * va + p * la, f...);
#pragma GCC unroll 8
        for (int q = 0; q < W; ++q)
#pragma GCC unroll 8
            for (int v = 0; v < N; ++v) acc[v][q] += av[v] * b[p * W + q];
    }
}

template <int N>
struct Size {
    static constexpr int value = N;
};

/// The rows [i, n) in tiles of N vectors, then fewer, the last perhaps of few lanes: f(i, Size<N>, few...).
template <int N = V, class F>
RIATA_INLINE void each_tile(size_t i, size_t n, const F& f) {
    for (; i + N * W <= n; i += N * W) f(i, Size<N>{});
    if constexpr (N > 1)
        each_tile<N - 1>(i, n, f);
    else if (i < n)
        f(i, Size<1>{}, few(n - i));
}

/// A tile of rows stays where it is near while all columns that are not to the right of it go by.
void gram(const double* packed, size_t panels, size_t n, double* G, size_t ldg, size_t first, size_t last) {
    constexpr size_t kRows = 256;
    for (size_t i = 0; i < n; i += kRows)
        each_tile(first * W, panels * W, [=](size_t a, auto size, auto...) __attribute__((always_inline)) {
            constexpr int N = decltype(size)::value;
            for (size_t b = first; b < last && b * W < a + N * W; ++b) {
                vec acc[N][W];
                tile<N>(packed + (a * n + i * W), n * W, W, packed + (b * n + i) * W, n - i < kRows ? n - i : kRows,
                        acc);
#pragma GCC unroll 8
                for (int q = 0; q < W; ++q)
#pragma GCC unroll 8
                    for (int v = 0; v < N; ++v) {
                        double* g = G + a + v * W + (b * W + q) * ldg;
                        store(g, load(g) + acc[v][q]);
                    }
            }
        });
}
