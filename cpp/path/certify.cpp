#include "path/certify.hpp"

#include <algorithm>
#include <cmath>

namespace riata {

namespace {
constexpr long kNullSolves = 10000;
constexpr double kNoise = 100;  // correlations of so many rounding levels are zero
}  // namespace

Judgement certify(const Problem& problem, const double* coef, double intercept, double alpha) {
    Design& design = problem.design;
    const std::size_t n = design.rows(), p = design.cols();
    const PenaltyAt penalty = problem.at(alpha);
    std::vector<Index> support;
    std::vector<double> w, minus_w;
    long double shift = static_cast<long double>(intercept) - problem.y_mean();  // against the centred model
    double beside = problem.request.fit_intercept || intercept == 0 ? 0 : kInfinity;
    for (std::size_t j = 0; j < p; ++j) {
        if (!problem.usable[j]) beside += problem.unused_cost(j, coef[j], alpha);
        if (coef[j] == 0) continue;
        shift += static_cast<long double>(coef[j]) * design.moments().mean[j];
        support.push_back(static_cast<Index>(j));
        w.push_back(problem.normalised(j, coef[j]));
        minus_w.push_back(-w.back());
    }
    std::vector<double> r = problem.y, u(n), c(p);
    design.pin(support, problem.team);
    design.accumulate(support, minus_w.data(), 1, r.data(), problem.team);
    const double first = r[0];
    problem.recentre(r.data());
    const double off = static_cast<double>(shift) * problem.y_unit() - (first - r[0]);
    const double rr = problem.inner(r.data(), r.data());
    problem.weigh(r.data(), u.data());
    design.correlate_all(u.data(), 1, c.data(), problem.team);

    DualPoint dual(1e3 * problem.noise());
    Certificate result;
    result.primal = 0.5 * (rr + problem.weight * off * off) + problem.in_units(beside);
    auto it = support.begin();
    for (std::size_t j = 0; j < p; ++j) {
        const bool present = it != support.end() && static_cast<std::size_t>(*it) == j;
        const double wj = present ? w[static_cast<std::size_t>(it++ - support.begin())] : 0.0;
        if (!problem.usable[j]) continue;
        const ScalarPenalty h = penalty[j];
        if (wj < h.lower || wj > h.upper) result.primal = kInfinity;
        result.primal += h.value(wj);
        dual.add(h, wj, c[j], design.moments().norm[j], design.moments().scale[j]);
    }
    result.dual = dual.best(problem.inner(r.data(), problem.y.data()), rr, kInfinity) +
                  problem.in_units(problem.constant_cost(alpha));
    const double null = 0.5 * problem.yy;
    result.compare(null);
    result.kkt_max = dual.kkt_max() / problem.y_unit() / problem.weight;
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
