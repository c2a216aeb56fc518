// Reading the caller's compressed arrays without trusting what they hold, now or a moment later.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "design/design.hpp"

namespace riata {

/// Reads an index once: what is checked afterwards is what was read, whatever another thread writes there.
inline std::int64_t read_once(const void* array, bool wide, std::size_t k) {
    return wide ? *(static_cast<const volatile std::int64_t*>(array) + k)
                : *(static_cast<const volatile std::int32_t*>(array) + k);
}

/// An index that has been found to lie within [0, limit). Throws std::invalid_argument naming X.indices[k].
template <class T>
std::size_t checked_index(const CompressedArrays<T>& x, std::size_t k);

/// A checked copy of indptr: from 0, never falling, to at most the number of entries there are. Throws
/// std::invalid_argument naming X.indptr and the position.
template <class T>
std::vector<std::size_t> checked_pointers(const CompressedArrays<T>& x);

/// Throws NonFinite naming X.data[k].
[[noreturn]] void refuse_entry(std::size_t k, double value);

/// f(row, column, value) for the entries of the lines [begin, end) of checked pointers, each checked before.
template <class T, class F>
void each_entry(const CompressedArrays<T>& x, const std::vector<std::size_t>& start, std::size_t begin, std::size_t end,
                F&& f) {
    for (std::size_t line = begin; line < end; ++line)
        for (std::size_t k = start[line]; k < start[line + 1]; ++k) {
            const std::size_t index = checked_index(x, k);
            const auto value = static_cast<double>(x.data[k]);
            if (!std::isfinite(value)) refuse_entry(k, value);
            x.by_rows ? f(line, index, value) : f(index, line, value);
        }
}

template <class T>
inline std::size_t checked_index(const CompressedArrays<T>& x, std::size_t k) {
    const std::int64_t index = read_once(x.indices, x.wide_indices, k);
    const std::size_t limit = x.by_rows ? x.cols : x.rows;
    if (index >= 0 && static_cast<std::size_t>(index) < limit) return static_cast<std::size_t>(index);
    throw std::invalid_argument("X.indices[" + std::to_string(k) + "] is " + std::to_string(index) + ": with " +
                                std::to_string(limit) + (x.by_rows ? " columns" : " rows") + " it has to lie in [0, " +
                                std::to_string(limit) + ")");
}

}  // namespace riata
