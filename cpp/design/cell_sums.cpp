// First and second moments of disjoint sets of rows in one sweep over a dense X.
#include <algorithm>

#include "design/dense.hpp"

namespace riata {

namespace {

constexpr std::size_t kTogether =
    8;  // columns whose rows are copied together: a row-major X has them in one cache line

/// The rows of all cells one after the other, and where each cell begins.
struct Order {
    explicit Order(const std::vector<std::vector<Index>>& cells) {
        for (const auto& cell : cells) {
            begin.push_back(rows.size());
            rows.insert(rows.end(), cell.begin(), cell.end());
            runs = runs && cell.back() - cell.front() + 1 == static_cast<Index>(cell.size());
        }
        begin.push_back(rows.size());
    }
    std::vector<double> arranged(const double* v) const {
        std::vector<double> out(v ? rows.size() : 0);
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = v[rows[i]];
        return out;
    }

    std::vector<Index> rows;
    std::vector<std::size_t> begin;
    bool runs = true;  ///< every cell is a range of rows
};

}  // namespace

template <class T>
CellSums Dense<T>::cell_sums(const std::vector<std::vector<Index>>& cells, const double* s, const double* y,
                             Team& team) const {
    const Order order(cells);
    const std::size_t n = order.rows.size();
    const bool in_place = order.runs && row_stride_ == 1;
    const auto weights = order.arranged(s), response = order.arranged(y);
    CellSums out{moments_.mean, std::vector<std::vector<double>>(cells.size(), std::vector<double>(3 * cols_))};
    team.for_blocks(
        cols_, kTogether,
        [&](std::size_t b, std::size_t e) {
            std::vector<T> copy(in_place ? 0 : n * (e - b));
            for (std::size_t i = 0; i < n && !in_place; ++i)
                for (std::size_t j = b; j < e; ++j)
                    copy[(j - b) * n + i] = *at(static_cast<std::size_t>(order.rows[i]), j);
            for (std::size_t j = b; j < e; ++j)
                for (std::size_t c = 0; c < cells.size(); ++c) {
                    const std::size_t from = order.begin[c];
                    const T* x =
                        in_place ? at(static_cast<std::size_t>(cells[c][0]), j) : copy.data() + (j - b) * n + from;
                    double* sum = out.sum[c].data() + 3 * j;
                    read_.moments(x, 1, moments_.mean[j], s ? weights.data() + from : nullptr,
                                  y ? response.data() + from : nullptr, order.begin[c + 1] - from, sum);
                    const double scale = moments_.scale[j];
                    sum[0] *= scale;
                    sum[1] *= scale * scale;
                    sum[2] *= scale;
                }
        },
        work(cols_, 1));
    return out;
}

template CellSums Dense<float>::cell_sums(const std::vector<std::vector<Index>>&, const double*, const double*,
                                          Team&) const;
template CellSums Dense<double>::cell_sums(const std::vector<std::vector<Index>>&, const double*, const double*,
                                           Team&) const;

}  // namespace riata
