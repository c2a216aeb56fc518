// The features beyond the working set of a problem with several tasks: whose row the solution lacks, and whose is likely to
// enter next. The bounds are those of reference_bounds.hpp for every task, put together to the length of a row:
//
//     ||Xh_j' S R|| <= ||(a_t C_jt + b_t N_jt)_t|| + ||xh_j|| ||rests||,
//
// C_j being the row's last exact correlations, with a stored residual, and N_j those with the null model's residual.
#pragma once

#include <vector>

#include "solver/gram_model.hpp"
#include "solver/reference_bounds.hpp"
#include "solver/responses.hpp"

namespace riata {

class RowFrontier {
public:
    /// The null model's residual (task after task) and its correlations with all features (j * tasks + t).
    RowFrontier(const Problem& problem, const GramModel& model, const Responses& responses,
                std::vector<double> null_residual, std::vector<double> null_correlations);

    /// Looks at the residual R, u = S R, under these penalties. Returns how many columns were read.
    std::size_t look(const PenaltyAt& at, const std::vector<double>& R, const std::vector<double>& u);

    /// Features that no bound settled, and their exact correlations.
    const std::vector<Index>& listed() const { return listed_; }
    const double* exact(std::size_t place) const { return exact_.data() + place * K_; }
    /// Of those the ones that violate their condition, the worst first, at most `limit`, ascending.
    std::vector<Index> violators(std::size_t limit) const;

    /// The residual looked at becomes the reference for later bounds.
    void remember(const std::vector<double>& R);
    /// Notes the correlations, to extrapolate from.
    void advance();
    /// Features whose correlations, extrapolated to these penalties, reach their l1, at most `limit`.
    std::vector<Index> candidates(const PenaltyAt& at, std::size_t limit) const;

    /// Features of the model are beyond no more.
    void drop_members();

private:
    void combine_with(std::size_t place, const double* t, const std::vector<double>& R);
    double estimate(std::size_t j, double* c) const;

    const Problem& problem_;
    PenaltyAt at_;  ///< looked at
    const GramModel& model_;
    const Responses& responses_;
    std::size_t K_;
    std::size_t most_kept_;
    std::vector<double> null_, null_c_, null_square_;
    std::vector<Index> beyond_;
    std::vector<int> reference_;  ///< per feature, -1: only the null model's
    std::vector<double> exact_then_;
    std::vector<std::vector<double>> stored_;
    std::size_t newest_ = 0;
    std::vector<double> of_reference_, of_null_, rest_;  ///< of the references (first none) times tasks; per reference
    std::vector<Index> listed_;
    std::vector<double> exact_;
    std::vector<double> c_before_, c_now_;
    double at_before_ = 0, at_now_ = 0;
};

}  // namespace riata
