// Coordinate descent on dense columns for one penalty. Included by kernels.cpp inside its anonymous namespace.
#pragma once

/// sum_i s_i (x_i - c) r_i; s is not read unless Weighted.
template <bool Weighted, class T>
RIATA_INLINE double shifted_dot(const T* x, double c, const double* s, const double* r, size_t n) {
    vec part[4] = {};
    const auto step = [&](int a, size_t i, auto... f) __attribute__((always_inline)) {
        vec v = (load(x + i, f...) - c) * load(r + i, f...);
        if constexpr (Weighted) v *= load(s + i, f...);
        part[a] += v;
    };
    size_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W)
#pragma GCC unroll 4
        for (int a = 0; a < 4; ++a) step(a, i + a * W);
    for (; i + W <= n; i += W) step(0, i);
    if (i < n) step(1, i, few(n - i));
    return sum((part[0] + part[1]) + (part[2] + part[3]));
}

/// r_i += a (x_i - c).
template <class T>
RIATA_INLINE void shifted_axpy(double a, const T* x, double c, double* r, size_t n) {
    size_t i = 0;
    for (; i + W <= n; i += W) store(r + i, load(r + i) + (load(x + i) - c) * a);
    if (i < n) store(r + i, load(r + i, few(n - i)) + (load(x + i, few(n - i)) - c) * a, few(n - i));
}

template <bool Weighted, class T>
double column_sweep_of(const ColumnSweep<T>& s) {
    double moved = 0;
    for (size_t i = 0; i < s.count; ++i) {
        const size_t j = s.order[i];
        const double w = s.w[j], curvature = s.square[j] + s.l2[j];
        const double pull = s.scale[j] * shifted_dot<Weighted>(s.x[j], s.c[j], s.s, s.r, s.n) + s.square[j] * w;
        const double size = (pull < 0 ? -pull : pull) - s.l1[j];
        double next = size > 0 ? (pull < 0 ? -size : size) / curvature : 0.0;
        if (s.lower) next = next < s.lower[j] ? s.lower[j] : next > s.upper[j] ? s.upper[j] : next;
        if (next == w) continue;
        shifted_axpy((w - next) * s.scale[j], s.x[j], s.c[j], s.r, s.n);
        s.w[j] = next;
        moved += (next - w) * (next - w) * curvature;
    }
    return moved;
}

template <class T>
double column_sweep(const ColumnSweep<T>& s) {
    return s.s ? column_sweep_of<true>(s) : column_sweep_of<false>(s);
}
