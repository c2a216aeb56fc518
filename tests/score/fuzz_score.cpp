// Any arguments with true pointers and lengths are refused or scored: libFuzzer's entry point on the scoring calls.
#include <cstdlib>

#include "make_model.hpp"

namespace {

/// Numbers taken from the input; zeros after its end.
struct Input {
    const unsigned char* at;
    size_t left;

    template <class T>
    T next() {
        T value{};
        const size_t n = left < sizeof value ? left : sizeof value;
        if (n) std::memcpy(&value, at, n);
        at += n, left -= n;
        return value;
    }
    /// n elements in a block of their own, so that a sanitizer sees one byte too far.
    template <class T>
    std::vector<T> array(size_t n) {
        std::vector<T> values(n);
        const size_t size = left < n * sizeof(T) ? left : n * sizeof(T);
        if (size) std::memcpy(values.data(), at, size);
        at += size, left -= size;
        values.shrink_to_fit();
        return values;
    }
};

const riata_model* model(unsigned which) {
    static riata_model* models[3] = {};
    if (!models[0]) {
        const std::vector<unsigned char> files[3] = {riata::score::single_model(9), riata::score::single_model(400),
                                                     riata::score::multi_model()};
        for (int i = 0; i < 3; ++i)
            if (riata_open_memory(files[i].data(), files[i].size(), RIATA_COPY, &models[i], nullptr)) std::abort();
    }
    return models[which % 3];
}

void dense(Input in, const riata_model* m, unsigned flags) {
    const size_t rows = in.next<uint8_t>() % 20, n = in.next<uint8_t>() % 4 ? riata_features(m) : in.next<uint16_t>();
    const int type = in.next<uint8_t>() % 6;
    const bool by_column = in.next<uint8_t>() % 2;
    const std::vector<uint64_t> x = in.array<uint64_t>(rows * n);
    const ptrdiff_t row = by_column ? 8 : static_cast<ptrdiff_t>(8 * n), step = by_column ? static_cast<ptrdiff_t>(8 * rows) : 8;
    std::vector<double> out(rows * riata_outputs(m));
    riata_error error;
    (void)riata_score_dense(m, x.data(), type, rows, n, row, step, flags, out.data(), &error);
    const size_t used = (flags & RIATA_PROJECTED) ? 0 : n;
    size_t count;
    riata_columns(m, &count);
    std::vector<double> projected(rows * count);
    (void)riata_project(m, x.data(), type, rows, used, row, step, projected.data(), &error);
}

template <class I, class S>
void csr(Input in, const riata_model* m, unsigned flags, int index_type, int start_type) {
    const size_t rows = in.next<uint8_t>() % 20, entries = in.next<uint16_t>() % 600;
    const int type = in.next<uint8_t>() % 6;
    std::vector<S> starts = in.array<S>(rows + 1);
    if (in.next<uint8_t>() % 4)  // mostly sound starts, that the rest is reached
        for (size_t r = 0; r <= rows; ++r) starts[r] = static_cast<S>(entries * r / (rows ? rows : 1));
    std::vector<I> indices = in.array<I>(entries);
    if (in.next<uint8_t>() % 4)
        for (I& i : indices) i = static_cast<I>(static_cast<uint64_t>(i) % riata_features(m));
    const std::vector<uint64_t> values = in.array<uint64_t>(entries);
    std::vector<double> out(rows * riata_outputs(m) + riata_outputs(m));
    riata_error error;
    (void)riata_score_csr(m, starts.data(), start_type, indices.data(), index_type, values.data(), type, entries, rows,
                          riata_features(m), flags, out.data(), &error);
    (void)riata_score_sparse(m, indices.data(), index_type, values.data(), type, entries, riata_features(m), flags,
                             out.data(), &error);
}

void columns(Input in, const riata_model* m, unsigned flags) {
    size_t count;
    riata_columns(m, &count);
    const size_t rows = in.next<uint16_t>() % 150;
    std::vector<std::vector<uint64_t>> data;
    std::vector<const void*> pointers;
    std::vector<int> types;
    std::vector<ptrdiff_t> strides;
    for (size_t i = 0; i < count; ++i) {
        data.push_back(in.array<uint64_t>(rows + 1));
        pointers.push_back(data.back().data());
        types.push_back(in.next<uint8_t>() % 6);
        strides.push_back(in.next<uint8_t>() % 9);
    }
    std::vector<double> out(rows * riata_outputs(m));
    riata_error error;
    (void)riata_score_columns(m, pointers.data(), types.data(), strides.data(), count, rows, flags, out.data(), &error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    Input in{data, size};
    const riata_model* m = model(in.next<uint8_t>());
    const unsigned flags = in.next<uint8_t>() % 9;
    switch (in.next<uint8_t>() % 6) {
        case 0:
        case 1: dense(in, m, flags); break;
        case 2: csr<int32_t, int32_t>(in, m, flags, RIATA_INT32, RIATA_INT32); break;
        case 3: csr<int64_t, int64_t>(in, m, flags, RIATA_INT64, RIATA_INT64); break;
        case 4: csr<int32_t, int64_t>(in, m, flags, RIATA_INT32, RIATA_INT64); break;
        default: columns(in, m, flags);
    }
    return 0;
}
