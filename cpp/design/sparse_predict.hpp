// Predictions from a compressed matrix as the caller has it: no design, no copy, one pass over the entries.
#pragma once

#include "design/design.hpp"

namespace riata {

/// Some columns of a matrix; null stands for all of them.
struct Columns {
    const std::int64_t* list;  ///< distinct, within range
    std::size_t count;
};

/// out = X w, float64 and by rows: w[f*K + k] belongs to columns.list[f], out[i*K + k] to row i. Every entry of X is
/// checked, also those that w leaves out. Throws std::invalid_argument, naming X.indices, X.indptr or X.data and the position.
template <class T>
void predict(const CompressedArrays<T>& x, Columns columns, const double* w, std::size_t K, double* out, Team& team);

/// out[f*rows + i] = X[i, columns.list[f]], checked in the same way.
template <class T>
void spread(const CompressedArrays<T>& x, Columns columns, double* out);

}  // namespace riata
