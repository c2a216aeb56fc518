// Moments of all training sets from one sweep over X: a training set is a sum of cells of rows, and so are its sums of columns,
// their squares and their products with y.
#pragma once

#include <memory>
#include <vector>

#include "path/row_cells.hpp"
#include "solver/problem.hpp"

namespace riata {

class SharedMoments {
public:
    /// Null where there are too many cells. `y` may be null, for losses that keep their own.
    static std::unique_ptr<SharedMoments> make(const Design& design, const double* y, const Request& request,
                                               const std::vector<Fold>& folds, Team& team);

    /// All rows. Its team is that of `make`, and gone with it.
    Problem& whole() const { return *whole_; }

    /// The moments of a training set; -1: of all rows. Lives no longer than this.
    class Training final : public MomentSource {
    public:
        Training(const SharedMoments& all, int fold);
        void measure(const Problem& problem, double* xty) const override;

    private:
        const SharedMoments& all_;
        std::vector<double> count_;  ///< of each cell
    };

private:
    friend class Training;
    SharedMoments() = default;

    std::unique_ptr<Design> design_;
    std::unique_ptr<Problem> whole_;
    RowCells rows_;
    CellSums sums_;
    std::vector<double> weight_, y_, yy_;  ///< per cell: sum s, sum s y, sum s y^2
};

}  // namespace riata
