// Vectors of W doubles in the compiler's own vector extension. Included by kernels.cpp inside its anonymous
// namespace, so that every instruction set has its own copies and the linker shares none of them.
#pragma once

#define RIATA_INLINE inline __attribute__((always_inline))
#define RIATA_APART __attribute__((noinline))

#if defined(__AVX512F__)
constexpr int W = 8;
#elif defined(__AVX2__)
constexpr int W = 4;
#else
constexpr int W = 2;
#endif

template <class T>
struct Lanes {
    typedef T type __attribute__((vector_size(W * sizeof(T))));
    typedef T unaligned __attribute__((vector_size(W * sizeof(T)), aligned(alignof(T)), may_alias));
};
using vec = Lanes<double>::type;
using whole = Lanes<long long>::type;  ///< integers, and what a comparison yields: all bits set where it holds

RIATA_INLINE vec all(double a) { return a - vec{}; }
RIATA_INLINE vec pick(whole which, vec yes, vec no) { return which ? yes : no; }
RIATA_INLINE vec absolute(vec x) { return x < 0 ? -x : x; }
RIATA_INLINE vec larger(vec a, vec b) { return a > b ? a : b; }
RIATA_INLINE vec smaller(vec a, vec b) { return a < b ? a : b; }

RIATA_INLINE vec load(const double* p) { return *reinterpret_cast<const Lanes<double>::unaligned*>(p); }
RIATA_INLINE vec load(const float* p) {
    return __builtin_convertvector(*reinterpret_cast<const Lanes<float>::unaligned*>(p), vec);
}
RIATA_INLINE void store(double* p, vec v) { *reinterpret_cast<Lanes<double>::unaligned*>(p) = v; }

/// Keeps a loaded vector in a register. Without it the compiler reads u again for each of the columns that u
/// meets and spills accumulators instead: 27 loads for 24 multiplications in place of 11.
RIATA_INLINE void hold(vec& v) {
#if defined(__AVX512F__)
    asm("" : "+v"(v));
#elif defined(__x86_64__)
    asm("" : "+x"(v));
#elif defined(__aarch64__)
    asm("" : "+w"(v));
#endif
}

/// The first r < W lanes. Loads of few lanes fill up with zeros and touch no memory beyond them: intrinsics,
/// because the vector extension has no masked loads.
#if defined(__AVX512F__)
using Few = __mmask8;
RIATA_INLINE Few few(size_t r) { return Few((1u << r) - 1); }
RIATA_INLINE vec load(const double* p, Few f) { return vec(_mm512_maskz_loadu_pd(f, p)); }
RIATA_INLINE vec load(const float* p, Few f) {
    return __builtin_convertvector(Lanes<float>::type(_mm256_maskz_loadu_ps(f, p)), vec);
}
RIATA_INLINE void store(double* p, vec v, Few f) { _mm512_mask_storeu_pd(p, f, v); }
RIATA_INLINE vec keep(vec v, Few f) { return vec(_mm512_maskz_mov_pd(f, v)); }
#elif defined(__AVX2__)
struct Few {
    __m256i wide;
    __m128i narrow;
};
RIATA_INLINE Few few(size_t r) {
    const int n = int(r);
    return {_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_set_epi64x(3, 2, 1, 0)),
            _mm_cmpgt_epi32(_mm_set1_epi32(n), _mm_set_epi32(3, 2, 1, 0))};
}
RIATA_INLINE vec load(const double* p, const Few& f) { return vec(_mm256_maskload_pd(p, f.wide)); }
RIATA_INLINE vec load(const float* p, const Few& f) {
    return __builtin_convertvector(Lanes<float>::type(_mm_maskload_ps(p, f.narrow)), vec);
}
RIATA_INLINE void store(double* p, vec v, const Few& f) { _mm256_maskstore_pd(p, f.wide, v); }
RIATA_INLINE vec keep(vec v, const Few& f) { return vec(_mm256_and_pd(v, _mm256_castsi256_pd(f.wide))); }
#else
struct Few {
    bool one;
};
RIATA_INLINE Few few(size_t r) { return {r != 0}; }
template <class T>
RIATA_INLINE vec load(const T* p, Few f) {
    return f.one ? vec{double(p[0]), 0.0} : vec{};
}
RIATA_INLINE void store(double* p, vec v, Few f) {
    if (f.one) p[0] = v[0];
}
RIATA_INLINE vec keep(vec v, Few f) { return f.one ? vec{v[0], 0.0} : vec{}; }
#endif
RIATA_INLINE vec keep(vec v) { return v; }

