// The certificate of any coefficients, whoever found them, and the null model that a path starts from.
#pragma once

#include "path/path.hpp"
#include "solver/active_set.hpp"
#include "solver/gram_model.hpp"
#include "solver/responses.hpp"

namespace riata {

struct Judgement {
    Certificate certificate;  ///< in the caller's units
    double null_objective;
};

/// Anybody's, in the caller's units: cols() coefficients for each output in turn, and an intercept for each. Borrowed.
struct Coefficients {
    const double *values, *intercepts;
    std::size_t outputs;

    const double* of(std::size_t output, std::size_t cols) const { return values + output * cols; }
};

/// Classes, numbered from 0, each of them somewhere.
struct Labels {
    std::vector<int> of_rows;
    int classes = 0;
};

/// Judges coefficients at alpha: the primal value is theirs, the dual point is made from their residual, centred where there is an
/// intercept.
Judgement certify(const Problem& problem, const Coefficients& given, double alpha);
/// The same of several tasks, whose rows of coefficients are penalised by their lengths.
Judgement certify(const Problem& problem, const Responses& responses, const Coefficients& given, double alpha);

/// The same for any smooth loss: the slopes at the best intercept make the dual point.
Judgement certify(Problem& problem, const Response& response, const Coefficients& given, double alpha,
                  Control& control);
/// And for the softmax loss, with a penalty on every coefficient or on the lengths of rows.
Judgement certify(Problem& problem, const Labels& labels, bool rows, const Coefficients& given, double alpha);

/// What coefficients of columns that are not used cost, in the caller's units; infinite with an intercept that the model does not
/// have.
double cost_beside(const Problem& problem, const Coefficients& given, bool rows, double alpha);
/// The gaps of a certificate whose values and null objective are in the problem's units, and all of it in the caller's.
Judgement in_callers_units(const Problem& problem, Certificate result, double null);

/// The features that no alpha keeps at zero: without l1 penalty, or with bounds that exclude zero.
std::vector<Index> unpenalised(const Problem& problem);

/// Solves the model's features, which have to include the unpenalised ones, at infinite alpha and returns the correlations
/// of all features with the residual.
std::vector<double> null_correlations(const Problem& problem, const GramModel& model, ActiveSet& active);

/// The smallest alpha at which every penalised coefficient is zero, from the null model's correlations or from scratch.
double alpha_max(const Problem& problem, const std::vector<double>& correlations);
double alpha_max(const Problem& problem, Control& control);
double alpha_max(Problem& problem, const Response& response, Control& control);
/// The same where rows of coefficients are penalised by their lengths, with a feature's K correlations side by side.
double alpha_max_of_rows(const Problem& problem, const std::vector<double>& correlations, std::size_t K);

}  // namespace riata
