// A design of which only the moments are known: column means, the centred Gram matrix and the products with one response or
// several, no rows. It serves the solver for as long as that is all it asks for.
#pragma once

#include <stdexcept>

#include "design/design.hpp"

namespace riata {

/// Thrown by every verb that would need the rows.
struct NeedsRows : std::logic_error {
    NeedsRows() : std::logic_error("this design knows its moments only") {}
};

/// What is known of K responses: their means, the sums of squares about them, and the products with the columns, K for each.
struct ResponseMoments {
    std::vector<double> mean, squares, xty;
};

/// Of the columns scale_j (x_j - mean_j), in any units: measure() makes them normalised ones.
struct CentredMoments {
    std::vector<double> mean, scale;
    LargeVector gram;  ///< cols x cols
    ResponseMoments responses;
    std::size_t row = 0;  ///< a row that counts,
    double weight = 1;    ///< and its weight in the units of all sums here
    double noise = 1;     ///< of the Gram matrix, see gram_noise()
};

class MomentsDesign final : public Design {
public:
    MomentsDesign(std::size_t rows, CentredMoments moments)
        : Design(rows, moments.mean.size()), known_(std::move(moments)) {}

    /// xty, of one response, comes in its known units; y itself is not read.
    void measure(const double* s, const double* y, bool centre, double* xty, Team& team) override;
    void gram_all(const double* root_s, double* G, Team& team) const override;
    void adopt(Moments, const std::vector<Index>&, const double*, const double*, bool, double*) override {
        throw NeedsRows();
    }
    CellSums cell_sums(const std::vector<std::vector<Index>>&, const double*, const double*, Team&) const override {
        throw NeedsRows();
    }
    double gram_noise() const override { return known_.noise; }
    /// Those of the normalised columns as measured, means and units of the responses as they were known.
    ResponseMoments responses() const;

    void correlate_all(const double*, std::size_t, double*, Team&) const override { throw NeedsRows(); }
    void correlate(const std::vector<Index>&, const double*, std::size_t, double*, Team&) const override {
        throw NeedsRows();
    }
    void accumulate(const std::vector<Index>&, const double*, std::size_t, double*, Team&) const override {
        throw NeedsRows();
    }
    void pin(const std::vector<Index>&, Team&) override {}
    void gather(const std::vector<Index>&, const double*, double*, Team&) const override { throw NeedsRows(); }
    void outer_all(const double*, const double*, double*, Team&) const override { throw NeedsRows(); }
    std::unique_ptr<Design> twin() const override { throw NeedsRows(); }
    std::unique_ptr<Design> sample(std::size_t, std::size_t) const override { throw NeedsRows(); }
    std::size_t bytes() const override { return known_.gram.capacity() * sizeof(double); }

private:
    CentredMoments known_;
    double unit_ = 1;             ///< of the sums, as measured
    std::vector<double> factor_;  ///< of the known columns that makes them normalised
};

}  // namespace riata
