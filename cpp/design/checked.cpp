#include "design/checked.hpp"

#include <algorithm>

namespace riata {

namespace {
[[noreturn]] void refuse_pointer(std::size_t l, std::int64_t at, const std::string& why) {
    throw std::invalid_argument("X.indptr[" + std::to_string(l) + "] is " + std::to_string(at) + why);
}
}  // namespace

template <class T>
std::vector<std::size_t> checked_pointers(const CompressedArrays<T>& x) {
    const std::size_t lines = x.by_rows ? x.rows : x.cols, entries = std::min(x.n_data, x.n_indices);
    if (x.n_indptr != lines + 1)
        throw std::invalid_argument("X.indptr has " + std::to_string(x.n_indptr) + " entries: for " +
                                    std::to_string(lines) + (x.by_rows ? " rows" : " columns") + " it has to have " +
                                    std::to_string(lines + 1));
    std::vector<std::size_t> start(lines + 1);
    for (std::size_t l = 0; l <= lines; ++l) {
        const std::int64_t at = read_once(x.indptr, x.wide_indptr, l);
        if (l == 0 && at != 0) refuse_pointer(l, at, ": it has to be 0");
        if (at < 0) refuse_pointer(l, at, ": it has to be non-negative");
        if (l > 0 && static_cast<std::size_t>(at) < start[l - 1])
            refuse_pointer(l, at,
                           ", less than X.indptr[" + std::to_string(l - 1) + "] = " + std::to_string(start[l - 1]) +
                               ": it has to ascend");
        if (static_cast<std::size_t>(at) > entries)
            refuse_pointer(l, at,
                           std::string(", but X.") + (x.n_data < x.n_indices ? "data" : "indices") + " has only " +
                               std::to_string(entries) + " entries");
        start[l] = static_cast<std::size_t>(at);
    }
    return start;
}

template <class T>
void refuse_index(const CompressedArrays<T>& x, std::size_t k, std::int64_t index) {
    const std::string limit = std::to_string(x.by_rows ? x.cols : x.rows);
    throw std::invalid_argument("X.indices[" + std::to_string(k) + "] is " + std::to_string(index) + ": with " + limit +
                                (x.by_rows ? " columns" : " rows") + " it has to lie in [0, " + limit + ")");
}

void refuse_entry(std::size_t k, double value) {
    throw NonFinite("X.data[" + std::to_string(k) + "] is " +
                    (std::isnan(value) ? "NaN"
                     : value > 0       ? "inf"
                                       : "-inf") +
                    ": X has to be finite" +
                    (std::isnan(value) ? ". Input X contains NaN: fill in missing values, for instance by "
                                         "sklearn.impute.SimpleImputer, or leave the rows out"
                                       : ""));
}

template void refuse_index(const CompressedArrays<float>&, std::size_t, std::int64_t);
template void refuse_index(const CompressedArrays<double>&, std::size_t, std::int64_t);
template std::vector<std::size_t> checked_pointers(const CompressedArrays<float>&);
template std::vector<std::size_t> checked_pointers(const CompressedArrays<double>&);

}  // namespace riata
