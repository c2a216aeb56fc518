// Cross-validation of tall data from moments: one sweep over X gives the Gram matrices of disjoint cells of rows. A training
// set is a sum of cells, and so is what it is judged by; after the sweep no row is read again.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "design/moments_design.hpp"
#include "path/folds.hpp"
#include "path/row_cells.hpp"

namespace riata {

class FoldMoments {
public:
    /// Null where moments do not pay: shapes, layouts, or folds that are too many sets of rows.
    static std::unique_ptr<FoldMoments> make(const Design& design, const double* y, const Request& request,
                                             const FoldOptions& options, Team& team);

    /// The path of a training set (fold -1: of all rows) and its held-out losses; `request` has the fold's own weights.
    /// Nothing where rounding could matter: the rows themselves have to be asked then.
    std::optional<FoldPath> solve(int fold, const double* y, const Request& request, const PathOptions& options,
                                  Control& control) const;

    /// All rows, and the units of the moments. Its team is that of `make`, and gone with it.
    Problem& whole() const { return *whole_; }

private:
    FoldMoments() = default;
    /// sum over the cells of count[c] times their Gram matrix.
    LargeVector sum(const std::vector<double>& count) const;
    std::optional<std::vector<Index>> varying(const LargeVector& T, const double* s, const Request& request,
                                              Team& team) const;
    bool is_constant(std::size_t j, const double* s, Team& team) const;
    CentredMoments centred(const LargeVector& T, const std::vector<Index>& columns, bool centre) const;
    void set_units(CentredMoments& known, const std::vector<double>& count) const;
    std::optional<std::vector<double>> losses(const std::vector<Solution>& solutions, const LargeVector& held) const;

    std::unique_ptr<Design> design_;
    std::unique_ptr<Problem> whole_;
    RowCells rows_;
    std::vector<LargeVector> grams_;
};

}  // namespace riata
