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
    bool predictions = false;       ///< keep the held-out predictions
    PathOptions path;               ///< a grid that is not given is made from the whole data
};

struct FoldPath {
    Path path;
    std::vector<double> loss;         ///< per solution: weighted mean of the squared held-out residuals
    std::vector<double> predictions;  ///< n_test for each solution, if kept
};

/// Of one l1_ratio.
struct FoldPaths {
    std::vector<double> alphas;   ///< the grid; paths that ran out of time are shorter
    std::vector<FoldPath> paths;  ///< of the whole data, without losses, and of the folds
};

/// X has not to be measured.
std::vector<FoldPaths> cross_validate(const Design& design, const double* y, const Request& request,
                                      const FoldOptions& options, int n_threads, Control& control);

/// Predictions for the listed rows, rows.size() for each solution, of a problem's path on its own design.
std::vector<double> predict_rows(Problem& problem, const std::vector<Solution>& solutions, const std::int64_t* rows,
                                 std::size_t n_rows);

}  // namespace riata
