// Lower triangular factors: Cholesky and solves, by blocks of columns. Included by kernels.cpp inside its
// anonymous namespace.
#pragma once

/// Columns of a block; their products with everything below go through `tile`.
constexpr size_t kBlock = 128;

/// Copies rows [i, i + r), r <= W, of k columns from G into a panel; zeros fill up.
RIATA_INLINE void copy_panel(const double* G, size_t ld, size_t r, size_t k, double* panel) {
    if (r == W)
        for (size_t p = 0; p < k; ++p) store(panel + p * W, load(G + p * ld));
    else
        for (size_t p = 0; p < k; ++p) store(panel + p * W, load(G + p * ld, few(r)));
}

/// A W x W lower triangle by columns: entry (i, q) is d[q][i]. What is beyond r x r is the unit matrix.
struct Square {
    double d[W][W];
    double inverse[W] = {};  ///< of the diagonal, once factored
};

/// Factors the r x r matrix in place. Returns the columns factored.
RIATA_INLINE size_t factor_square(Square& s, size_t r, const double* floor) {
#pragma GCC unroll 8
    for (int q = 0; q < W; ++q) {
        const double pivot = s.d[q][q];
        if (size_t(q) < r && !(pivot > (floor ? floor[q] : 0))) return q;
        const double root = __builtin_sqrt(pivot);
        s.inverse[q] = 1 / root;
        s.d[q][q] = root;
#pragma GCC unroll 8
        for (int i = q + 1; i < W; ++i) s.d[q][i] *= s.inverse[q];
#pragma GCC unroll 8
        for (int p = q + 1; p < W; ++p)
#pragma GCC unroll 8
            for (int i = p; i < W; ++i) s.d[p][i] -= s.d[q][i] * s.d[q][p];
    }
    return r;
}

/// G -= acc on the lower triangle of an r x r square.
RIATA_INLINE void subtract_lower(double* G, size_t ld, const vec (&acc)[W], size_t r) {
    for (size_t q = 0; q < r; ++q) {
        double column[W];
        store(column, acc[q]);
        for (size_t i = q; i < r; ++i) G[i + q * ld] -= column[i];
    }
}

/// Factors columns [j, j + r) of G, r <= W, from the columns [j0, j) before them. Returns the columns factored.
size_t factor_columns(double* G, size_t ld, size_t n, const double* floor, size_t j0, size_t j, size_t r,
                      double* panel) {
    const size_t k = j - j0;
    copy_panel(G + j + j0 * ld, ld, r, k, panel);
    double* diagonal = G + j + j * ld;
    Square square;
    vec acc[1][W];
    if (r == W)
        tile<1>(G + j + j0 * ld, 0, ld, panel, k, acc);
    else
        tile<1>(G + j + j0 * ld, 0, ld, panel, k, acc, few(r));
    subtract_lower(diagonal, ld, acc[0], r);
    for (size_t q = 0; q < W; ++q) {
        for (size_t i = q; i < W; ++i) square.d[q][i] = i < r ? diagonal[i + q * ld] : i == q;
    }
    const size_t done = factor_square(square, r, floor ? floor + j : floor);
    for (size_t q = 0; q < r; ++q)
        for (size_t i = q; i < r; ++i) diagonal[i + q * ld] = square.d[q][i];
    if (done < r || r < W) return done;

    each_tile(j + W, n, [=, &square](size_t i, auto size, auto... f) __attribute__((always_inline)) {
        constexpr int N = decltype(size)::value;
        vec x[N][W];
        tile<N>(G + i + j0 * ld, W, ld, panel, k, x, f...);
#pragma GCC unroll 8
        for (int q = 0; q < W; ++q)
#pragma GCC unroll 8
            for (int v = 0; v < N; ++v) {
                double* g = G + i + v * W + (j + q) * ld;
                vec s = load(g, f...) - x[v][q];
#pragma GCC unroll 8
                for (int p = 0; p < q; ++p) s -= x[v][p] * square.d[p][q];
                x[v][q] = s * square.inverse[q];
                store(g, x[v][q], f...);
            }
    });
    return done;
}

size_t cholesky(double* G, size_t ld, size_t n, const double* floor) {
    double panel[kBlock * W];
    for (size_t j0 = 0; j0 < n; j0 += kBlock) {
        const size_t end = n - j0 < kBlock ? n : j0 + kBlock;
        for (size_t j = j0; j < end; j += W) {
            const size_t r = end - j < W ? end - j : W, done = factor_columns(G, ld, n, floor, j0, j, r, panel);
            if (done < r) return j + done;
        }
        for (size_t b = end; b < n; b += W) {
            const size_t r = n - b < W ? n - b : W;
            copy_panel(G + b + j0 * ld, ld, r, kBlock, panel);
            vec square[1][W];
            if (r == W)
                tile<1>(G + b + j0 * ld, 0, ld, panel, kBlock, square);
            else
                tile<1>(G + b + j0 * ld, 0, ld, panel, kBlock, square, few(r));
            subtract_lower(G + b + b * ld, ld, square[0], r);
            each_tile(b + r, n, [=, &panel](size_t i, auto size, auto... f) __attribute__((always_inline)) {
                constexpr int N = decltype(size)::value;
                vec acc[N][W];
                tile<N>(G + i + j0 * ld, W, ld, panel, kBlock, acc, f...);
#pragma GCC unroll 8
                for (int q = 0; q < W; ++q)
#pragma GCC unroll 8
                    for (int v = 0; v < N; ++v) {
                        double* g = G + i + v * W + (b + q) * ld;
                        store(g, load(g, f...) - acc[v][q], f...);
                    }
            });
        }
    }
    return n;
}

