// The kernels of every instruction set, and the only test of the processor.
//
// Contraction of a * b + c into one rounding would make the sets differ; it is switched off here and in the build file.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#include <cstdlib>
#include <cstring>

#include "model.hpp"

#if defined(__x86_64__)
#define RIATA_SCORE_X86
#endif

namespace riata::score {
namespace {

namespace baseline {
#define RIATA_SCORE_ISA "baseline"
#define RIATA_SCORE_WIDTH 2
#include "lanes.hpp"
#undef RIATA_SCORE_WIDTH
#undef RIATA_SCORE_ISA
}  // namespace baseline

#ifdef RIATA_SCORE_X86
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
namespace avx2 {
#define RIATA_SCORE_ISA "avx2"
#define RIATA_SCORE_WIDTH 4
#include "lanes.hpp"
#undef RIATA_SCORE_WIDTH
#undef RIATA_SCORE_ISA
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")
#endif
namespace avx512 {
#define RIATA_SCORE_ISA "avx512"
#define RIATA_SCORE_WIDTH 8
#include "lanes.hpp"
#undef RIATA_SCORE_WIDTH
#undef RIATA_SCORE_ISA
}  // namespace avx512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

bool forbidden(const char* isa) {
    const char* wish = std::getenv("RIATA_ISA");
    return wish && *wish && std::strcmp(wish, isa) != 0;
}

}  // namespace

const Kernels* choose_kernels() {
#ifdef RIATA_SCORE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && !forbidden("avx512"))
        return &avx512::table;
    if (__builtin_cpu_supports("avx2") && !forbidden("avx2")) return &avx2::table;
#endif
    return &baseline::table;
}

}  // namespace riata::score
