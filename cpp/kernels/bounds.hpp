// Which features no bound settles. Included by kernels.cpp inside its anonymous namespace.
#pragma once

/// True unless every lane of `bound` is at most `limit`; NaN is not.
RIATA_INLINE bool exceeds(vec bound, double limit) {
#if defined(__AVX512F__)  // one comparison into a mask; the compiler makes a chain of shuffles of the portable loop
    return _mm512_cmp_pd_mask(__m512d(bound), _mm512_set1_pd(limit), _CMP_NLE_UQ) != 0;
#elif defined(__AVX2__)
    return _mm256_movemask_pd(_mm256_cmp_pd(__m256d(bound), _mm256_set1_pd(limit), _CMP_NLE_UQ)) != 0;
#else
    bool any = false;
    for (int l = 0; l < W; ++l) any |= !(bound[l] <= limit);
    return any;
#endif
}

size_t unsettled(const Feature* list, size_t count, const BoundTable& t, const double* limit, Feature* out) {
    constexpr int V = 8 / W;
    size_t found = 0;
    for (size_t i = 0; i < count; ++i) {
        const size_t j = size_t(list[i]);
        const double* row = t.rows + 24 * (t.reference[j] + 1);
        const double exact = t.exact[j], xty = t.xty[j], norm = t.norm[j];
        bool any = false;
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            const vec guess = load(row + v * W) * exact + load(row + 8 + v * W) * xty;
            any |= exceeds((guess < 0 ? -guess : guess) + load(row + 16 + v * W) * norm, limit[j]);
        }
        out[found] = list[i];
        found += any;
    }
    return found;
}
