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

void exponentials(const double* x, size_t n, double* out) {
    each(x, 1, n,
         [=](size_t i, vec v, auto... f) __attribute__((always_inline)) { store(out + i, exponential(v), f...); });
}

void logarithms(const double* x, size_t n, double* out) {
    each(x, 1, n, [=](size_t i, vec v, auto... f) __attribute__((always_inline)) {
        store(out + i, logarithm(v < 1e-300 ? all(1e-300) : v), f...);
    });
}

/// e^x - 1 - x, from e = e^x.
RIATA_INLINE vec excess(vec x, vec e) {
    constexpr double kSeries[] = {1 / 2.,         1 / 6.,          1 / 24.,         1 / 120.,     1 / 720.,
                                  1 / 5040.,      1 / 40320.,      1 / 362880.,     1 / 3628800., 1 / 39916800.,
                                  1 / 479001600., 1 / 6227020800., 1 / 87178291200.};
    return pick(absolute(x) <= 0.5, x * x * polynomial(x, kSeries), e - 1 - x);
}

/// The relative entropy a log(a / q) - a + q of a = q + change, which loses nothing where a is nearly q. log_q() is log q, which is
/// known where q itself is below all numbers.
template <class Log>
RIATA_INLINE vec relative_entropy(vec a, vec q, vec change, const Log& log_q) {
    constexpr double kSeries[] = {1 / 2.,   -1 / 6., 1 / 12.,   -1 / 20., 1 / 30.,   -1 / 42., 1 / 56.,
                                  -1 / 72., 1 / 90., -1 / 110., 1 / 132., -1 / 156., 1 / 182.};
    const vec from = larger(q, all(1e-300)), u = change / from, near = change * u * polynomial(u, kSeries);
    const whole far = absolute(u) > 0.0625;
    if (!any(far)) return near;
    return pick(far, a * (logarithm(larger(a, all(1e-300))) - log_q()) - change, near);
}

/// One vector of a loss: value, -f' and f''.
struct Point {
    vec value, slope, curvature;
};

// A loss states f(y, m) - min f(y, .), itself and not as a difference: near its least value it is as exact as its margin. And
// its divergence f(y, m) + f*(y, -r) + r m from the margin m to the one where the slope is r, a sum of relative entropies of
// means for those here, infinite where r is no slope.

/// log(1 + e^m) - y m with y in {0, 1}, from e = e^-|m|: no cancellation on either side.
struct Binomial {
    static constexpr bool kAnchored = false;
    static RIATA_INLINE Point at(vec m, vec y, vec) {
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
    static RIATA_INLINE vec divergence(vec m, vec r, vec y, vec) {
        const vec a = absolute(m), e = exponential(-a), large = 1 / (e + 1), small = e * large;
        const whole positive = y > 0.5, right = pick(positive, m, -m) >= 0;
        const vec miss = pick(positive, r, -r), hit = 1 - miss, here = pick(right, small, large);
        const auto log_here = [&] { return -log_one_plus(e) - pick(right, a, vec{}); };
        const auto log_there = [&] { return -log_one_plus(e) - pick(right, vec{}, a); };
        const vec sum = relative_entropy(miss, here, miss - here, log_here) +
                        relative_entropy(hit, pick(right, large, small), here - miss, log_there);
        return pick(miss < 0, all(kInfinite), pick(hit < 0, all(kInfinite), sum));
    }
};

/// e^m - y m - (y - y log y) = y (e^d - 1 - d) with d = m - log y, which is `best`; e^m where y = 0.
struct Poisson {
    static constexpr bool kAnchored = true;
    static constexpr double kRounding = 0x1p-50;  // of a margin: what is no distance from the best one
    static constexpr double kFarthest = 709;      // whose exponential is a number
    static RIATA_INLINE vec distance(vec m, vec best) {
        const vec d = m - best;
        return pick(absolute(d) <= kRounding * (absolute(best) + 1), vec{}, d);
    }
    static RIATA_INLINE Point at(vec m, vec y, vec best) {
        const whole none = y == 0;
        const vec d = pick(none, m, distance(m, best)), e = exponential(d), over = excess(d, e);
        const vec change = pick(absolute(d) <= 0.5, d + over, e - 1);  // e^d - 1
        const vec value = pick(d > kFarthest, all(kInfinite), pick(none, e, y * over));
        return {value, pick(none, -e, -y * change), pick(none, e, y * e)};
    }
    static RIATA_INLINE vec curvature(vec r, vec y) { return larger(y - r, vec{}); }
    static RIATA_INLINE vec divergence(vec m, vec r, vec y, vec best) {
        const Point here = at(m, y, best);
        const auto log_here = [&] { return m; };
        const vec mean = y - r, sum = relative_entropy(mean, here.curvature, here.slope - r, log_here);
        return pick(mean < 0, all(kInfinite), sum);
    }
};

/// Weight times value, of which infinite ones without weight are nothing.
RIATA_INLINE vec weighted(vec value, vec weight) { return pick(weight > 0, value * weight, vec{}); }

template <class Loss, bool Weighted>
void loss_of(const double* eta, double shift, const LossRows& rows, size_t n, double* r, double* out) {
    vec value = {}, slope = {}, curvature = {};
    each(eta, 1, n, [&](size_t i, vec m, auto... f) __attribute__((always_inline)) {
        vec best = {};
        if constexpr (Loss::kAnchored) best = load(rows.best + i, f...);
        const Point at = Loss::at(m + shift, load(rows.y + i, f...), best);
        store(r + i, at.slope, f...);
        vec weight = keep(all(1), f...);
        if constexpr (Weighted) weight = load(rows.s + i, f...);
        value += weighted(at.value, weight);
        slope += at.slope * weight;
        curvature += at.curvature * weight;
    });
    out[0] = sum(value), out[1] = sum(slope), out[2] = sum(curvature);
}

template <class Loss>
void evaluate_loss(const double* eta, double shift, const LossRows& rows, size_t n, double* r, double* out) {
    if (rows.s)
        loss_of<Loss, true>(eta, shift, rows, n, r, out);
    else
        loss_of<Loss, false>(eta, shift, rows, n, r, out);
}

template <class Loss>
void loss_curvature(const double* r, const LossRows& rows, size_t n, double* d) {
    each(r, 1, n, [=](size_t i, vec v, auto... f) __attribute__((always_inline)) {
        const vec c = Loss::curvature(v, load(rows.y + i, f...));
        store(d + i, rows.s ? c * load(rows.s + i, f...) : c, f...);
    });
}

template <class Loss>
double loss_divergence(const double* eta, double shift, const double* r, double t, const LossRows& rows, size_t n) {
    vec total = {};
    each(eta, 1, n, [&](size_t i, vec m, auto... f) __attribute__((always_inline)) {
        vec best = {};
        if constexpr (Loss::kAnchored) best = load(rows.best + i, f...);
        const vec c = Loss::divergence(m + shift, load(r + i, f...) * t, load(rows.y + i, f...), best);
        total += weighted(c, rows.s ? load(rows.s + i, f...) : keep(all(1), f...));
    });
    return sum(total);
}

template <class Loss>
constexpr LossKernels loss_kernels() {
    return {evaluate_loss<Loss>, loss_curvature<Loss>, loss_divergence<Loss>};
}
