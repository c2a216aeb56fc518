// The features beyond the working set: which of them a batch of solutions lacks, and which are likely to enter next.
// Their correlations are bounded from references, read exactly where a bound does not settle them, and extrapolated along
// the path.
#pragma once

#include <vector>

#include "solver/gram_model.hpp"
#include "solver/reference_bounds.hpp"

namespace riata {

class Frontier {
public:
    static constexpr std::size_t kWidest = ReferenceBounds::kWidest;

    /// y and xty: the residual that later ones are compared with and its correlations with all features; null: the
    /// correlations of the null model. Borrows y and xty.
    Frontier(const Problem& problem, GramModel& model, const std::vector<double>& y, const std::vector<double>& xty,
             const std::vector<double>& null);

    bool empty() const { return beyond_.empty(); }

    /// Looks at the residuals r of solutions for alphas, with their squared norms rr and products ry with y; u is r times
    /// the weights. Returns how many columns were read. Borrows r until the next look.
    std::size_t look(const Panel& r, const Panel& u, const std::vector<double>& rr, const std::vector<double>& ry,
                     const std::vector<double>& alphas);
    /// The same for residuals that are no panel yet.
    std::size_t look(const std::vector<const double*>& r, const std::vector<double>& alphas);

    /// Features whose condition residual k violates, by places in listed(); exact correlations at place * K + k.
    const std::vector<std::size_t>& lacking() const { return lacking_; }
    const std::vector<Index>& listed() const { return listed_; }
    double exact(std::size_t place, std::size_t k) const { return exact_[place * alphas_.size() + k]; }
    bool lacks(std::size_t k) const;

    /// The residual k that was looked at becomes the reference for later bounds.
    void remember(std::size_t k);
    /// Notes the correlations at the first `done` solutions, to extrapolate from.
    void advance(std::size_t done);

    /// Features that violate their condition at residual k or a later one, at most `limit`.
    std::vector<Index> violators(std::size_t k, std::size_t limit);
    /// Features whose correlation, extrapolated to `alpha`, reaches its l1, at most `limit`.
    std::vector<Index> candidates(double alpha, std::size_t limit);
    /// The same by the null model alone.
    std::vector<Index> first_candidates(double alpha, std::size_t limit);

    /// Features of the model are beyond no more.
    void drop_members();

private:
    const Problem& problem_;
    GramModel& model_;
    const std::vector<double>& y_;
    ReferenceBounds bounds_;
    bool bounds_pay_;  // an exact correlation costs more than a bound, on the whole
    std::vector<Index> beyond_;
    std::vector<double> c_before_, c_now_;  // their correlations at two accepted alphas, exact or guessed
    double at_before_ = 0, at_now_ = 0;     // the l1 scales of those alphas
    std::vector<double> alphas_, scales_;   // of the residuals looked at, and their l1 scales
    std::vector<Index> listed_;             // features that no bound settled
    std::vector<double> exact_;
    std::vector<std::size_t> lacking_;
    const Panel* r_ = nullptr;  // looked at
    Panel own_r_, own_u_;
};

}  // namespace riata
