// Scoring: arguments are checked here, kernels sum, the link follows.
#include <cstring>

#include "parts.hpp"

namespace riata::score {
namespace {

constexpr unsigned kFlags = RIATA_LINEAR | RIATA_PROPAGATE | RIATA_PROJECTED;

/// The first value that is not finite among those the model uses; none if only the sum overflowed, which is no error.
int find_nonfinite(const Weights& w, const char* x, int type, size_t rows, ptrdiff_t row_stride, ptrdiff_t stride,
                   bool projected, riata_error* error) {
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < w.columns; ++i) {
            const ptrdiff_t j = projected ? static_cast<ptrdiff_t>(i) : static_cast<ptrdiff_t>(w.column[i]);
            const double v = value_at(x, type, static_cast<ptrdiff_t>(r) * row_stride + j * stride);
            if (!is_finite(v)) return nonfinite(error, r, w.column[i], v);
        }
    return RIATA_OK;
}

/// The column of the block starting at row `from`, with `use(i, address)` for each.
template <class Column>
void sum_block(const riata_model& m, size_t rows, const Column& column, double* out) {
    const Weights& w = m.weights;
    double lane[kLanes][kBlock] = {};
    for (size_t l = 0; l < kLanes; ++l)  // one lane after the other, so that its sums stay close by
        for (size_t i = l; i < w.columns; i += kLanes) {
            const auto [type, x] = column(i);
            m.kernels->add[type](w.weight[i], x, rows, lane[l]);
        }
    for (size_t r = 0; r < rows; ++r)
        out[r] = ((lane[0][r] + lane[4][r]) + (lane[2][r] + lane[6][r])) +
                 ((lane[1][r] + lane[5][r]) + (lane[3][r] + lane[7][r]));
}

/// The same for several outputs: out[r][k] takes the columns in order, as a single row does.
template <class Column>
void sum_block_multi(const riata_model& m, size_t rows, const Column& column, double* out) {
    const Weights& w = m.weights;
    std::memset(out, 0, rows * w.outputs * sizeof(double));
    for (size_t i = 0; i < w.columns; ++i) {
        const auto [type, x] = column(i);
        const uint64_t from = w.starts ? w.starts[i] : i * w.outputs;
        const uint64_t to = w.starts ? w.starts[i + 1] : from + w.outputs;
        for (size_t r = 0; r < rows; ++r) {
            const double v = value_at(x.at, type, static_cast<ptrdiff_t>(r) * x.stride);
            for (uint64_t e = from; e < to; ++e)
                out[r * w.outputs + (w.output ? w.output[e] : e - from)] += w.weight[e] * v;
        }
    }
}

struct Typed {
    int type;
    Strided x;
};

/// eta of all rows, block by block, where columns are the contiguous direction. `at(i, row)` is column i from a row on.
template <class At>
void sum_by_column(const riata_model& m, size_t rows, const At& at, double* out) {
    for (size_t from = 0; from < rows; from += kBlock) {
        const size_t n = rows - from < kBlock ? rows - from : kBlock;
        const auto column = [&](size_t i) { return at(i, from); };
        if (m.weights.outputs == 1)
            sum_block(m, n, column, out + from);
        else
            sum_block_multi(m, n, column, out + from * m.weights.outputs);
    }
}

void sum_row(const riata_model& m, const uint32_t* column, Strided x, int type, double* out) {
    if (m.weights.outputs == 1)
        *out = m.kernels->row[type](m.weights, column, x);
    else
        m.kernels->row_multi[type](m.weights, column, x, out);
}

/// Whether a row is better read whole, as a stream the processor foresees, than by skipping to the columns: measured to be a
/// third faster where most cache lines are needed anyway. Long rows would push one another out of the cache.
bool streams(const Weights& w, size_t row_bytes) {
    constexpr size_t kMostBytes = 16384;
    return w.features <= 16 * w.columns && row_bytes <= kMostBytes;
}

/// Reads a byte of every cache line.
void touch(const char* at, size_t bytes) {
    constexpr size_t kLine = 64;
    for (size_t b = 0; b < bytes; b += kLine) (void)*static_cast<const volatile char*>(at + b);
}

/// eta of all rows, one by one.
void sum_by_row(const riata_model& m, size_t rows, const uint32_t* column, Strided x, ptrdiff_t row_stride, int type,
                double* out) {
    const size_t row_bytes = width(type) * m.weights.features;
    const bool contiguous = x.stride == static_cast<ptrdiff_t>(width(type));
    const size_t streamed = rows > 1 && column && contiguous && streams(m.weights, row_bytes) ? row_bytes : 0;
    for (size_t r = 0; r < rows; ++r, x.at += row_stride, out += m.weights.outputs) {
        touch(x.at, streamed);
        sum_row(m, column, x, type, out);
    }
}

/// Columns to gather from a row: null where they stand side by side.
const uint32_t* gathered(const Weights& w, unsigned flags) {
    return flags & RIATA_PROJECTED || w.columns == w.features ? nullptr : w.column;
}

size_t distance(ptrdiff_t stride) { return static_cast<size_t>(stride < 0 ? -stride : stride); }

}  // namespace

}  // namespace riata::score

