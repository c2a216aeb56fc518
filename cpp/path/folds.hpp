// Cross-validation: paths for the whole data and for every training set over one borrowed X, and the held-out losses. A
// training set is a weight vector; no rows are copied.
#pragma once

#include <cstdint>
#include <vector>

#include "path/path.hpp"

namespace riata {

/// Rows to train on and rows to judge by; a row that is listed twice counts twice. Borrowed.
struct Fold {
    const std::int64_t *train, *test;
    std::size_t n_train, n_test;
};

struct FoldOptions {
    std::vector<Fold> folds;
    std::vector<double> l1_ratios;  ///< all positive
    std::vector<double> stretch;    ///< per fold, what its alphas are multiplied with; empty: ones
    bool predictions = false;       ///< keep the held-out predictions
    PathOptions path;               ///< a grid that is not given is made from the whole data
};

/// A Path, or one for each of several tasks.
template <class P>
struct OfFold {
    P path;
    std::vector<double> loss;         ///< per solution: weighted mean loss of the rows held out
    std::vector<double> predictions;  ///< n_test for each solution, task after task, if kept
};

/// Of one l1_ratio.
template <class P>
struct OfGrid {
    std::vector<double> alphas;    ///< the grid; paths that ran out of time are shorter
    std::vector<OfFold<P>> paths;  ///< of the whole data, without losses, and of the folds
};

using FoldPath = OfFold<Path>;
using FoldPaths = OfGrid<Path>;
using TaskFoldPath = OfFold<std::vector<Path>>;
using TaskFoldPaths = OfGrid<std::vector<Path>>;

/// X has not to be measured. Of the Gaussian family the loss of a row is the square of its residual.
std::vector<FoldPaths> cross_validate(const Design& design, const Response& response, const Request& request,
                                      const FoldOptions& options, int n_threads, Control& control);

/// Of several tasks that share their features: a column of Y for each. The loss of a row is the mean of its squared residuals.
std::vector<TaskFoldPaths> cross_validate(const Design& design, const std::vector<std::vector<double>>& Y,
                                          const Request& request, const FoldOptions& options, int n_threads,
                                          Control& control);

/// Predictions for the listed rows, n_rows for each solution; the design has been measured, with whatever weights.
std::vector<double> predict_rows(const Design& design, const std::vector<Solution>& solutions, const std::int64_t* rows,
                                 std::size_t n_rows, Team& team);

}  // namespace riata
