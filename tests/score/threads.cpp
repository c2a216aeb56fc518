// Eight threads score with one handle while others open and close models of their own: for ThreadSanitizer.
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "make_model.hpp"

namespace {

void score(const riata_model* m, double wanted) {
    const std::vector<double> rows(4000 * 3, 0.001);
    const std::vector<int32_t> indices{0, 2, 5};
    double out[3];
    for (int i = 0; i < 300; ++i) {
        if (riata_score_dense(m, rows.data(), RIATA_FLOAT64, 3, 4000, 8 * 4000, 8, RIATA_LINEAR, out, nullptr)) std::abort();
        if (out[0] != wanted || out[2] != wanted) std::abort();
        if (riata_score_sparse(m, indices.data(), RIATA_INT32, rows.data(), RIATA_FLOAT64, 3, 4000, 0, out, nullptr)) std::abort();
        if (riata_score_sparse(m, indices.data(), RIATA_INT32, rows.data(), RIATA_FLOAT64, 3, 4, 0, out, nullptr) != RIATA_E_SHAPE)
            std::abort();
        if (i % 100 == 0 && riata_verify(m, nullptr)) std::abort();
    }
}

void open_and_close(const std::vector<unsigned char>& file) {
    for (int i = 0; i < 300; ++i) {
        riata_model* m;
        riata_error error;
        if (riata_open_memory(file.data(), file.size() - i % 2, 0, &m, &error) != (i % 2 ? RIATA_E_FORMAT : RIATA_OK)) std::abort();
        riata_close(m);
    }
}

}  // namespace

int main() {
    const std::vector<unsigned char> file = riata::score::single_model(4000);
    const std::vector<double> row(4000, 0.001);
    riata_model* m;
    double wanted;
    if (riata_open_memory(file.data(), file.size(), 0, &m, nullptr)) return 1;
    if (riata_score_row(m, row.data(), RIATA_FLOAT64, 4000, 8, RIATA_LINEAR, &wanted, nullptr)) return 1;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) threads.emplace_back(score, m, wanted);
    for (int t = 0; t < 2; ++t) threads.emplace_back(open_and_close, file);
    for (std::thread& thread : threads) thread.join();
    riata_close(m);
    std::puts("fine");
    return 0;
}
