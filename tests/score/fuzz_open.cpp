// Any bytes are refused or open as a model that can be used: libFuzzer's entry point on the loader.
#include <cstdlib>

#include "make_model.hpp"

namespace {

void use(const riata_model* m) {
    riata_error error;
    size_t size, count;
    (void)riata_verify(m, &error);
    (void)riata_metadata(m, &size);
    for (size_t i = 0; i < riata_names(m) && i < 64; ++i) {
        const char* name = riata_name(m, i, &size);
        if (name && riata_feature_of(m, name, size) >= static_cast<int64_t>(riata_features(m))) std::abort();
    }
    (void)riata_feature_of(m, "age", 3);
    const uint32_t* columns = riata_columns(m, &count);
    const size_t outputs = riata_outputs(m), features = riata_features(m);
    if (outputs > 4096) return;
    std::vector<double> out(outputs * 3), row(features < 65536 ? features : 0, 0.5), projected(count < 65536 ? count : 0, 1.0);
    if (row.size() == features) (void)riata_score_row(m, row.data(), RIATA_FLOAT64, features, 8, 0, out.data(), &error);
    if (projected.size() == count)
        (void)riata_score_dense(m, projected.data(), RIATA_FLOAT64, 3, count, 0, 8, RIATA_PROJECTED, out.data(), &error);
    const int64_t indices[] = {0, count ? int64_t{columns[0]} : 0, int64_t(features) - 1, int64_t(features), -1};
    const double values[] = {1, 2, 3, 4, 5};
    (void)riata_score_sparse(m, indices, RIATA_INT64, values, RIATA_FLOAT64, 3, features, 0, out.data(), &error);
    if (!riata_score_sparse(m, indices, RIATA_INT64, values, RIATA_FLOAT64, 5, features, 0, out.data(), &error)) std::abort();
}

void open_and_use(const unsigned char* data, size_t size) {
    riata_model* m = nullptr;
    riata_error error;
    for (const unsigned flags : {RIATA_COPY, RIATA_COPY | RIATA_FULL}) {
        if (riata_open_memory(data, size, flags, &m, &error) != RIATA_OK) {
            if (m || !error.message[0]) std::abort();
            continue;
        }
        use(m);
        riata_close(m);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    static const unsigned char kNothing = 0;
    open_and_use(size ? data : &kNothing, size);
    std::vector<unsigned char> repaired(data, data + size);
    riata::score::repair_sums(repaired);
    open_and_use(repaired.empty() ? &kNothing : repaired.data(), repaired.size());
    return 0;
}
