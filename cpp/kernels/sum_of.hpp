// Sums outside the kernels, in parts that do not wait for one another.
#pragma once

#include <cstddef>

namespace riata {

/// The sum of f(i), i < n. Its order depends on n alone.
template <class F>
double sum_of(std::size_t n, const F& f) {
    constexpr std::size_t kParts = 8;
    double part[kParts] = {}, sum = 0;
    std::size_t i = 0;
    for (; i + kParts <= n; i += kParts)
        for (std::size_t l = 0; l < kParts; ++l) part[l] += f(i + l);
    for (; i < n; ++i) sum += f(i);
    for (double value : part) sum += value;
    return sum;
}

}  // namespace riata
