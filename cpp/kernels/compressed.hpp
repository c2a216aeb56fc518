// Compressed sparse columns against vectors that are interleaved: the 8 entries of one row lie in one cache line, so
// that an entry of the column costs one index and one line for all of them. Included by kernels.cpp inside its anonymous
// namespace.
#pragma once

constexpr size_t kFetch = 24;  // entries ahead of the one in use whose line is fetched; x.row has room for reading them

template <class T>
RIATA_INLINE void compressed_dot_8(const T* value, const int* row, size_t n, double c, const double* u, double* out) {
    constexpr int V = 8 / W;
    vec even[V] = {}, odd[V] = {};
    const auto step = [&](size_t k, vec(&acc)[V]) __attribute__((always_inline)) {
        const double* line = u + size_t(row[k]) * 8;
        __builtin_prefetch(u + size_t(row[k + kFetch]) * 8);
        const double x = double(value[k]) - c;
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[v] += load(line + v * W) * x;
    };
    size_t k = 0;
    for (; k + 2 <= n; k += 2) step(k, even), step(k + 1, odd);
    if (k < n) step(k, even);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store(out + v * W, even[v] + odd[v]);
}

template <class T>
RIATA_INLINE double compressed_dot_1(const T* value, const int* row, size_t n, double c, const double* u) {
    double acc[4] = {};
    size_t k = 0;
    for (; k + 4 <= n; k += 4)
        for (int a = 0; a < 4; ++a) acc[a] += (double(value[k + a]) - c) * u[row[k + a]];
    for (; k < n; ++k) acc[0] += (double(value[k]) - c) * u[row[k]];
    return (acc[0] + acc[1]) + (acc[2] + acc[3]);
}

template <class T>
void dot_compressed(const T* value, const int* row, size_t n, const double* u, double* out) {
    compressed_dot_8(value, row, n, 0.0, u, out);
}

template <class T>
void correlate_compressed(const Compressed<T>& x, const Feature* list, size_t first, size_t last, const double* u,
                          size_t lanes, double* out) {
    for (size_t i = first; i < last; ++i) {
        const size_t j = list ? size_t(list[i]) : i, begin = x.start[j], n = x.start[j + 1] - begin;
        if (lanes == 1)
            out[i - first] = compressed_dot_1(x.value + begin, x.row + begin, n, x.shift[j], u);
        else
            compressed_dot_8(x.value + begin, x.row + begin, n, x.shift[j], u, out + (i - first) * 8);
    }
}

template <class T>
void accumulate_compressed(const T* value, const int* row, size_t n, double c, const double* w, size_t lanes,
                           double* r) {
    if (lanes == 1) {
        for (size_t k = 0; k < n; ++k) r[row[k]] += (double(value[k]) - c) * w[0];
        return;
    }
    constexpr int V = 8 / W;
    vec weight[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) weight[v] = load(w + v * W);
    for (size_t k = 0; k < n; ++k) {
        double* line = r + size_t(row[k]) * 8;
        __builtin_prefetch(r + size_t(row[k + kFetch]) * 8, 1);
        const double x = double(value[k]) - c;
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) store(line + v * W, load(line + v * W) + weight[v] * x);
    }
}

/// out[l] = sum_i s_i v_l[i], out[8 + l] = sum_i s_i v_l[i]^2, out[16 + l] = sum_i s_i v_l[i] y_i.
void lane_moments(const double* v, const double* s, const double* y, size_t n, double* out) {
    constexpr int V = 8 / W;
    vec sums[V] = {}, squares[V] = {}, crossed[V] = {};
    for (size_t i = 0; i < n; ++i) {
        const double si = s ? s[i] : 1.0, yi = y[i];
#pragma GCC unroll 4
        for (int a = 0; a < V; ++a) {
            const vec line = load(v + 8 * i + a * W), weighted = line * si;
            sums[a] += weighted;
            squares[a] += weighted * line;
            crossed[a] += weighted * yi;
        }
    }
#pragma GCC unroll 4
    for (int a = 0; a < V; ++a) {
        store(out + a * W, sums[a]);
        store(out + 8 + a * W, squares[a]);
        store(out + 16 + a * W, crossed[a]);
    }
}

/// out[l] = v_l' t.
void lane_products(const double* v, const double* t, size_t n, double* out) {
    constexpr int V = 8 / W;
    vec even[V] = {}, odd[V] = {};
    size_t i = 0;
    for (; i + 2 <= n; i += 2)
#pragma GCC unroll 4
        for (int a = 0; a < V; ++a) {
            even[a] += load(v + 8 * i + a * W) * t[i];
            odd[a] += load(v + 8 * i + 8 + a * W) * t[i + 1];
        }
    if (i < n)
        for (int a = 0; a < V; ++a) even[a] += load(v + 8 * i + a * W) * t[i];
#pragma GCC unroll 4
    for (int a = 0; a < V; ++a) store(out + a * W, even[a] + odd[a]);
}

void lane_peaks(const double* v, const double* t, const double* a, const double* y, const double* b, size_t n,
                double* out) {
    constexpr int V = 8 / W;
    vec peak[V] = {}, of_t[V], of_y[V];
#pragma GCC unroll 4
    for (int l = 0; l < V; ++l) of_t[l] = load(a + l * W), of_y[l] = load(b + l * W);
    for (size_t i = 0; i < n; ++i) {
        const double ti = t ? t[i] : 0.0;
#pragma GCC unroll 4
        for (int l = 0; l < V; ++l)
            peak[l] = larger(absolute(load(v + 8 * i + l * W) - of_t[l] * ti - of_y[l] * y[i]), peak[l]);
    }
#pragma GCC unroll 4
    for (int l = 0; l < V; ++l) store(out + l * W, peak[l]);
}
