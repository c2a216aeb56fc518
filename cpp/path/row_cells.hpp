// Rows that every fold treats alike, in cells: what a fold trains with and what it is judged by are sums over cells.
#pragma once

#include <optional>
#include <vector>

#include "path/folds.hpp"

namespace riata {

struct RowCells {
    std::vector<std::vector<Index>> cells;         ///< ascending rows
    std::vector<std::vector<double>> train, test;  ///< per fold: how often each cell's rows are listed

    /// Nothing if there are more cells than `limit`.
    static std::optional<RowCells> make(const std::vector<Fold>& folds, std::size_t n, std::size_t limit);
};

}  // namespace riata
