// The path of a smooth loss: as for squares, but that the problem on W is solved by Newton lanes, eight alphas side by side.
#pragma once

#include <memory>
#include <vector>

#include "path/frontier.hpp"
#include "path/grid.hpp"
#include "path/path.hpp"
#include "solver/newton.hpp"
#include "solver/quasi_newton.hpp"

namespace riata {

class NewtonDriver {
public:
    NewtonDriver(Problem& problem, const Response& response, const PathOptions& options, Control& control);
    Path run();

    /// The smallest alpha at which all penalised coefficients rest.
    double find_alpha_max();

private:
    void start();
    bool open();
    void follow_opening(Lane& lane);
    bool take_start(double alpha);
    void prepare(std::size_t first);
    void bring_back(Lane& lane);
    void extrapolate(std::size_t known);
    bool follow_guide(std::size_t known);
    std::vector<double> guided(std::ptrdiff_t k) const;
    std::vector<Index> guide_support(std::size_t first, std::size_t count) const;
    void certify();
    std::size_t accept();
    bool finish(std::size_t k);
    bool wanted(std::size_t k) const { return is_wanted(options_, first_ + k, alphas_.size()); }
    double tolerance(std::size_t k) const { return tolerance_of(options_, wanted(k)); }
    bool accepted(std::size_t k) const { return certificates_[k].rel_gap <= tolerance(k); }
    void grow(const std::vector<Index>& features);
    std::size_t room() const { return std::max<std::size_t>(64, model_.size() / 2); }
    double intercept_cost(double off) const;
    Solution solution(std::size_t k) const;
    double rounding_of_loss(const Lane& lane) const;
    void judge_as_handed_out(const Lane& lane, Solution& s) const;
    void keep_margins(const Lane& lane);

    Problem& problem_;
    const PathOptions& options_;
    const double* offset_;  // or null
    Control& control_;
    Loss loss_;
    NewtonModel model_;
    Newton newton_;
    std::unique_ptr<Frontier> frontier_;
    std::vector<double> null_r_, null_c_;  // slopes of the null model and their correlations
    double null_loss_ = 0;                 // of the model without features
    std::vector<double> opening_;          // where quasi-Newton steps came to, an entry per column, or empty;
    double opening_b_ = 0;                 // and the intercept beside centred columns
    std::vector<double> alphas_;
    std::size_t first_ = 0;             // of alphas_, in the batch
    std::vector<Lane> lanes_;           // the batch; what the last one left over is taken up again
    std::vector<Lane> spare_;           // done with, for their memory
    Lane last_, before_;                // the last solution accepted, and an earlier one,
    std::ptrdiff_t place_before_ = -1;  // of alphas_, -1 for the null model
    std::vector<Certificate> certificates_;
    std::size_t width_ = 8;
    int retries_ = 0;        // of the alpha at hand
    long stone_solves_ = 0;  // linear systems of stepping stones
    Path path_;
};

/// The caller's coefficients, an entry per column, in the slots of the model, within their bounds; at infinite alpha those
/// that nothing penalises, while others rest.
std::vector<double> starting_point(const Problem& problem, const GramModel& model, const double* coefs, double alpha);

}  // namespace riata
