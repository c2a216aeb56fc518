// One table of kernels; this file is compiled once per instruction set (RIATA_ISA_NAME).
#include "kernels/kernels.hpp"

#define RIATA_JOIN_(a, b) a##b
#define RIATA_JOIN(a, b) RIATA_JOIN_(a, b)
#define RIATA_TEXT_(a) #a
#define RIATA_TEXT(a) RIATA_TEXT_(a)

namespace riata::kernels {
namespace {

constexpr size_t kPanel = 8;

double dot(const double* x, const double* y, size_t n) {
    double s[8] = {};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t l = 0; l < 8; ++l) s[l] += x[i + l] * y[i + l];
    for (; i < n; ++i) s[i % 8] += x[i] * y[i];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

void axpy(double a, const double* x, double* y, size_t n) {
    for (size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class T>
double max_abs(const T* x, size_t n) {
    double top = 0, nan = 0;
    for (size_t i = 0; i < n; ++i) {
        const double a = __builtin_fabs(double(x[i]));
        if (a > top) top = a;
        if (a != a) nan = a;
    }
    return nan != nan ? nan : top;
}

template <class T>
void moments(const T* x, ptrdiff_t stride, double c, const double* s, const double* y, size_t n, double* out) {
    double sum[3] = {};
    for (size_t i = 0; i < n; ++i) {
        const double d = double(x[ptrdiff_t(i) * stride]) - c, sd = s ? s[i] * d : d;
        sum[0] += sd;
        sum[1] += sd * d;
        if (y) sum[2] += sd * y[i];
    }
    for (int q = 0; q < 3; ++q) out[q] = sum[q];
}

template <class T>
void correlate(const T* const* x, const double* c, size_t m, const double* u, size_t ldu, size_t K, size_t n,
               double* out, size_t ldo) {
    for (size_t j = 0; j < m; ++j)
        for (size_t k = 0; k < K; ++k) {
            const double cj = c ? c[j] : 0;
            const T* xj = x[j];
            const double* uk = u + k * ldu;
            double s[8] = {};
            size_t i = 0;
            for (; i + 8 <= n; i += 8)
                for (size_t l = 0; l < 8; ++l) s[l] += (double(xj[i + l]) - cj) * uk[i + l];
            for (; i < n; ++i) s[i % 8] += (double(xj[i]) - cj) * uk[i];
            out[j * ldo + k] = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        }
}

template <class T>
void accumulate(const T* const* x, const double* c, size_t m, const double* w, size_t ldw, size_t K, size_t n,
                double* r, size_t ldr) {
    for (size_t j = 0; j < m; ++j)
        for (size_t k = 0; k < K; ++k) {
            const double cj = c ? c[j] : 0, wj = w[j * ldw + k];
            const T* xj = x[j];
            double* rk = r + k * ldr;
            for (size_t i = 0; i < n; ++i) rk[i] += (double(xj[i]) - cj) * wj;
        }
}

template <class T>
void correlate_rows(const T* x, size_t ldx, const double* c, size_t m, const double* u, size_t ldu, size_t K,
                    size_t n, double* out, size_t ldo) {
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < m; ++j) {
            const double d = double(x[i * ldx + j]) - (c ? c[j] : 0);
            for (size_t k = 0; k < K; ++k) out[j * ldo + k] += d * u[k * ldu + i];
        }
}

template <class T>
void accumulate_rows(const T* x, size_t ldx, const double* c, size_t m, const double* w, size_t ldw, size_t K,
                     size_t n, double* r, size_t ldr) {
    for (size_t i = 0; i < n; ++i)
        for (size_t k = 0; k < K; ++k) {
            double s = 0;
            for (size_t j = 0; j < m; ++j) s += (double(x[i * ldx + j]) - (c ? c[j] : 0)) * w[j * ldw + k];
            r[k * ldr + i] += s;
        }
}

template <class T>
void gather(const T* x, ptrdiff_t stride, double c, double a, const double* s, size_t n, double* out) {
    for (size_t i = 0; i < n; ++i) out[i] = a * (double(x[ptrdiff_t(i) * stride]) - c) * (s ? s[i] : 1);
}

template <class T>
void pack(const T* x, ptrdiff_t row_stride, ptrdiff_t col_stride, const double* c, const double* s, size_t n,
          size_t m, double* out) {
    const size_t padded = (m + kPanel - 1) / kPanel * kPanel;
    for (size_t j = 0; j < padded; ++j) {
        double* p = out + j / kPanel * n * kPanel + j % kPanel;
        for (size_t i = 0; i < n; ++i)
            p[i * kPanel] = j < m ? (double(x[ptrdiff_t(i) * row_stride + ptrdiff_t(j) * col_stride]) - (c ? c[j] : 0)) *
                                        (s ? s[i] : 1)
                                  : 0;
    }
}

void gram(const double* packed, size_t panels, size_t n, double* G, size_t ldg, size_t first, size_t last) {
    for (size_t b = first; b < last; ++b)
        for (size_t a = b; a < panels; ++a) {
            const double *pa = packed + a * n * kPanel, *pb = packed + b * n * kPanel;
            double acc[kPanel][kPanel] = {};
            for (size_t i = 0; i < n; ++i)
                for (size_t q = 0; q < kPanel; ++q)
                    for (size_t p = 0; p < kPanel; ++p) acc[q][p] += pa[i * kPanel + p] * pb[i * kPanel + q];
            for (size_t q = 0; q < kPanel; ++q)
                for (size_t p = 0; p < kPanel; ++p) G[a * kPanel + p + (b * kPanel + q) * ldg] += acc[q][p];
        }
}

void solve_lower(const double* L, size_t ld, size_t n, double* b) {
    for (size_t j = 0; j < n; ++j) {
        b[j] /= L[j + j * ld];
        axpy(-b[j], L + j + 1 + j * ld, b + j + 1, n - j - 1);
    }
}

void solve_lower_transposed(const double* L, size_t ld, size_t n, double* b) {
    for (size_t j = n; j-- > 0;)
        b[j] = (b[j] - dot(L + j + 1 + j * ld, b + j + 1, n - j - 1)) / L[j + j * ld];
}

void solve_lower_many(const double* L, size_t ld, size_t n, double* B, size_t ldb, size_t K) {
    for (size_t k = 0; k < K; ++k) solve_lower(L, ld, n, B + k * ldb);
}

void downdate_square(const double* A, size_t lda, size_t n, size_t m, double* C, size_t ldc) {
    for (size_t b = 0; b < m; ++b)
        for (size_t a = b; a < m; ++a) C[a + b * ldc] -= dot(A + a * lda, A + b * lda, n);
}

size_t cholesky(double* G, size_t ld, size_t n, const double* floor) {
    for (size_t j = 0; j < n; ++j) {
        double* g = G + j * ld;
        for (size_t p = 0; p < j; ++p) axpy(-G[j + p * ld], G + p * ld + j, g + j, n - j);
        if (!(g[j] > (floor ? floor[j] : 0))) return j;
        g[j] = __builtin_sqrt(g[j]);
        for (size_t i = j + 1; i < n; ++i) g[i] /= g[j];
    }
    return n;
}

void rotate(const double* x, double* v, double* out, double cs, double sn, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        const double xi = x[i], vi = v[i];
        out[i] = cs * xi + sn * vi;
        v[i] = cs * vi - sn * xi;
    }
}

template <class T>
constexpr ReadKernels<T> readers() {
    return {max_abs<T>,        moments<T>,         correlate<T>, accumulate<T>,
            correlate_rows<T>, accumulate_rows<T>, gather<T>,    pack<T>};
}

}  // namespace

extern const Kernels RIATA_JOIN(table_, RIATA_ISA_NAME);
constinit const Kernels RIATA_JOIN(table_, RIATA_ISA_NAME) = {
    RIATA_TEXT(RIATA_ISA_NAME), readers<float>(), readers<double>(), kPanel, gram, dot, axpy, solve_lower,
    solve_lower_transposed, solve_lower_many, downdate_square, cholesky, rotate};

}  // namespace riata::kernels
