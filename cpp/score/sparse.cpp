// Scoring sparse rows, the golden rows among them, and copying the needed columns out of dense ones.
#include <cstdlib>
#include <cstring>

#include "parts.hpp"

namespace riata::score {
namespace {

struct SparseTypes {
    int index;
    int value;
};

int64_t index_at(const void* indices, int type, size_t i) {
    const auto* at = static_cast<const char*>(indices) + i * width(type);
    int32_t narrow;
    int64_t wide;
    if (type == RIATA_INT64) return std::memcpy(&wide, at, 8), wide;
    return std::memcpy(&narrow, at, 4), narrow;
}

Entries part(const void* indices, const void* values, SparseTypes t, size_t from, size_t to) {
    return {static_cast<const char*>(indices) + from * width(t.index),
            static_cast<const char*>(values) + from * width(t.value), to - from};
}

int check_types(SparseTypes t, riata_error* error) {
    if (!is_index(t.index)) return bad_argument(error, "indices are neither RIATA_INT32 nor RIATA_INT64");
    return is_value(t.value) ? RIATA_OK : bad_argument(error, "the type of the values is unknown");
}

/// What is wrong with the first index that is out of range; `first` is the number of the row's first entry in the caller's arrays.
int report_index(const riata_model& m, Entries row, SparseTypes t, size_t first, riata_error* error) {
    size_t k = 0;
    while (k + 1 < row.count && static_cast<uint64_t>(index_at(row.index, t.index, k)) < m.weights.features) ++k;
    const auto found = static_cast<long long>(index_at(row.index, t.index, k));
    return fail(error, RIATA_E_INDEX, int64_t(first + k), found, "indices[%llu] is %lld, not in [0, %llu)",
                ull(first + k), found, ull(m.weights.features));
}

bool in_range(const riata_model& m, Entries row, SparseTypes t) {
    return m.kernels->below[t.index - RIATA_INT32](row.index, row.count, m.weights.features);
}

/// Sums rows, one from each of `at` to the next, into out. All their entries' indices are checked together, `first` is the number
/// of the first.
int sum_checked(const riata_model& m, Entries all, SparseTypes t, const int64_t* at, size_t rows, size_t first,
                double* out, riata_error* error) {
    if (!in_range(m, all, t)) return report_index(m, all, t, first, error);
    m.kernels->sparse[t.index - RIATA_INT32][t.value](m.weights, all.index, all.value, at, rows, out);
    return RIATA_OK;
}

int sum_row(const riata_model& m, Entries row, SparseTypes t, size_t first, double* out, riata_error* error) {
    const int64_t at[] = {0, static_cast<int64_t>(row.count)};
    return sum_checked(m, row, t, at, 1, first, out, error);
}

bool has_weight(const Weights& w, uint64_t feature) {
    uint64_t low = 0, high = w.columns;
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (w.column[middle] < feature)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w.columns && w.column[low] == feature;
}

/// The first value of a row that is not finite and has a weight; none if only the sum overflowed.
int find_nonfinite(const Weights& w, Entries row, SparseTypes t, size_t r, riata_error* error) {
    for (size_t k = 0; k < row.count; ++k) {
        const double v = value_at(row.value, t.value, static_cast<ptrdiff_t>(k * width(t.value)));
        const int64_t feature = index_at(row.index, t.index, k);
        if (!is_finite(v) && has_weight(w, static_cast<uint64_t>(feature))) return nonfinite(error, r, feature, v);
    }
    return RIATA_OK;
}

/// A CSR matrix whose arrays have types and lengths, but may hold anything.
struct Csr {
    const void *starts, *indices, *values;
    int start_type;
    SparseTypes types;
    size_t entries, rows;

