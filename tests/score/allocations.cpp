// The k-th allocation fails, for every k: a clean error, nothing leaked. And scoring allocates nothing at all.
// Linked with -Wl,--wrap=malloc,--wrap=aligned_alloc,--wrap=free; the library allocates in no other way.
#include <cstdio>
#include <cstdlib>

#include "make_model.hpp"

static long live = 0, calls = 0, failing = -1;

extern "C" {
void* __real_malloc(size_t);
void* __real_aligned_alloc(size_t, size_t);
void __real_free(void*);
void* __wrap_malloc(size_t n) {
    if (calls++ == failing) return nullptr;
    ++live;
    return __real_malloc(n);
}
void* __wrap_aligned_alloc(size_t alignment, size_t n) {
    if (calls++ == failing) return nullptr;
    ++live;
    return __real_aligned_alloc(alignment, n);
}
void __wrap_free(void* p) {
    if (p) --live;
    __real_free(p);
}
}

namespace {

int problems = 0;
void expect(bool holds, const char* what, long k) {
    if (!holds) std::printf("allocation %ld: %s\n", k, what), ++problems;
}

template <class Open>
void every_allocation_fails_once(const Open& open) {
    for (long k = 0;; ++k) {
        riata_model* m = nullptr;
        riata_error error;
        calls = 0, failing = k;
        const long before = live;
        const int code = open(&m, &error);
        failing = -1;
        if (code == RIATA_OK) {
            riata_close(m);
            expect(live == before, "closing leaks", k);
            expect(k > 0 && calls == k, "an allocation was missed", k);
            return;
        }
        expect(code == RIATA_E_MEMORY && error.code == code, "the error is another", k);
        expect(m == nullptr && live == before, "something is left", k);
    }
}

void scoring_allocates_nothing(const std::vector<unsigned char>& file) {
    riata_model* m;
    if (riata_open_memory(file.data(), file.size(), 0, &m, nullptr)) std::abort();
    const size_t n = riata_features(m);
    std::vector<double> x(20 * n, 0.5), out(20 * riata_outputs(m));
    const int32_t indices[] = {0, 1, 2}, starts[] = {0, 1, 3};
    calls = 0;
    (void)riata_score_row(m, x.data(), RIATA_FLOAT64, n, 8, 0, out.data(), nullptr);
    (void)riata_score_dense(m, x.data(), RIATA_FLOAT64, 20, n, 8, 160, 0, out.data(), nullptr);
    (void)riata_score_sparse(m, indices, RIATA_INT32, x.data(), RIATA_FLOAT64, 3, n, 0, out.data(), nullptr);
    (void)riata_score_csr(m, starts, RIATA_INT32, indices, RIATA_INT32, x.data(), RIATA_FLOAT64, 3, 2, n, 0, out.data(), nullptr);
    expect(calls == 0, "scoring allocates", calls);
    riata_close(m);
}

}  // namespace

int main(int n, char** arguments) {
    const std::vector<unsigned char> files[] = {riata::score::single_model(50), riata::score::multi_model()};
    for (const auto& file : files) {
        for (const unsigned flags : {RIATA_COPY, RIATA_COPY | RIATA_FULL})
            every_allocation_fails_once([&](riata_model** m, riata_error* e) {
                return riata_open_memory(file.data(), file.size(), flags, m, e);
            });
        scoring_allocates_nothing(file);
    }
    for (int i = 1; i < n; ++i)
        for (const unsigned flags : {0u, RIATA_READ, RIATA_FULL})
            every_allocation_fails_once([&](riata_model** m, riata_error* e) { return riata_open(arguments[i], flags, m, e); });
    if (!problems) std::puts("fine");
    return problems != 0;
}
