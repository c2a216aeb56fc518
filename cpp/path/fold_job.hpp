// One path of a cross-validation: of a training set, which is a weight vector over the borrowed X, or of all rows.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "path/fold_moments.hpp"
#include "path/fold_request.hpp"
#include "path/shared_moments.hpp"

namespace riata {

/// What all of them have in common. Borrowed.
struct CrossValidation {
    const Design& design;
    const Response& response;
    const Request& request;
    const FoldOptions& options;
    const FoldMoments* moments;   ///< or null
    const SharedMoments* shared;  ///< or null
};

/// The problem for a response; `source` may be null.
Problem make_problem(Design& design, const Response& response, const Request& request, Team& team,
                     const MomentSource* source = nullptr);

class FoldJob {
public:
    /// fold -1: of all rows. A path of a smooth loss starts beside `guide`, unless that is null.
    FoldJob(const CrossValidation& all, int fold, double l1_ratio, const std::vector<double>& alphas, Control& control,
            int n_threads = 1, const Path* guide = nullptr);

    /// The path and its losses on what is held out.
    FoldPath run();

private:
    void make_rows();
    FoldPath judged(Path path);

    const CrossValidation& all_;
    const int fold_;
    FoldRequest own_;
    Control& control_;
    Team team_;
    std::unique_ptr<Design> twin_;
    std::unique_ptr<Problem> problem_;
};

}  // namespace riata