    int64_t start(size_t r) const { return index_at(starts, start_type, r); }
    Entries between(int64_t from, int64_t to) const {
        return part(indices, values, types, static_cast<size_t>(from), static_cast<size_t>(to));
    }
    bool holds(int64_t from, int64_t to) const {
        return from >= 0 && to >= from && static_cast<uint64_t>(to) <= entries;
    }
    /// A row whose start was checked before; none of it if another thread has changed the start since.
    Entries row(size_t r) const {
        const int64_t from = start(r), to = start(r + 1);
        return holds(from, to) ? between(from, to) : Entries{indices, values, 0};
    }
};

int check_start(const Csr& x, size_t r, int64_t from, int64_t to, riata_error* error) {
    if (x.holds(from, to)) return RIATA_OK;
    return fail(error, RIATA_E_INDEX, int64_t(r), -1, "row %llu goes from entry %lld to %lld of %llu", ull(r),
                static_cast<long long>(from), static_cast<long long>(to), ull(x.entries));
}

/// eta of rows [r, end) and where they end, for as many rows as start within a block of entries: their starts are checked one by
/// one, their indices together, while they are in the cache.
int sum_some(const riata_model& m, const Csr& x, size_t& r, double* out, riata_error* error) {
    constexpr int64_t kEntries = 4096;
    constexpr size_t kRows = 512;
    int64_t at[kRows + 1];
    size_t n = 0;
    for (at[0] = x.start(r); n < kRows && r + n < x.rows && at[n] - at[0] < kEntries; ++n) {
        at[n + 1] = x.start(r + n + 1);
        if (const int code = check_start(x, r + n, at[n], at[n + 1], error)) return code;
    }
    double* to = out + r * m.weights.outputs;
    r += n;
    return sum_checked(m, x.between(at[0], at[n]), x.types, at, n, static_cast<size_t>(at[0]), to, error);
}

/// eta of all rows, without intercepts.
int sum_rows(const riata_model& m, const Csr& x, double* out, riata_error* error) {
    int code = RIATA_OK;
    for (size_t r = 0; !code && r < x.rows;) code = sum_some(m, x, r, out, error);
    return code;
}

/// From sums to scores; `row(r)` gives the entries of a row.
template <class Row>
int finish(const riata_model& m, size_t rows, const Row& row, SparseTypes t, unsigned flags, double* out,
           riata_error* error) {
    if (!add_intercepts(m.weights, out, rows) && !(flags & RIATA_PROPAGATE))
        for (size_t r = 0; r < rows; ++r)
            if (const int code = find_nonfinite(m.weights, row(r), t, r, error)) return code;
    if (!(flags & RIATA_LINEAR)) apply_link(m, out, rows);
    return RIATA_OK;
}

/// Golden rows as they lie in the file: counts, row starts, scores (eta), features, values.
struct Golden {
    uint64_t rows = 0, entries = 0;
    const unsigned char *starts = nullptr, *scores = nullptr, *features = nullptr, *values = nullptr;
};

bool read_golden(const riata_model& m, Golden& g) {
    const uint64_t most = m.golden_size / 4;  // nothing in the section can be more than this
    if (m.golden_size < 16) return false;
    std::memcpy(&g.rows, m.golden, 8);
    std::memcpy(&g.entries, m.golden + 8, 8);
    if (g.rows > most || g.entries > most || m.weights.outputs > most) return false;
    const uint64_t padded = (4 * g.entries + 7) / 8 * 8, scores = 8 * m.weights.outputs;
    const uint64_t starts = 8 * (g.rows + 1), rest = 16 + starts + padded + 8 * g.entries;
    if (rest > m.golden_size || g.rows * scores != m.golden_size - rest) return false;
    g.starts = m.golden + 16;
    g.scores = g.starts + starts;
    g.features = g.scores + g.rows * scores;
    g.values = g.features + padded;
    return true;
}

/// Scores golden row r into out and compares with what is stored; false if anything is amiss.
bool golden_row_holds(const riata_model& m, const Golden& g, uint64_t r, double* out) {
    uint64_t from, to;
    std::memcpy(&from, g.starts + 8 * r, 8);
    std::memcpy(&to, g.starts + 8 * (r + 1), 8);
    if (from > to || to > g.entries) return false;
    const Entries row{g.features + 4 * from, g.values + 8 * from, to - from};
    if (sum_row(m, row, {RIATA_INT32, RIATA_FLOAT64}, from, out, nullptr)) return false;
    add_intercepts(m.weights, out, 1);
    const size_t size = m.weights.outputs * sizeof(double);
    return std::memcmp(out, g.scores + r * size, size) == 0;
}

}  // namespace

int check_golden(const riata_model& m, riata_error* error) {
    if (m.golden_size == 0) return RIATA_OK;
    const int64_t where = m.golden - m.file;
    Golden g;
    if (!read_golden(m, g))
        return fail(error, RIATA_E_FORMAT, where, -1, "the golden rows' section contradicts itself");
    auto* out = static_cast<double*>(std::malloc(m.weights.outputs * sizeof(double)));
    if (!out) return fail(error, RIATA_E_MEMORY, -1, -1, "no memory for the scores of a golden row");
    uint64_t r = 0;
    while (r < g.rows && golden_row_holds(m, g, r, out)) ++r;
    std::free(out);
    if (r == g.rows) return RIATA_OK;
    return fail(error, RIATA_E_GOLDEN, where, -1, "golden row %llu does not get the score it was stored with", ull(r));
}

}  // namespace riata::score

