#include "design/sparse_predict.hpp"

#include <algorithm>

#include "design/checked.hpp"

namespace riata {

namespace {

constexpr std::size_t kRowBlock = 4096;  // rows per unit of parallel work

/// Where a column's coefficients are, -1 for a column that is left out.
class Places {
public:
    Places(Columns columns, std::size_t cols) {
        if (!columns.list) return;
        place_.assign(cols, -1);
        for (std::size_t f = 0; f < columns.count; ++f)
            place_[static_cast<std::size_t>(columns.list[f])] = static_cast<std::ptrdiff_t>(f);
    }
    std::ptrdiff_t operator[](std::size_t j) const {
        return place_.empty() ? static_cast<std::ptrdiff_t>(j) : place_[j];
    }

private:
    std::vector<std::ptrdiff_t> place_;
};

}  // namespace

template <class T>
void predict(const CompressedArrays<T>& x, Columns columns, const double* w, std::size_t K, double* out, Team& team) {
    const auto start = checked_pointers(x);
    const Places places(columns, x.cols);
    std::fill(out, out + x.rows * K, 0.0);
    const auto add = [&](std::size_t i, std::size_t j, double value) {
        const std::ptrdiff_t place = places[j];
        if (place < 0) return;
        const double* from = w + static_cast<std::size_t>(place) * K;
        double* to = out + i * K;
        for (std::size_t k = 0; k < K; ++k) to[k] += value * from[k];
    };
    const auto add_one = [&](std::size_t i, std::size_t j, double value) { out[i] += value * w[j]; };
    const bool one = K == 1 && !columns.list;
    // Columns meet all rows: one thread adds them up, in one order.
    const std::size_t lines = start.size() - 1;
    team.for_blocks(lines, x.by_rows ? kRowBlock : lines, [&](std::size_t begin, std::size_t end) {
        one ? each_entry(x, start, begin, end, add_one) : each_entry(x, start, begin, end, add);
    });
}

template <class T>
void spread(const CompressedArrays<T>& x, Columns columns, double* out) {
    const auto start = checked_pointers(x);
    const Places places(columns, x.cols);
    std::fill(out, out + x.rows * columns.count, 0.0);
    each_entry(x, start, 0, start.size() - 1, [&](std::size_t i, std::size_t j, double value) {
        if (const std::ptrdiff_t place = places[j]; place >= 0)
            out[static_cast<std::size_t>(place) * x.rows + i] += value;
    });
}

template void predict(const CompressedArrays<float>&, Columns, const double*, std::size_t, double*, Team&);
template void predict(const CompressedArrays<double>&, Columns, const double*, std::size_t, double*, Team&);
template void spread(const CompressedArrays<float>&, Columns, double*);
template void spread(const CompressedArrays<double>&, Columns, double*);

}  // namespace riata