/// W entries `stride` apart, the first r of them when r < W.
template <class T>
RIATA_INLINE vec load_strided(const T* p, ptrdiff_t stride, size_t r = W) {
    vec v{};
#pragma GCC unroll 8
    for (int l = 0; l < W; ++l)
        if (size_t(l) < r) v[l] = double(p[l * stride]);
    return v;
}

// A matrix of W vectors, row index i and lane index l. Exchanging bit B of i with bit B of l takes rows i and
// i + B (bit B of i clear) to `low` and `high`; all bits in turn transpose.
template <int B, int... L>
RIATA_INLINE vec low_lanes(vec a, vec b) {
    return __builtin_shufflevector(a, b, (L & B ? L - B + W : L)...);
}
template <int B, int... L>
RIATA_INLINE vec high_lanes(vec a, vec b) {
    return __builtin_shufflevector(a, b, (L & B ? L + W : L + B)...);
}
template <int B>
RIATA_INLINE vec low(vec a, vec b) {
    if constexpr (W == 8) return low_lanes<B, 0, 1, 2, 3, 4, 5, 6, 7>(a, b);
    if constexpr (W == 4) return low_lanes<B, 0, 1, 2, 3>(a, b);
    if constexpr (W == 2) return low_lanes<B, 0, 1>(a, b);
}
template <int B>
RIATA_INLINE vec high(vec a, vec b) {
    if constexpr (W == 8) return high_lanes<B, 0, 1, 2, 3, 4, 5, 6, 7>(a, b);
    if constexpr (W == 4) return high_lanes<B, 0, 1, 2, 3>(a, b);
    if constexpr (W == 2) return high_lanes<B, 0, 1>(a, b);
}

template <int B = 1>
RIATA_INLINE void transpose(vec (&r)[W]) {
#pragma GCC unroll 8
    for (int i = 0; i < W; ++i)
        if (!(i & B)) {
            const vec a = r[i], b = r[i + B];
            r[i] = low<B>(a, b);
            r[i + B] = high<B>(a, b);
        }
    if constexpr (2 * B < W) transpose<2 * B>(r);
}

/// Lane i of the result is the sum of the lanes of r[i]: the transposition with half the rows dropped at
/// every exchange. The order of addition is the same for every row. Overwrites r.
template <int B = 1>
RIATA_INLINE vec sums(vec (&r)[W]) {
#pragma GCC unroll 8
    for (int i = 0; i < W; i += 2 * B) r[i] = low<B>(r[i], r[i + B]) + high<B>(r[i], r[i + B]);
    if constexpr (2 * B < W) return sums<2 * B>(r);
    return r[0];
}

RIATA_INLINE double sum(vec a) {
    vec r[W] = {a};
    return sums(r)[0];
}

/// True where any lane of a comparison is. Intrinsics, because the compiler makes a chain of shuffles of the loop.
RIATA_INLINE bool any(whole m) {
#if defined(__AVX512F__)
    return _mm512_test_epi64_mask(__m512i(m), __m512i(m)) != 0;
#elif defined(__AVX2__)
    return _mm256_movemask_pd(__m256d(m)) != 0;
#else
    return (m[0] | m[1]) != 0;
#endif
}