using namespace riata::score;

int riata_score_row(const riata_model* model, const void* row, int type, size_t n, ptrdiff_t stride, unsigned flags,
                    double* out, riata_error* error) {
    return riata_score_dense(model, row, type, 1, n, 0, stride, flags, out, error);
}

int riata_score_dense(const riata_model* model, const void* x, int type, size_t rows, size_t n, ptrdiff_t row_stride,
                      ptrdiff_t stride, unsigned flags, double* out, riata_error* error) {
    int code = check_call(model, x, rows != 0, flags, kFlags, out, error);
    if (!code && !is_value(type)) code = bad_argument(error, "the type of the values is unknown");
    if (!code) code = check_length(*model, n, flags, error);
    if (code || rows == 0) return code;
    const Weights& w = model->weights;
    const uint32_t* column = gathered(w, flags);
    const char* base = static_cast<const char*>(x);
    if (rows > 8 && distance(row_stride) < distance(stride)) {
        const auto at = [&](size_t i, size_t r) {
            const ptrdiff_t j = column ? static_cast<ptrdiff_t>(column[i]) : static_cast<ptrdiff_t>(i);
            return Typed{type, {base + j * stride + static_cast<ptrdiff_t>(r) * row_stride, row_stride}};
        };
        sum_by_column(*model, rows, at, out);
    } else {
        sum_by_row(*model, rows, column, {base, stride}, row_stride, type, out);
    }
    if (!add_intercepts(w, out, rows) && !(flags & RIATA_PROPAGATE))
        code = find_nonfinite(w, base, type, rows, row_stride, stride, flags & RIATA_PROJECTED, error);
    if (!code && !(flags & RIATA_LINEAR)) apply_link(*model, out, rows);
    return code;
}

int riata_score_columns(const riata_model* model, const void* const* columns, const int* types,
                        const ptrdiff_t* strides, size_t n_columns, size_t rows, unsigned flags, double* out,
                        riata_error* error) {
    const bool needed = rows != 0 && n_columns != 0;
    int code = check_call(model, columns, needed, flags, RIATA_LINEAR | RIATA_PROPAGATE, out, error);
    if (!code && rows != 0 && !out) code = bad_argument(error, "out is NULL");
    if (!code && needed && (!types || !strides)) code = bad_argument(error, "types or strides is NULL");
    if (!code) code = check_length(*model, n_columns, RIATA_PROJECTED, error);
    if (code || rows == 0) return code;
    for (size_t i = 0; i < n_columns; ++i)
        if (!columns[i] || !is_value(types[i]))
            return fail(error, RIATA_E_ARGUMENT, -1, model->weights.column[i], "column %llu is NULL or of unknown type",
                        ull(i));
    const auto at = [&](size_t i, size_t r) {
        return Typed{types[i],
                     {static_cast<const char*>(columns[i]) + static_cast<ptrdiff_t>(r) * strides[i], strides[i]}};
    };
    sum_by_column(*model, rows, at, out);
    if (!add_intercepts(model->weights, out, rows) && !(flags & RIATA_PROPAGATE))
        for (size_t r = 0; r < rows; ++r)
            for (size_t i = 0; i < n_columns; ++i) {
                const double v = value_at(columns[i], types[i], static_cast<ptrdiff_t>(r) * strides[i]);
                if (!is_finite(v)) return nonfinite(error, r, model->weights.column[i], v);
            }
    if (!(flags & RIATA_LINEAR)) apply_link(*model, out, rows);
    return RIATA_OK;
}
