// Batch scoring in C++: raw little-endian float64 rows on standard input, one score a line on standard output, two threads over one
// handle.
//
//     batch MODEL < rows.bin > scores
#include <riata/score.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using Model = std::unique_ptr<const riata_model, decltype([](const riata_model* m) { riata_close(const_cast<riata_model*>(m)); })>;

static Model open(const char* path) {
    riata_model* model = nullptr;
    riata_error error;
    if (riata_open(path, 0, &model, &error) != RIATA_OK) throw std::runtime_error(std::string(path) + ": " + error.message);
    return Model(model);
}

static void score(const riata_model& model, const double* rows, std::size_t n, double* scores) {
    const std::size_t p = riata_features(&model);
    riata_error error;
    const auto stride = static_cast<std::ptrdiff_t>(p * sizeof(double));
    if (riata_score_dense(&model, rows, RIATA_FLOAT64, n, p, stride, sizeof(double), 0, scores, &error) != RIATA_OK)
        throw std::runtime_error(error.message);
}

int main(int argc, char** argv) try {
    if (argc != 2) throw std::runtime_error("usage: batch MODEL < rows.bin");
    const Model model = open(argv[1]);
    const std::size_t p = riata_features(model.get()), outputs = riata_outputs(model.get());
    std::vector<double> rows;
    for (double x; std::cin.read(reinterpret_cast<char*>(&x), sizeof x);) rows.push_back(x);
    const std::size_t n = rows.size() / p, half = n / 2;
    std::vector<double> scores(n * outputs);
    std::thread other([&] { score(*model, rows.data(), half, scores.data()); });
    score(*model, rows.data() + half * p, n - half, scores.data() + half * outputs);
    other.join();
    for (std::size_t i = 0; i < scores.size(); ++i) std::printf("%.17g%c", scores[i], (i + 1) % outputs ? ' ' : '\n');
    return 0;
} catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
}
