// Ridge and least squares by conjugate gradients, for problems whose smaller side is too large for a factorisation.
#pragma once

#include <vector>

#include "design/design.hpp"

namespace riata {

/// minimise (y - Xw - b)' S (y - Xw - b) / 2 + lam sum_j v_j w_j^2 / 2, X measured, y centred; lam = 0 stands for the solution of
/// minimum norm.
struct RidgeProblem {
    const Design& design;
    const double* s;  ///< sample weights, null for ones
    const double* v;  ///< one per feature, null for ones; inf leaves a feature out
    double goal;      ///< gap at which a solution is good enough, relative to y'Sy / 2
    long max_iter;
};

/// What is known of a solution: half the squared residuals, and a bound of what any other could gain, both as sums over
/// rows and from a fresh residual.
///
/// With the gradient g, all w together differ from the optimum by at most sum_j g_j^2 / (2 lam v_j). Features that no
/// penalty holds, for which this is void, count by |g| |w - w*| instead, with coefficients (of columns of unit norm) up to ten
/// times as large as the ones found allowed for w*.
struct RidgeState {
    double loss = 0, bound = 0, kkt_max = 0;
    long iterations = 0;
};

class RidgeDescent {
public:
    RidgeDescent(const RidgeProblem& problem, Team& team);

    /// Solves K problems side by side. y + k*rows is the response of problem k, w[f*K + k] the start and then the solution, in the
    /// caller's units. From w = 0 and for lam = 0 the limit is the solution of minimum norm.
    std::vector<RidgeState> solve(const double* y, const double* lam, std::size_t K, double* w);

private:
    struct Lane {
        RidgeState state;
        double lam, null, gamma = 0, before = 0, best = 0;
        long since = 0;
        bool done = false, resting = false, by_penalty = false;
    };

    void begin(const double* y, const double* lam, std::size_t K);
    void refresh(const double* y, std::vector<double>& w);
    void gradient(const std::vector<double>& w);
    void judge(const std::vector<double>& w);
    void descend(std::vector<double>& w);
    void step(std::vector<double>& w);
    double bound(std::size_t k, const std::vector<double>& w) const;
    bool is_noise(std::size_t k) const;
    double inverse_diagonal(std::size_t j, const Lane& lane) const;
    bool all(bool Lane::* flag) const;

    const RidgeProblem& problem_;
    Team& team_;
    std::size_t n_, p_;
    std::vector<Index> features_;
    std::vector<double> v_;  ///< of the normalised coefficients; inf where a feature stays out
    double largest_ = 0;     ///< square of a column over its v
    std::vector<Lane> lanes_;
    std::vector<double> r_, u_, q_;  ///< n x K, by problems
    std::vector<double> g_, d_;      ///< features x K, side by side
};

}  // namespace riata
