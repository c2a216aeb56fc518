#include "path/row_cells.hpp"

#include <algorithm>

namespace riata {

namespace {

/// Numbers the pairs (id, times) from 0; false if there are more than `limit`.
bool refine(std::vector<int>& id, int& count, const std::vector<int>& times, std::size_t limit) {
    const int most = 1 + *std::max_element(times.begin(), times.end());
    if (static_cast<std::size_t>(count) * static_cast<std::size_t>(most) > 100 * limit) return false;
    std::vector<int> fresh(static_cast<std::size_t>(count * most), -1);
    int next = 0;
    for (std::size_t i = 0; i < id.size(); ++i) {
        int& name = fresh[static_cast<std::size_t>(id[i] * most + times[i])];
        if (name < 0) name = next++;
        id[i] = name;
    }
    count = next;
    return static_cast<std::size_t>(count) <= limit;
}

/// How often the rows of each cell are listed; `first` has for the first row of a cell the cell, for others -1.
std::vector<double> tally(const std::int64_t* rows, std::size_t size, const std::vector<Index>& first,
                          std::size_t cells) {
    std::vector<double> count(cells, 0.0);
    for (std::size_t i = 0; i < size; ++i)
        if (const Index c = first[static_cast<std::size_t>(rows[i])]; c >= 0) ++count[static_cast<std::size_t>(c)];
    return count;
}

}  // namespace

std::optional<RowCells> RowCells::make(const std::vector<Fold>& folds, std::size_t n, std::size_t limit) {
    std::vector<int> id(n, 0), times(n);
    int count = 1;
    for (const Fold& fold : folds)
        for (const auto& [rows, size] : {std::pair{fold.train, fold.n_train}, std::pair{fold.test, fold.n_test}}) {
            std::fill(times.begin(), times.end(), 0);
            for (std::size_t i = 0; i < size; ++i) ++times[static_cast<std::size_t>(rows[i])];
            if (!refine(id, count, times, limit)) return std::nullopt;
        }
    RowCells out;
    out.cells.resize(static_cast<std::size_t>(count));
    std::vector<Index> first(n, -1);
    for (std::size_t i = 0; i < n; ++i) {
        auto& cell = out.cells[static_cast<std::size_t>(id[i])];
        if (cell.empty()) first[i] = static_cast<Index>(id[i]);
        cell.push_back(static_cast<Index>(i));
    }
    for (const Fold& fold : folds) {
        out.train.push_back(tally(fold.train, fold.n_train, first, out.cells.size()));
        out.test.push_back(tally(fold.test, fold.n_test, first, out.cells.size()));
    }
    return out;
}

}  // namespace riata
