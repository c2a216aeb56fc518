// One table of kernels; this file is compiled once per instruction set (RIATA_ISA_NAME).
#include "kernels/kernels.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define RIATA_JOIN_(a, b) a##b
#define RIATA_JOIN(a, b) RIATA_JOIN_(a, b)
#define RIATA_TEXT_(a) #a
#define RIATA_TEXT(a) RIATA_TEXT_(a)

namespace riata::kernels {
namespace {

#include "kernels/vec.hpp"

#include "kernels/bounds.hpp"
#include "kernels/combine.hpp"
#include "kernels/compressed.hpp"
#include "kernels/descent.hpp"
#include "kernels/panels.hpp"
#include "kernels/products.hpp"
#include "kernels/read.hpp"
#include "kernels/sweep.hpp"
#include "kernels/triangular.hpp"

#include "kernels/losses.hpp"

template <class T>
constexpr ReadKernels<T> readers() {
    return {max_abs<T>,        moments<T>,
            correlate<T>,      accumulate<T>,
            correlate_rows<T>, accumulate_rows<T>,
            gather<T>,         pack<T>,
            pack_across<T>,    correlate_compressed<T>,
            dot_compressed<T>, accumulate_compressed<T>,
            rows_dot<T>,       rows_axpy<T>,
            moments_rows<T>,   column_sweep<T>};
}

}  // namespace

extern const Kernels RIATA_JOIN(table_, RIATA_ISA_NAME);
constinit const Kernels RIATA_JOIN(table_, RIATA_ISA_NAME) = {RIATA_TEXT(RIATA_ISA_NAME),
                                                              readers<float>(),
                                                              readers<double>(),
                                                              size_t(W),
                                                              gram,
                                                              dot,
                                                              axpy,
                                                              solve_lower,
                                                              solve_lower_transposed,
                                                              solve_lower_many,
                                                              downdate_square,
                                                              cholesky,
                                                              lane_moments,
                                                              lane_products,
                                                              lane_peaks,
                                                              lane_descent,
                                                              unsettled,
                                                              rotate,

                                                              loss_kernels<Binomial>(),
                                                              loss_kernels<Poisson>(),
                                                              exponentials,
                                                              logarithms};

}  // namespace riata::kernels
