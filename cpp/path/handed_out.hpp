// Solutions as they leave: coefficients in the caller's units, the intercept that belongs to them, and what rounding it costs.
#pragma once

#include <utility>
#include <vector>

#include "path/path.hpp"

namespace riata {

/// Makes the entries (feature, coefficient in the caller's units) the solution's, within their bounds, with the intercept
/// b - sum_j w_j mean_j, where b is the one beside the centred columns. Returns how far from the margins of the iterate those
/// of the numbers as they are rounded may be: the coefficients themselves are exact, since columns are scaled by powers of two.
double hand_out(const Problem& problem, std::vector<std::pair<Index, double>> entries, double b, Solution& s);

/// x'w + b of every row from the numbers handed out.
std::vector<double> margins_of(const Problem& problem, const Solution& s);

/// Whether that much of the objective matters to a relative gap of tol.
bool is_noticed(double rounding, double tol, double null_objective);

/// Adds `rounding` to the primal value, where it matters to a relative gap of tol: then the primal value is an upper bound of
/// what the numbers are worth, and the gap of what they lack.
void account_for(double rounding, double tol, double null_objective, Certificate& certificate);

}  // namespace riata
