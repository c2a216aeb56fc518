// Cross-validation of tall data from moments: one sweep over X gives the Gram matrices of disjoint cells of rows of [X, 1, Y].
// A training set is a sum of cells, and so is what it is judged by; after the sweep no row is read again. Y is one response,
// or several that share their features.
#pragma once

#include <functional>
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
    static std::unique_ptr<FoldMoments> make(const Design& design, const std::vector<std::vector<double>>& Y,
                                             const Request& request, const FoldOptions& options, Team& team);

    /// The path of a training set (fold -1: of all rows) and its held-out losses; `request` has the fold's own weights.
    /// Nothing where rounding could matter: the rows themselves have to be asked then.
    std::optional<FoldPath> solve(int fold, const double* y, const Request& request, const PathOptions& options,
                                  Control& control) const;
    /// The same for several responses.
    std::optional<TaskFoldPath> solve(int fold, const Request& request, const PathOptions& options,
                                      Control& control) const;
    /// Of several responses and all rows; nothing where the moments do not tell.
    std::optional<double> alpha_max(const Request& request, Control& control) const;

    /// All rows, and the units of the moments; without a response where there are several. Its team is that of `make`, and gone
    /// with it.
    Problem& whole() const { return *whole_; }

private:
    /// The moments of a training set, in the columns that vary on it.
    struct TrainingSet;
    using PathsOf = std::function<std::vector<Path>(TrainingSet&, Team&)>;

    FoldMoments() = default;
    static std::unique_ptr<FoldMoments> begin(const Design& design, std::size_t n_responses, const Request& request,
                                              const FoldOptions& options);
    bool gather(Team& team);
    std::size_t side() const { return design_->cols() + 1 + means_.size(); }
    const std::vector<double>& counts(int fold) const {
        return fold < 0 ? all_ : rows_.train[static_cast<std::size_t>(fold)];
    }
    /// sum over the cells of count[c] times their Gram matrix.
    LargeVector sum(const std::vector<double>& count) const;
    std::optional<std::vector<Index>> varying(const LargeVector& T, const double* s, const Request& request,
                                              Team& team) const;
    bool is_constant(std::size_t j, const double* s, Team& team) const;
    std::optional<TrainingSet> training_set(int fold, const Request& request, Team& team) const;
    std::optional<TaskFoldPath> solve(int fold, const Request& request, Control& control, const PathsOf& paths) const;
    CentredMoments centred(const LargeVector& T, const std::vector<Index>& columns, bool centre) const;
    void set_units(CentredMoments& known, const std::vector<double>& count) const;
    std::optional<std::vector<double>> losses(const std::vector<Path>& paths, const LargeVector& held) const;

    std::unique_ptr<Design> design_;
    std::unique_ptr<Problem> whole_;
    std::vector<double> y_, means_;  ///< the responses, centred, in the unit of the whole; their means in the caller's
    RowCells rows_;
    std::vector<LargeVector> grams_;
    std::vector<double> all_;  ///< ones, a cell's rows among all
};

}  // namespace riata