/// b[0..r) := D^-1 b for the r x r lower triangle D.
RIATA_INLINE void solve_square(const double* D, size_t ld, size_t r, double* b) {
    double inverse[W];
    for (size_t q = 0; q < r; ++q) inverse[q] = 1 / D[q + q * ld];
    for (size_t q = 0; q < r; ++q) {
        b[q] *= inverse[q];
        for (size_t i = q + 1; i < r; ++i) b[i] -= D[i + q * ld] * b[q];
    }
}

void solve_lower(const double* L, size_t ld, size_t n, double* b) {
    for (size_t j = 0; j < n; j += W) {
        const double* D = L + j + j * ld;
        if (n - j < W) return solve_square(D, ld, n - j, b + j);
        solve_square(D, ld, W, b + j);
        vec x[W];
#pragma GCC unroll 8
        for (int q = 0; q < W; ++q) x[q] = all(b[j + q]);
        const auto step = [&](size_t i, auto... f) __attribute__((always_inline)) {
            vec s = load(b + j + i, f...), t = {};
#pragma GCC unroll 8
            for (int q = 0; q < W; q += 2) {
                s -= load(D + i + q * ld, f...) * x[q];
                t -= load(D + i + (q + 1) * ld, f...) * x[q + 1];
            }
            store(b + j + i, s + t, f...);
        };
        size_t i = W;
        for (; j + i + W <= n; i += W) step(i);
        if (j + i < n) step(i, few(n - j - i));
    }
}

void solve_lower_transposed(const double* L, size_t ld, size_t n, double* b) {
    for (size_t end = n; end > 0;) {
        const size_t r = end % W ? end % W : W, j = end - r;
        const double* D = L + j + j * ld;
        double below[W] = {};
        if (r == W) {
            vec acc[W] = {};
            const auto step = [&](size_t i, auto... f) __attribute__((always_inline)) {
                const vec x = load(b + j + i, f...);
#pragma GCC unroll 8
                for (int q = 0; q < W; ++q) acc[q] += load(D + i + q * ld, f...) * x;
            };
            size_t i = W;
            for (; j + i + W <= n; i += W) step(i);
            if (j + i < n) step(i, few(n - j - i));
            store(below, sums(acc));
        }
        double s[W], inverse[W];
        for (size_t q = 0; q < r; ++q) s[q] = b[j + q] - below[q], inverse[q] = 1 / D[q + q * ld];
        for (size_t q = r; q-- > 0;) {
            b[j + q] = s[q] *= inverse[q];
            for (size_t i = 0; i < q; ++i) s[i] -= D[q + i * ld] * s[q];
        }
        end = j;
    }
}

/// Rows of B solved so far in a block, as panels of W right-hand sides.
struct Solved {
    static constexpr size_t kGroups = 4;
    double panel[kGroups][kBlock * W];
};

/// Solves the rows [i, i + r) of W right-hand sides, at most `cols` of them there, from the k rows before.
template <class... F>
RIATA_INLINE void solve_rows(const double* L, size_t ld, size_t i, size_t r, size_t k, double* panel, double* B,
                             size_t ldb, size_t cols, F... f) {
    vec x[1][W];
    tile<1>(L + i + (i - k) * ld, 0, ld, panel, k, x, f...);
#pragma GCC unroll 8
    for (int q = 0; q < W; ++q) x[0][q] = size_t(q) < cols ? load(B + i + q * ldb, f...) - x[0][q] : vec{};
    transpose(x[0]);
    const double* D = L + i + i * ld;
#pragma GCC unroll 8
    for (int q = 0; q < W; ++q)
        if (size_t(q) < r) {
#pragma GCC unroll 8
            for (int p = 0; p < q; ++p) x[0][q] -= x[0][p] * D[q + p * ld];
            x[0][q] *= 1 / D[q + q * ld];
            store(panel + (k + q) * W, x[0][q]);
        }
    transpose(x[0]);
#pragma GCC unroll 8
    for (int q = 0; q < W; ++q)
        if (size_t(q) < cols) store(B + i + q * ldb, x[0][q], f...);
}

void solve_lower_many(const double* L, size_t ld, size_t n, double* B, size_t ldb, size_t K) {
    if (K < 3) {
        for (size_t k = 0; k < K; ++k) solve_lower(L, ld, n, B + k * ldb);
        return;
    }
    Solved solved;
    constexpr size_t kMany = Solved::kGroups * W;
    for (size_t k0 = 0; k0 < K; k0 += kMany)
        for (size_t j = 0; j < n; j += kBlock) {
            const size_t many = K - k0 < kMany ? K - k0 : kMany, end = n - j < kBlock ? n : j + kBlock;
            double* Bk = B + k0 * ldb;
            for (size_t i = j; i < end; i += W)
                for (size_t g = 0; g < many; g += W) {
                    const size_t cols = many - g < W ? many - g : W;
                    if (end - i < W)
                        solve_rows(L, ld, i, end - i, i - j, solved.panel[g / W], Bk + g * ldb, ldb, cols,
                                   few(end - i));
                    else
                        solve_rows(L, ld, i, W, i - j, solved.panel[g / W], Bk + g * ldb, ldb, cols);
                }
            each_tile(end, n, [=, &solved](size_t i, auto size, auto... f) __attribute__((always_inline)) {
                constexpr int N = decltype(size)::value;
                for (size_t g = 0; g < many; g += W) {
                    vec acc[N][W];
                    tile<N>(L + i + j * ld, W, ld, solved.panel[g / W], kBlock, acc, f...);
#pragma GCC unroll 8
                    for (int q = 0; q < W; ++q)
                        if (g + q < many)
#pragma GCC unroll 8
                            for (int v = 0; v < N; ++v) {
                                double* b = Bk + i + v * W + (g + q) * ldb;
                                store(b, load(b, f...) - acc[v][q], f...);
                            }
                }
            });
        }
}
