// Several responses over one design: centred, in one unit, with their correlations.
#pragma once

#include <cstddef>
#include <vector>

#include "design/moments_design.hpp"
#include "solver/problem.hpp"

namespace riata {

/// y := the columns, one after the other, centred by a problem that was made without a response, in the unit that gives the
/// largest entry a size in [1, 2), which becomes the problem's. Returns their means in the caller's units.
std::vector<double> take_columns(Problem& problem, const std::vector<std::vector<double>>& columns,
                                 std::vector<double>& y);

/// Y has a column per task, and the problem was made without a response.
class Responses {
public:
    Responses(Problem& problem, const std::vector<std::vector<double>>& columns);
    /// As they were known, in this unit, when the problem's design was made: y() is empty.
    Responses(Problem& problem, const ResponseMoments& known, double unit);

    std::size_t tasks() const { return means_.size(); }
    const std::vector<double>& y() const { return y_; }  ///< centred, task after task; empty where there are no rows
    const std::vector<double>& xty() const { return xty_; }  ///< xh_j' S y_t at j * tasks + t
    double mean(std::size_t t) const { return means_[t]; }   ///< in the caller's units
    const std::vector<double>& means() const { return means_; }

    /// <R, S Q> over all tasks, for panels like y().
    double inner(const double* R, const double* Q) const;
    /// out := S R.
    void weigh(const std::vector<double>& R, std::vector<double>& out) const;
    /// Subtracts each task's weighted mean where there is an intercept.
    void recentre(std::vector<double>& R) const;

private:
    const Problem& problem_;
    std::vector<double> y_, xty_, means_;
};

}  // namespace riata
