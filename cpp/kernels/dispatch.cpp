// The only test of the processor: which compiled table of kernels is in use.
#include "kernels/kernels.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#define RIATA_JOIN_(a, b) a##b
#define RIATA_JOIN(a, b) RIATA_JOIN_(a, b)
#define RIATA_TEXT_(a) #a
#define RIATA_TEXT(a) RIATA_TEXT_(a)

// RIATA_ISA_LIST holds one to three names, worst first. EACH(f, a, b) is f(a) f(b).
#define RIATA_EACH_1(f, a) f(a)
#define RIATA_EACH_2(f, a, b) f(a) f(b)
#define RIATA_EACH_3(f, a, b, c) f(a) f(b) f(c)
#define RIATA_EACH_PICK(a, b, c, each, ...) each
#define RIATA_EACH_(f, ...) RIATA_EACH_PICK(__VA_ARGS__, RIATA_EACH_3, RIATA_EACH_2, RIATA_EACH_1, )(f, __VA_ARGS__)
#define RIATA_EACH(f, list) RIATA_EACH_(f, list)

namespace riata::kernels {

#define RIATA_DECLARE(name) extern const Kernels RIATA_JOIN(table_, name);
RIATA_EACH(RIATA_DECLARE, RIATA_ISA_LIST)

namespace {

#define RIATA_NAME(name) RIATA_TEXT(name),
constexpr const char* kNames[] = {RIATA_EACH(RIATA_NAME, RIATA_ISA_LIST) nullptr};
#define RIATA_TABLE(name) &RIATA_JOIN(table_, name),
const Kernels* const kTables[] = {RIATA_EACH(RIATA_TABLE, RIATA_ISA_LIST) nullptr};

bool runs(const char* isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!std::strcmp(isa, "avx2")) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (!std::strcmp(isa, "avx512"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return !std::strcmp(isa, "baseline");
}

const Kernels& choose() {
    const char* wish = std::getenv("RIATA_ISA");
    if (wish && *wish) {
        if (const Kernels* k = find(wish)) return *k;
        std::string names;
        for (const char* const* name = compiled(); *name; ++name)
            if (runs(*name)) names += (names.empty() ? "" : ", ") + std::string(*name);
        throw std::runtime_error("RIATA_ISA='" + std::string(wish) + "' cannot be used; available here: " + names);
    }
    const Kernels* best = nullptr;
    for (size_t i = 0; kNames[i]; ++i)
        if (runs(kNames[i])) best = kTables[i];
    return *best;
}

}  // namespace

const Kernels& active() {
    static const Kernels& table = choose();
    return table;
}

const Kernels* find(const char* isa) {
    for (size_t i = 0; kNames[i]; ++i)
        if (!std::strcmp(kNames[i], isa) && runs(isa)) return kTables[i];
    return nullptr;
}

const char* const* compiled() { return kNames; }

}  // namespace riata::kernels
