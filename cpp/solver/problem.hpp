// The problem a solver sees: a design in normalised columns, a centred response, penalty factors, and the units that lead
// back to the caller's.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "design/design.hpp"
#include "model/penalty.hpp"
#include "parallel/control.hpp"
#include "parallel/team.hpp"

namespace riata {

/// What the caller asks for, in the caller's units. Null pointers stand for the defaults in brackets.
struct Request {
    const double* sample_weight = nullptr;    // [ones]
    const double* penalty_weights = nullptr;  // u [ones]
    const double* l2_weights = nullptr;       // v [ones]
    const double* lower = nullptr;            // [-inf]
    const double* upper = nullptr;            // [inf]
    double l1_ratio = 1.0;
    bool fit_intercept = true;
    bool standardize = false;
};

class Problem;

/// Knows the moments of a design with weights other than those it was measured with.
class MomentSource {
public:
    virtual ~MomentSource() = default;
    /// In place of measuring the problem's design; xty may be null.
    virtual void measure(const Problem& problem, double* xty) const = 0;
};

/// In units where the design's columns are normalised, s has its largest weight in [1, 2) and so has y its largest entry.
class Problem {
public:
    /// Measures the design (throws NonFinite) and takes y, which is copied.
    Problem(Design& design, const double* y, const Request& request, Team& team, const MomentSource* source = nullptr);

    /// The same without a response, for losses that keep their own: y is empty, xty zero, and units of y are the caller's.
    Problem(Design& design, const Request& request, Team& team, const MomentSource* source = nullptr);

    /// The same design, weights and penalty for another response.
    void set_response(const double* y, Team& team);

    /// For responses kept elsewhere: the factor they have been multiplied by, and the sum of their squares then.
    void set_unit(double y_unit, double squares);
    /// With an intercept, subtracts the weighted mean of y and sets `mean` to it: a constant y becomes exactly 0. Returns
    /// whether y varies (without an intercept: from 0).
    bool centre(double* y, double& mean) const;

    Design& design;
    Team& team;
    const Request request;

    std::vector<double> s, root_s;  ///< empty when all weights are equal
    std::vector<double> y;          ///< centred
    std::vector<double> xty;        ///< xh_j' S y
    double weight = 0;              ///< sum of s
    bool uneven = false;            ///< positive weights so far apart that rounding is not relative to weighted norms
    double yy = 0;                  ///< y' S y
    std::vector<char> usable;       ///< columns that vary and are not excluded
    bool varies = true;             ///< y is not constant
    /// Columns without variance whose bounds exclude 0, and where they rest (in the caller's units).
    std::vector<std::pair<Index, double>> displaced_constants;

    Penalty penalty;
    /// The penalties at the caller's alpha; at infinity every coefficient that has one rests.
    PenaltyAt at(double alpha) const;
    /// The caller's alpha at which a correlation c would just enter with l1 factor f.
    double alpha_of(double ratio) const { return ratio / y_unit_ / weight / request.l1_ratio; }

    const double* weights() const { return s.empty() ? nullptr : s.data(); }
    const double* root_weights() const { return root_s.empty() ? nullptr : root_s.data(); }
    /// x' S y for vectors over rows.
    double inner(const double* a, const double* b) const;
    /// Subtracts the weighted mean if there is an intercept.
    void recentre(double* r) const;
    /// u = s r.
    void weigh(const double* r, double* u) const;
    /// Rounding level of a correlation of a normalised column with what no feature explains.
    double noise() const { return noise_; }
    /// For losses that keep their own response: the sum of squares of the null model's slopes.
    void set_noise(double squares);

    /// Back to the caller's units.
    double coefficient(std::size_t j, double w) const;
    double normalised(std::size_t j, double coefficient) const;
    /// What a coefficient of a column that is not used costs at alpha, in the caller's units: infinite outside its bounds and
    /// where the column is left out.
    double unused_cost(std::size_t j, double w, double alpha) const;
    /// What the displaced constants cost at alpha, in the caller's units: no coefficients of such columns cost less.
    double constant_cost(double alpha) const;
    double objective(double value) const { return value / y_unit_ / y_unit_ / weight; }
    /// A value of the objective in the caller's units as one in units of the problem.
    double in_units(double objective) const { return objective * y_unit_ * y_unit_ * weight; }
    double correlation(std::size_t j, double c) const;
    double y_mean() const { return y_mean_; }
    double y_unit() const { return y_unit_; }

private:
    void measure(const MomentSource* source);
    std::vector<double> spreads() const;
    double rest_of_excluded(std::size_t j) const;
    void take_weights();
    void take_response(const double* y);
    void make_penalty();

    double y_mean_ = 0, y_unit_ = 1, noise_ = 0;
    std::vector<double> spread_;  ///< standard deviations of the normalised columns, if columns are standardised
};

}  // namespace riata
