// Cyclic coordinate descent in residual form on a set of pinned features: needs no Gram matrix, so it is what is left
// when memory is short or the active-set methods give up.
#pragma once

#include <vector>

#include "parallel/control.hpp"
#include "solver/problem.hpp"

namespace riata {

/// Minimises over the coefficients w of `features` (an entry each, the start on entry) until no step changes a gradient by
/// more than tolerance * l1 + noise or after `max_sweeps` sweeps. Returns the number of sweeps.
long descend_columns(const Problem& problem, const PenaltyAt& penalty, const std::vector<Index>& features,
                     std::vector<double>& w, double tolerance, double noise, long max_sweeps, Control& control);

}  // namespace riata
