// One pass over entries of the caller's matrix: largest, sums, copies. Included by kernels.cpp inside its
// anonymous namespace.
#pragma once

template <class T>
double max_abs(const T* x, size_t n) {
    vec top[2] = {}, nan = {};
    const auto step = [&](int a, vec v) __attribute__((always_inline)) {
        v = v < 0 ? -v : v;
        top[a] = v > top[a] ? v : top[a];
        nan = v == v ? nan : v;
    };
    size_t i = 0;
    for (; i + 2 * W <= n; i += 2 * W) step(0, load(x + i)), step(1, load(x + i + W));
    for (; i + W <= n; i += W) step(0, load(x + i));
    if (i < n) step(1, load(x + i, few(n - i)));
    double most = 0;
    for (int l = 0; l < W; ++l) {
        if (nan[l] != nan[l]) return nan[l];
        const double a = top[0][l] > top[1][l] ? top[0][l] : top[1][l];
        most = a > most ? a : most;
    }
    return most;
}

/// f(i, vector of x_i, few...) over the n entries `stride` apart, where few is given for the tail only.
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

template <bool Scaled, bool Product, class T>
void moments_of(const T* x, ptrdiff_t stride, double c, const double* s, const double* y, size_t n, double* out) {
    vec sum0 = {}, sum1 = {}, sum2 = {};
    each(x, stride, n, [&](size_t i, vec v, auto... f) __attribute__((always_inline)) {
        vec one = all(1) - vec{};
        if constexpr (sizeof...(f) > 0) one = load(kOnes, f...);
        const vec d = v - c, sd = Scaled ? d * load(s + i, f...) : d * one;
        sum0 += sd;
        sum1 += sd * d;
        if (Product) sum2 += sd * load(y + i, f...);
    });
    out[0] = sum(sum0), out[1] = sum(sum1), out[2] = sum(sum2);
}
