// The path of several responses whose coefficients of a feature, a row, enter together:
//
//     min 1/2 ||S^.5 (Y - Xh W)||^2 + sum_j l1_j ||W_j|| + l2_j/2 ||W_j||^2.
#pragma once

#include <memory>
#include <vector>

#include "path/report.hpp"
#include "path/row_frontier.hpp"
#include "solver/row_solver.hpp"

namespace riata {

/// Smallest alpha of the caller's at which all penalised rows rest.
double alpha_max(const Problem& problem, const Responses& responses, Control& control);

class MultiTaskDriver {
public:
    MultiTaskDriver(const Problem& problem, const Responses& responses, const PathOptions& options, Control& control);
    /// A path for every task, of which all carry the joint certificates.
    std::vector<Path> run();

private:
    bool whole_gram_pays() const;
    double start();
    void solve(double tol);
    void grow(const std::vector<Index>& features);
    std::size_t room() const { return std::max<std::size_t>(64, model_.size() / 2); }
    double rounding() const;
    void find_residual();
    void certify();
    std::vector<Index> support() const;
    Outcome outcome() const;

    const Problem& problem_;
    PenaltyAt at_;  ///< of the alpha at hand
    const Responses& responses_;
    const PathOptions& options_;
    Control& control_;
    Design& design_;
    std::size_t tasks_;
    GramModel model_;
    std::unique_ptr<RowSolver> solver_;
    std::unique_ptr<RowFrontier> frontier_;  ///< none where W is all features
    std::vector<double> R_, u_;              ///< the residual, task after task, and the same times s
    std::vector<double> in_model_;           ///< correlations of the slots, slot * tasks + t
    double rr_ = 0;                          ///< <R, S R>
    std::vector<Index> used_;                ///< features of the solution, ascending
    bool exact_ = false;                     ///< in_model_ comes from the residual itself
    Certificate certificate_;
    long steps_ = 0;
    double null_ = 0;
    Report report_;
};

}  // namespace riata
