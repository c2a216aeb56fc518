#include "path/certify.hpp"

#include <algorithm>
#include <cmath>

#include "solver/certifier.hpp"

namespace riata {

namespace {
constexpr long kNullSolves = 10000;
constexpr double kNoise = 100;  // correlations of so many rounding levels are zero
}  // namespace

namespace {

/// Residuals of the centred responses Y, task after task, whose means are given; rows of several tasks are penalised together.
Judgement certify_squares(const Problem& problem, const std::vector<double>& Y, const std::vector<double>& means,
                          const Coefficients& given, double alpha) {
    Design& design = problem.design;
    const Moments& moments = design.moments();
    const std::size_t n = design.rows(), p = design.cols(), K = means.size();
    const bool rows = K > 1;
    std::vector<Index> support;
    std::vector<double> minus_w, w(K), c(p * K), R = Y, U(n * K);
    std::vector<long double> shift(K);  // against the centred model
    for (std::size_t k = 0; k < K; ++k) shift[k] = static_cast<long double>(given.intercepts[k]) - means[k];
    for (std::size_t j = 0; j < p; ++j) {
        bool used = false;
        for (std::size_t k = 0; k < K; ++k) used = used || given.of(k, p)[j] != 0;
        if (!used) continue;
        support.push_back(static_cast<Index>(j));
        for (std::size_t k = 0; k < K; ++k) {
            shift[k] += static_cast<long double>(given.of(k, p)[j]) * moments.mean[j];
            minus_w.push_back(-problem.normalised(j, given.of(k, p)[j]));
        }
    }
    design.pin(support, problem.team);
    design.accumulate(support, minus_w.data(), K, R.data(), problem.team);
    double rr = 0, ry = 0, off_squares = 0;
    for (std::size_t k = 0; k < K; ++k) {
        double* r = R.data() + k * n;
        const double first = r[0];
        problem.recentre(r);
        const double off = static_cast<double>(shift[k]) * problem.y_unit() - (first - r[0]);
        off_squares += problem.weight * off * off;
        rr += problem.inner(r, r);
        ry += problem.inner(r, Y.data() + k * n);
        problem.weigh(r, U.data() + k * n);
    }
    design.correlate_all(U.data(), K, c.data(), problem.team);

    const PenaltyAt penalty = problem.at(alpha);
    const double beside = problem.in_units(cost_beside(problem, given, rows, alpha));
    Certifier certifier(problem, penalty, 0.5 * (rr + off_squares) + beside);
    for (std::size_t j = 0; j < p; ++j) {
        if (!problem.usable[j]) continue;
        const ScalarPenalty h = penalty[j];
        for (std::size_t k = 0; k < K; ++k) {
            w[k] = problem.normalised(j, given.of(k, p)[j]);
            if (w[k] < h.lower || w[k] > h.upper) certifier.charge(kInfinity);
        }
        rows ? certifier.add_row(j, w.data(), c.data() + j * K, K) : certifier.add(j, w[0], c[j]);
    }
    const double dual = certifier.dual().best(ry, rr, kInfinity) + problem.in_units(problem.constant_cost(alpha)),
                 null = 0.5 * problem.yy;
    return in_callers_units(problem, certifier.finish(dual, null), null);
}

}  // namespace

Judgement certify(const Problem& problem, const Coefficients& given, double alpha) {
    return certify_squares(problem, problem.y, {problem.y_mean()}, given, alpha);
}

Judgement certify(const Problem& problem, const Responses& responses, const Coefficients& given, double alpha) {
    return certify_squares(problem, responses.y(), responses.means(), given, alpha);
}

double cost_beside(const Problem& problem, const Coefficients& given, bool rows, double alpha) {
    const std::size_t p = problem.design.cols(), K = given.outputs;
    double cost = 0;
    for (std::size_t k = 0; k < K && !problem.request.fit_intercept; ++k)
        if (given.intercepts[k] != 0) cost = kInfinity;
    for (std::size_t j = 0; j < p; ++j) {
        if (problem.usable[j]) continue;
        double squares = 0;
        for (std::size_t k = 0; k < K; ++k) {
            const double w = given.of(k, p)[j];
            squares += w * w;
            if (!rows) cost += problem.unused_cost(j, w, alpha);
        }
        if (rows) cost += problem.unused_cost(j, std::sqrt(squares), alpha);
    }
    return cost;
}

Judgement in_callers_units(const Problem& problem, Certificate result, double null) {
    result.compare(null);
    for (double* value : {&result.primal, &result.dual, &result.gap}) *value = problem.objective(*value);
    return {result, problem.objective(null)};
}

double alpha_max(const Problem& problem, Control& control) {
    GramModel model(problem);
    model.grow(unpenalised(problem));
    ActiveSet active(model, make_gram_system(model), control);
    return alpha_max(problem, null_correlations(problem, model, active));
}

std::vector<Index> unpenalised(const Problem& problem) {
    const Penalty& penalty = problem.penalty;
    std::vector<Index> features;
    for (std::size_t j = 0; j < problem.design.cols(); ++j) {
        if (!problem.usable[j]) continue;
        const bool displaced = penalty.bounded() && (penalty.lower[j] > 0 || penalty.upper[j] < 0);
        if (penalty.l1_factor[j] == 0 || displaced || problem.request.l1_ratio == 0)
            features.push_back(static_cast<Index>(j));
    }
    return features;
}

std::vector<double> null_correlations(const Problem& problem, const GramModel& model, ActiveSet& active) {
    if (model.size() == 0) return problem.xty;
    if (!active.solve(problem.at(kInfinity), problem.noise(), kNullSolves).settled)
        active.sweep(problem.noise(), kNullSolves);
    std::vector<double> r = problem.y, u(r.size()), c(problem.design.cols()), minus_w;
    std::vector<Index> support;
    for (std::size_t slot = 0; slot < model.size(); ++slot)
        if (active.w()[slot] != 0) {
            support.push_back(model.features()[slot]);
            minus_w.push_back(-active.w()[slot]);
        }
    if (support.empty()) return problem.xty;
    problem.design.accumulate(support, minus_w.data(), 1, r.data(), problem.team);
    problem.recentre(r.data());
    problem.weigh(r.data(), u.data());
    problem.design.correlate_all(u.data(), 1, c.data(), problem.team);
    return c;
}

double alpha_max(const Problem& problem, const std::vector<double>& correlations) {
    const Penalty& penalty = problem.penalty;
    double top = 0;
    for (std::size_t j = 0; j < problem.design.cols(); ++j) {
        if (!problem.usable[j] || penalty.l1_factor[j] == 0) continue;
        double c = correlations[j];
        if (penalty.bounded() && penalty.upper[j] <= 0) c = std::min(c, 0.0);
        if (penalty.bounded() && penalty.lower[j] >= 0) c = std::max(c, 0.0);
        if (std::abs(c) > kNoise * problem.noise()) top = std::max(top, std::abs(c) / penalty.l1_factor[j]);
    }
    return problem.alpha_of(top);
}

double alpha_max_of_rows(const Problem& problem, const std::vector<double>& correlations, std::size_t K) {
    double top = 0;
    for (std::size_t j = 0; j < problem.design.cols(); ++j) {
        if (!problem.usable[j] || problem.penalty.l1_factor[j] == 0) continue;
        double size = 0;
        for (std::size_t k = 0; k < K; ++k) size = std::hypot(size, correlations[j * K + k]);
        if (size > kNoise * problem.noise()) top = std::max(top, size / problem.penalty.l1_factor[j]);
    }
    return problem.alpha_of(top);
}

}  // namespace riata