using namespace riata::score;

int riata_score_sparse(const riata_model* model, const void* indices, int index_type, const void* values, int type,
                       size_t entries, size_t n, unsigned flags, double* out, riata_error* error) {
    const SparseTypes t{index_type, type};
    int code = check_call(model, out, true, flags, RIATA_LINEAR | RIATA_PROPAGATE, out, error);
    if (!code && entries && (!indices || !values)) code = bad_argument(error, "indices or values is NULL");
    if (!code) code = check_types(t, error);
    if (!code) code = check_length(*model, n, 0, error);
    if (code) return code;
    const Entries row{indices, values, entries};
    code = sum_row(*model, row, t, 0, out, error);
    return code ? code : finish(*model, 1, [&](size_t) { return row; }, t, flags, out, error);
}

int riata_score_csr(const riata_model* model, const void* starts, int start_type, const void* indices, int index_type,
                    const void* values, int type, size_t entries, size_t rows, size_t n, unsigned flags, double* out,
                    riata_error* error) {
    const SparseTypes t{index_type, type};
    int code = check_call(model, starts, rows != 0, flags, RIATA_LINEAR | RIATA_PROPAGATE, out, error);
    if (!code && entries && (!indices || !values)) code = bad_argument(error, "indices or values is NULL");
    if (!code && !is_index(start_type)) code = bad_argument(error, "starts are neither RIATA_INT32 nor RIATA_INT64");
    if (!code) code = check_types(t, error);
    if (!code) code = check_length(*model, n, 0, error);
    if (code) return code;
    const Csr x{starts, indices, values, start_type, t, entries, rows};
    code = sum_rows(*model, x, out, error);
    return code ? code : finish(*model, rows, [&](size_t r) { return x.row(r); }, t, flags, out, error);
}

int riata_project(const riata_model* model, const void* x, int type, size_t rows, size_t n, ptrdiff_t row_stride,
                  ptrdiff_t stride, double* out, riata_error* error) {
    int code = check_call(model, x, rows != 0 && n != 0, 0, 0, out, error);
    if (!code && !is_value(type)) code = bad_argument(error, "the type of the values is unknown");
    if (!code) code = check_length(*model, n, 0, error);
    if (code) return code;
    const Weights& w = model->weights;
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < w.columns; ++i)
            *out++ = value_at(x, type,
                              static_cast<ptrdiff_t>(r) * row_stride + static_cast<ptrdiff_t>(w.column[i]) * stride);
    return code;
}
