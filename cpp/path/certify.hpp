// The certificate of any coefficients, whoever found them, and the null model that a path starts from.
#pragma once

#include "path/path.hpp"
#include "solver/active_set.hpp"
#include "solver/gram_model.hpp"

namespace riata {

struct Judgement {
    Certificate certificate;  ///< in the caller's units
    double null_objective;
};

/// Judges `coef` (cols() entries) and `intercept`, in the caller's units, at alpha: the primal value is theirs, the dual
/// point is made from their residual, centred where there is an intercept.
Judgement certify(const Problem& problem, const double* coef, double intercept, double alpha);

/// The same for any smooth loss: the slopes at the best intercept make the dual point.
Judgement certify(Problem& problem, const Response& response, const double* coef, double intercept, double alpha,
                  Control& control);
double alpha_max(Problem& problem, const Response& response, Control& control);

/// The features that no alpha keeps at zero: without l1 penalty, or with bounds that exclude zero.
std::vector<Index> unpenalised(const Problem& problem);

/// Solves the model's features, which have to include the unpenalised ones, at infinite alpha and returns the correlations
/// of all features with the residual.
std::vector<double> null_correlations(const Problem& problem, const GramModel& model, ActiveSet& active);

/// The smallest alpha at which every penalised coefficient is zero, from the null model's correlations or from scratch.
double alpha_max(const Problem& problem, const std::vector<double>& correlations);
double alpha_max(const Problem& problem, Control& control);
/// The same where rows of coefficients are penalised by their lengths, with a feature's K correlations side by side.
double alpha_max_of_rows(const Problem& problem, const std::vector<double>& correlations, std::size_t K);

}  // namespace riata
