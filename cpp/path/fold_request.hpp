// What is asked for a path of a cross-validation: a training set is the sample weights on its rows, as often as they are listed.
#pragma once

#include <vector>

#include "path/folds.hpp"

namespace riata {

inline double weight_of(const Request& request, std::int64_t row) {
    return request.sample_weight ? request.sample_weight[row] : 1.0;
}

/// A request for one l1_ratio on the training set of a fold (-1: on all rows), the options of its path, and what they borrow.
struct FoldRequest {
    FoldRequest(const Request& from, const FoldOptions& options, int fold, double l1_ratio,
                const std::vector<double>& alphas, std::size_t n);
    FoldRequest(const FoldRequest&) = delete;

    const Fold* split = nullptr;  ///< none for all rows
    Request request;
    PathOptions path;

private:
    std::vector<double> s_;
};

}  // namespace riata
