// The certificate of any coefficients, whoever found them.
#pragma once

#include "path/path.hpp"

namespace riata {

struct Judgement {
    Certificate certificate;  ///< in the caller's units
    double null_objective;
};

/// Judges `coef` (cols() entries) and `intercept`, in the caller's units, at alpha: the primal value is theirs, the dual
/// point is made from their residual, centred where there is an intercept.
Judgement certify(Problem& problem, const double* coef, double intercept, double alpha);

/// The smallest alpha at which every penalised coefficient is zero.
double alpha_max(const Problem& problem);

}  // namespace riata
