// What a handle holds, and the table of kernels. Internal to the scoring library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "score.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian, and so are the processors this library is written for"
#endif

namespace riata::score {

/// Partial sums of a row: entry i of the model goes to lane i % 8, whatever the processor.
constexpr size_t kLanes = 8;
/// Rows that a column-wise pass sums at a time: a page of each column, and sums that stay in the first-level cache.
constexpr size_t kBlock = 512;
constexpr uint32_t kNone = UINT32_MAX;

/// The position of a feature among the model's columns: a table over features where most have one, a hash table elsewhere.
struct Lookup {
    uint32_t* slots = nullptr;  // positions; length `size`
    uint64_t size = 0;
    unsigned shift =
        0;  // 0: slots[feature], Weights::columns for none; else slots[hash(feature) >> shift] onwards, kNone for none
    // For one output and a table over features, eight numbers a column: zeros and, in the column's lane, its weight. After the last
    // column eight zeros, for features without a weight. Each eight are one cache line.
    double* spread = nullptr;
};

/// The weights and what leads to them, as scoring needs it.
struct Weights {
    uint64_t features = 0;
    uint64_t columns = 0;  // features with a weight
    uint32_t outputs = 0;
    const uint32_t* column = nullptr;   // [columns] ascending
    const double* weight = nullptr;     // [entries]
    const uint64_t* starts = nullptr;   // [columns + 1], or null for a full matrix
    const uint32_t* output = nullptr;   // [entries], or null for a full matrix
    const double* intercept = nullptr;  // [outputs]
    Lookup lookup;
};

/// Elements of a row or column: base address, type by the table's index, bytes from one to the next.
struct Strided {
    const char* at;
    ptrdiff_t stride;
};

/// The entries of one sparse row.
struct Entries {
    const void* index;
    const void* value;
    size_t count;
};

/// The inner loops, once per instruction set; arrays are indexed by enum riata_type. No kernel contracts a * b + c.
struct Kernels {
    const char* isa;
    /// Sum of weight[i] * x[column[i]] in eight lanes; column is null where x holds the columns side by side.
    double (*row[4])(const Weights&, const uint32_t* column, Strided x);
    /// out[k] = sum of the weights of output k times x, column after column.
    void (*row_multi[4])(const Weights&, const uint32_t* column, Strided x, double* out);
    /// sum[r] += weight * x[r].
    void (*add[4])(double weight, Strided x, size_t rows, double* sum);
    /// The sums of rows, all of them for a model of several outputs. Row r has the entries from at[r] - at[0] to before
    /// at[r + 1] - at[0]; indices are in range. [index type - RIATA_INT32][value type]
    void (*sparse[2][4])(const Weights&, const void* index, const void* value, const int64_t* at, size_t rows,
                         double* out);
    /// Whether all indices are in [0, n).
    bool (*below[2])(const void* index, size_t count, uint64_t n);
    /// Whether all numbers of a contiguous vector are finite; float64 and float32.
    bool (*finite[2])(const void* x, size_t count);
};

/// The kernels for this processor, or those RIATA_ISA names.
const Kernels* choose_kernels();

/// Fibonacci hashing: consecutive features spread.
inline uint32_t hash_of(uint32_t feature, unsigned shift) { return (feature * 2654435769u) >> shift; }

/// Fills *error, where there is one, and returns the code.
[[gnu::format(printf, 5, 6)]] int fail(riata_error* error, int code, int64_t position, int64_t feature,
                                       const char* format, ...);

}  // namespace riata::score

/// The feature names: where they end, and an open hash table of index + 1 by CRC-32C of the name.
struct RiataNames {
    const char* bytes = nullptr;
    uint64_t size = 0;
    const uint64_t* ends = nullptr;
    uint64_t count = 0;
    const uint32_t* slots = nullptr;
    uint64_t n_slots = 0;  // a power of two
};

struct riata_model {
    const unsigned char* file = nullptr;
    uint64_t size = 0;
    void* mapped = nullptr;     // to be unmapped
    void* copied = nullptr;     // to be freed
    double* decoded = nullptr;  // weights of a file with shorter floats; to be freed
    riata::score::Weights weights;
    uint64_t entries = 0;
    int link = RIATA_IDENTITY;
    const char* metadata = nullptr;
    uint64_t metadata_size = 0;
    const unsigned char* golden = nullptr;
    uint64_t golden_size = 0;
    RiataNames names;
    const riata::score::Kernels* kernels = nullptr;
};
