// Exponentials, logarithms and the losses made of them, fused: one read of the margins gives values, slopes and curvatures.
// Included by kernels.cpp inside its anonymous namespace.
#pragma once

constexpr double kRound =
    0x1.8p52;  // added to a double of moderate size, leaves it rounded to an integer in the low bits
constexpr double kLn2High = 0x1.62e42fefap-1, kLn2Low = 0x1.cf79abc9e3b3ap-40;

constexpr double kInfinite = __builtin_inf();

/// c[0] + c[1] x + ... + c[N-1] x^(N-1).
template <int N>
RIATA_INLINE vec polynomial(vec x, const double (&c)[N]) {
    vec sum = all(c[N - 1]);
#pragma GCC unroll 16
    for (int k = N - 2; k >= 0; --k) sum = sum * x + c[k];
    return sum;
}

/// e^x for x in [-708, 709.5]; beyond, that of the nearer end. x = k log 2 + t with |t| <= log(2)/2, e^t by its series,
/// and k is added to the exponent.
RIATA_INLINE vec exponential(vec x) {
    constexpr double kSeries[] = {
        1,         1,          1 / 2.,      1 / 6.,       1 / 24.,       1 / 120.,       1 / 720.,
        1 / 5040., 1 / 40320., 1 / 362880., 1 / 3628800., 1 / 39916800., 1 / 479001600., 1 / 6227020800.};
    x = x > 709.5 ? all(709.5) : x;
    x = x < -708. ? all(-708.) : x;
    const vec shifted = x * 0x1.71547652b82fep0 + kRound, k = shifted - kRound;
    const vec t = (x - k * kLn2High) - k * kLn2Low;
    return vec(whole(polynomial(t, kSeries)) + (whole(shifted) << 52));
}

/// log(1 + f) for |f / (2 + f)| <= 0.172: twice the series of artanh.
RIATA_INLINE vec log_near_one(vec f) {
    constexpr double kSeries[] = {2.,      2 / 3.,  2 / 5.,  2 / 7.,  2 / 9., 2 / 11.,
                                  2 / 13., 2 / 15., 2 / 17., 2 / 19., 2 / 21.};
    const vec s = f / (f + 2);
    return s * polynomial(s * s, kSeries);
}

/// log x for positive normal x.
RIATA_INLINE vec logarithm(vec x) {
    const whole root = whole(all(0x1.6a09e667f3bcdp-1)), bits = whole(x);  // of sqrt(1/2)
    const whole k = (bits - root) >> 52;
    const vec exponent = vec(k + whole(all(kRound))) - kRound;
    const vec m = vec(bits - (k << 52));
    return exponent * kLn2High + (log_near_one(m - 1) + exponent * kLn2Low);
}

/// log(1 + e) for e in [0, 1].
RIATA_INLINE vec log_one_plus(vec e) {
    const whole large = e > 0.41421356237309503;
    const vec near = log_near_one(pick(large, (e - 1) * 0.5, e));
    return pick(large, near + 0x1.62e42fefa39efp-1, near);
}

/// x log x with its limit 0 at 0.
RIATA_INLINE vec entropy(vec x) { return x * logarithm(x < 1e-300 ? all(1e-300) : x); }

void exponentials(const double* x, size_t n, double* out) {
    each(x, 1, n,
         [=](size_t i, vec v, auto... f) __attribute__((always_inline)) { store(out + i, exponential(v), f...); });
}

void logarithms(const double* x, size_t n, double* out) {
    each(x, 1, n, [=](size_t i, vec v, auto... f) __attribute__((always_inline)) {
        store(out + i, logarithm(v < 1e-300 ? all(1e-300) : v), f...);
    });
}

/// One vector of a loss: value, -f' and f''.
struct Point {
    vec value, slope, curvature;
};

/// log(1 + e^m) - y m with y in {0, 1}, from e = e^-|m|: no cancellation on either side.
struct Binomial {
    static RIATA_INLINE Point at(vec m, vec y) {
        const vec a = absolute(m), e = exponential(-a), large = 1 / (e + 1), small = e * large;
        const whole positive = y > 0.5, right = pick(positive, m, -m) >= 0;
        const vec miss = pick(right, small, large);
        return {log_one_plus(e) + pick(right, vec{}, a), pick(positive, miss, -miss), small * large};
    }
    /// f''(y, m) where -f'(y, m) = r.
    static RIATA_INLINE vec curvature(vec r, vec) {
        const vec a = absolute(r);
        return a - a * a;
    }
    /// f*(y, -r), infinite where 1 - r (for y = 1) or -r is no probability.
    static RIATA_INLINE vec conjugate(vec r, vec y) {
        const vec a = pick(y > 0.5, r, -r), rest = 1 - a;
        return pick(a < 0, all(kInfinite), pick(rest < 0, all(kInfinite), entropy(a) + entropy(rest)));
    }
};

/// e^m - y m with y >= 0.
struct Poisson {
    static RIATA_INLINE Point at(vec m, vec y) {
        const vec mean = exponential(m);
        return {mean - y * m, y - mean, mean};
    }
    static RIATA_INLINE vec curvature(vec r, vec y) { return y - r; }
    static RIATA_INLINE vec conjugate(vec r, vec y) {
        const vec mean = y - r;
        return pick(mean < 0, all(kInfinite), entropy(mean) - mean);
    }
};

template <class Loss, bool Weighted>
void loss_of(const double* eta, double shift, const double* y, const double* s, size_t n, double* r, double* out) {
    vec value = {}, slope = {}, curvature = {};
    each(eta, 1, n, [&](size_t i, vec m, auto... f) __attribute__((always_inline)) {
        const Point at = Loss::at(m + shift, load(y + i, f...));
        store(r + i, at.slope, f...);
        vec weight = keep(all(1), f...);
        if constexpr (Weighted) weight = load(s + i, f...);
        value += at.value * weight;
        slope += at.slope * weight;
        curvature += at.curvature * weight;
    });
    out[0] = sum(value), out[1] = sum(slope), out[2] = sum(curvature);
}

template <class Loss>
void evaluate_loss(const double* eta, double shift, const double* y, const double* s, size_t n, double* r,
                   double* out) {
    if (s)
        loss_of<Loss, true>(eta, shift, y, s, n, r, out);
    else
        loss_of<Loss, false>(eta, shift, y, s, n, r, out);
}

template <class Loss>
void loss_curvature(const double* r, const double* y, const double* s, size_t n, double* d) {
    each(r, 1, n, [=](size_t i, vec v, auto... f) __attribute__((always_inline)) {
        const vec c = Loss::curvature(v, load(y + i, f...));
        store(d + i, s ? c * load(s + i, f...) : c, f...);
    });
}

template <class Loss>
double loss_conjugate(const double* r, double t, const double* y, const double* s, size_t n) {
    vec total = {};
    each(r, 1, n, [&](size_t i, vec v, auto... f) __attribute__((always_inline)) {
        const vec yi = load(y + i, f...), c = Loss::conjugate(v * t, yi);
        total += s ? c * load(s + i, f...) : keep(c, f...);
    });
    return sum(total);
}

template <class Loss>
constexpr LossKernels loss_kernels() {
    return {evaluate_loss<Loss>, loss_curvature<Loss>, loss_conjugate<Loss>};
}
