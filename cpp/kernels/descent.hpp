// Coordinate descent on compressed columns for 8 penalties side by side. Included by kernels.cpp inside its anonymous
// namespace, after compressed.hpp.
#pragma once

/// The move of one column's 8 coefficients for their correlations g with the residuals; returns whether any moves.
RIATA_INLINE bool lane_moves(const LaneSweep& s, size_t j, const vec* g, vec* delta) {
    whole moves{};
#pragma GCC unroll 4
    for (int v = 0; v < 8 / W; ++v) {
        const vec w = load(s.w + 8 * j + v * W), l1 = load(s.l1_scale + v * W) * s.l1_factor[j];
        const vec curvature = s.square[j] + load(s.l2_scale + v * W) * s.l2_factor[j];
        const vec pull = g[v] + w * s.square[j], size = absolute(pull) - l1;
        vec next = larger(size, vec{}) / curvature;
        next = pull < 0 ? -next : next;
        if (s.lower) next = smaller(larger(next, all(s.lower[j])), all(s.upper[j]));
        delta[v] = (next - w) * load(s.on + v * W);
        const vec moved = absolute(delta[v]) * curvature / (l1 + s.floor);
        store(s.moved + v * W, larger(load(s.moved + v * W), moved));
        moves |= delta[v] != 0;
    }
    return any(moves);
}

void lane_descent(const LaneSweep& s) {
    constexpr int V = 8 / W;
    for (size_t i = 0; i < s.count; ++i) {
        const size_t j = s.order[i], begin = s.x.start[j], n = s.x.start[j + 1] - begin;
        double dots[8], minus[8];
        compressed_dot_8(s.x.value + begin, s.x.row + begin, n, 0.0, s.r, dots);
        vec g[V], delta[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) g[v] = load(dots + v * W) + load(s.offset + v * W) * s.sum[j];
        if (!lane_moves(s, j, g, delta)) continue;
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            store(s.w + 8 * j + v * W, load(s.w + 8 * j + v * W) + delta[v]);
            store(s.offset + v * W, load(s.offset + v * W) + delta[v] * s.rest[j]);
            store(minus + v * W, -delta[v]);
        }
        accumulate_compressed(s.x.value + begin, s.x.row + begin, n, 0.0, minus, 8, s.r);
    }
}
