#include "design/row_copy.hpp"

#include <utility>

namespace riata {

template <class T>
void RowCopy::build(const CompressedColumns<T>& x, std::size_t rows, const std::vector<double>& shift,
                    const std::vector<Index>& features) {
    size_ = features.size();
    spent_ = 0;
    place_.assign(x.cols(), -1);
    start_.assign(rows + 1, 0);
    for (std::size_t f = 0; f < size_; ++f) {
        const auto j = static_cast<std::size_t>(features[f]);
        place_[j] = static_cast<int>(f);
        for (std::size_t k = 0; k < x.entries(j); ++k) ++start_[static_cast<std::size_t>(x.rows(j)[k])];
    }
    std::size_t total = 0;
    for (auto& count : start_) total += std::exchange(count, total);
    value_.resize(total);
    column_.resize(total);
    for (std::size_t f = 0; f < size_; ++f) {
        const auto j = static_cast<std::size_t>(features[f]);
        for (std::size_t k = 0; k < x.entries(j); ++k) {
            const std::size_t at = start_[static_cast<std::size_t>(x.rows(j)[k])]++;
            value_[at] = static_cast<double>(x.values(j)[k]) - shift[j];
            column_[at] = static_cast<int>(f);
        }
    }
    for (std::size_t i = rows; i > 0; --i) start_[i] = start_[i - 1];
    start_[0] = 0;
}

template <class T>
void RowCopy::walk(const T* value, const int* rows, std::size_t n, double c, const double* weight, double* sums) const {
    for (std::size_t k = 0; k < n; ++k) {
        const auto i = static_cast<std::size_t>(rows[k]);
        const double v = (static_cast<double>(value[k]) - c) * (weight ? weight[i] : 1.0);
        __builtin_prefetch(&start_[static_cast<std::size_t>(rows[k + 16])]);
        const std::size_t ahead = start_[static_cast<std::size_t>(rows[k + 8])];
        __builtin_prefetch(value_.data() + ahead);
        __builtin_prefetch(column_.data() + ahead);
        for (std::size_t at = start_[i]; at < start_[i + 1]; ++at) sums[column_[at]] += v * value_[at];
    }
}

#define RIATA_INSTANTIATE(T)                                                                           \
    template void RowCopy::build(const CompressedColumns<T>&, std::size_t, const std::vector<double>&, \
                                 const std::vector<Index>&);                                           \
    template void RowCopy::walk(const T*, const int*, std::size_t, double, const double*, double*) const;
RIATA_INSTANTIATE(float)
RIATA_INSTANTIATE(double)
#undef RIATA_INSTANTIATE

}  // namespace riata
