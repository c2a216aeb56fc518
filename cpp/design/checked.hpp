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

/// Throws std::invalid_argument naming X.indices[k].
template <class T>
[[noreturn]] void refuse_index(const CompressedArrays<T>& x, std::size_t k, std::int64_t index);

/// An index that has been found to lie within the shape.
template <class T>
std::size_t checked_index(const CompressedArrays<T>& x, std::size_t k) {
    const std::int64_t index = read_once(x.indices, x.wide_indices, k);
    const std::size_t limit = x.by_rows ? x.cols : x.rows;
    if (index < 0 || static_cast<std::size_t>(index) >= limit) refuse_index(x, k, index);
    return static_cast<std::size_t>(index);
}

/// A checked copy of indptr: from 0, never falling, to at most the number of entries there are. Throws
/// std::invalid_argument naming X.indptr and the position.
template <class T>
std::vector<std::size_t> checked_pointers(const CompressedArrays<T>& x);

/// Throws NonFinite naming X.data[k].
[[noreturn]] void refuse_entry(std::size_t k, double value);

/// f(row, column, value) for the entries of the lines [begin, end) of checked pointers, each checked before.
template <bool by_rows, class Int, class T, class F>
void each_entry_of(const CompressedArrays<T>& x, const std::vector<std::size_t>& start, std::size_t begin,
                   std::size_t end, const F& f) {
    const auto* indices = static_cast<const volatile Int*>(x.indices);
    const T* data = x.data;
    const auto limit = static_cast<std::int64_t>(by_rows ? x.cols : x.rows);
    for (std::size_t line = begin; line < end; ++line)
        for (std::size_t k = start[line], last = start[line + 1]; k < last; ++k) {
            const std::int64_t index = indices[k];
            if (index < 0 || index >= limit) refuse_index(x, k, index);
            const auto value = static_cast<double>(data[k]);
            if (!std::isfinite(value)) refuse_entry(k, value);
            const auto place = static_cast<std::size_t>(index);
            by_rows ? f(line, place, value) : f(place, line, value);
        }
}

template <class T, class F>
void each_entry(const CompressedArrays<T>& x, const std::vector<std::size_t>& start, std::size_t begin, std::size_t end,
                F&& f) {
    if (x.by_rows)
        x.wide_indices ? each_entry_of<true, std::int64_t>(x, start, begin, end, f)
                       : each_entry_of<true, std::int32_t>(x, start, begin, end, f);
    else
        x.wide_indices ? each_entry_of<false, std::int64_t>(x, start, begin, end, f)
                       : each_entry_of<false, std::int32_t>(x, start, begin, end, f);
}

}  // namespace riata
