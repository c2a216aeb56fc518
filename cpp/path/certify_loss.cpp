// Certificates and alpha_max of smooth losses.
#include <algorithm>
#include <cmath>
#include <limits>

#include "path/certify.hpp"
#include "path/newton_driver.hpp"

namespace riata {

Judgement certify(Problem& problem, const Response& response, const double* coef, double intercept, double alpha,
                  Control& control) {
    Design& design = problem.design;
    const std::size_t n = design.rows(), p = design.cols();
    const Loss loss(response.family, response.y, problem.weights(), problem.team);
    NewtonModel model(problem, loss);
    Newton newton(problem, loss, response.offset, model, control);
    const Lane empty = newton.empty_lane(alpha);
    const double null = empty.loss;
    newton.set_unit(null);
    problem.yy = std::max(problem.inner(empty.r.data(), empty.r.data()), std::numeric_limits<double>::min());
    long double shift = intercept;  // beside the centred columns
    double beside = problem.request.fit_intercept || intercept == 0 ? 0 : kInfinity;
    double penalty = 0;
    problem.at(alpha);
    bool feasible = true;
    std::vector<Index> features;
    std::vector<double> w;
    for (std::size_t j = 0; j < p; ++j) {
        shift += static_cast<long double>(coef[j]) * design.moments().mean[j];
        if (!problem.usable[j]) {
            beside += problem.unused_cost(j, coef[j], alpha);
            continue;
        }
        const double v = problem.normalised(j, coef[j]);
        feasible = feasible &&
                   (!problem.penalty.bounded() || (v >= problem.penalty.lower[j] && v <= problem.penalty.upper[j]));
        penalty += problem.penalty[j].value(v);
        if (coef[j] == 0 && problem.penalty.l1_factor[j] > 0) continue;
        features.push_back(static_cast<Index>(j));
        w.push_back(problem.normalised(j, coef[j]));
    }
    model.grow(features);
    const Lane lane = newton.lane_at(alpha, w);
    std::vector<double> u(n), c(p), exact;
    problem.weigh(lane.r.data(), u.data());
    design.correlate_all(u.data(), 1, c.data(), problem.team);
    std::vector<Index> beyond;
    for (std::size_t j = 0; j < p; ++j) {
        if (!problem.usable[j] || model.slot(static_cast<Index>(j)) >= 0) continue;
        beyond.push_back(static_cast<Index>(j));
        exact.push_back(c[j]);
    }
    Certificate result = newton.certify(lane, beyond, exact, 0.0, true);
    // The primal value is that of the intercept given; where the loss has no finite value the lane stayed behind. Far from the
    // data the best intercept may not have been found: then nothing is taken off a lane's large loss.
    const double there = loss.evaluate(lane.eta.data(), static_cast<double>(shift), u.data()).value;
    result.primal = there < lane.loss ? there + penalty : result.primal + (there - lane.loss);
    if (!feasible || lane.w != w) result.primal = kInfinity;
    result.primal += beside * problem.weight;
    result.dual += problem.constant_cost(alpha) * problem.weight;
    result.compare(null);
    for (double* value : {&result.primal, &result.dual, &result.gap}) *value /= problem.weight;
    return {result, null / problem.weight};
}

double alpha_max(Problem& problem, const Response& response, Control& control) {
    const PathOptions options;
    return NewtonDriver(problem, response, options, control).find_alpha_max();
}

}  // namespace riata
