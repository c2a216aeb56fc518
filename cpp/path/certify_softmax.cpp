// The certificate of anybody's softmax model. The slopes at the best intercepts, less what a step of the features that no penalty
// holds makes of them, are a dual point (see solver/softmax.hpp); nothing is shared with the steps that find coefficients.
#include <algorithm>
#include <cmath>

#include "path/certify.hpp"
#include "solver/certifier.hpp"
#include "solver/softmax_system.hpp"

namespace riata {

namespace {

constexpr int kMaxProfiles = 30;    // Newton steps of the intercepts
constexpr double kLongest = 0.7;    // move of a margin in one of them
constexpr double kSettled = 1e-10;  // where what is left of a step is rounding

/// Margins and slopes of the model, and what it costs beside its loss.
class SoftmaxJudge {
public:
    SoftmaxJudge(Problem& problem, const Labels& labels, bool rows)
        : problem_(problem), labels_(labels.of_rows), C_(static_cast<std::size_t>(labels.classes)), rows_(rows),
          n_(labels_.size()), softmax_(problem, labels_, C_), P_(n_ * C_), R_(n_ * C_) {}

    /// The model without features; its slopes tell what is rounding.
    double find_null() {
        const PresentClasses present(problem_, labels_, static_cast<int>(C_));
        const std::size_t C = present.origin.size();
        const Softmax softmax(problem_, present.labels, C);
        const std::vector<double> b = softmax.null_intercepts();
        std::vector<double> E(n_ * C), P(n_ * C);
        for (std::size_t k = 0; k < C; ++k) std::fill_n(E.data() + k * n_, n_, b[k]);
        const double loss = softmax.predict(E.data(), P.data());
        softmax.find_slopes(P.data(), std::vector<double>(C, 0.0), P.data());
        double squares = problem_.weight;
        for (std::size_t k = 0; k < C; ++k)
            squares = std::max(squares, problem_.inner(P.data() + k * n_, P.data() + k * n_));
        problem_.set_noise(squares);
        return loss;
    }

    /// Takes the coefficients, normalised, and the margins that they and the intercepts make. Returns the loss.
    double take(const Coefficients& given) {
        const std::size_t p = problem_.design.cols();
        const auto& mean = problem_.design.moments().mean;
        W_.assign(p * C_, 0.0);
        E_.resize(n_ * C_);
        for (std::size_t k = 0; k < C_; ++k) {
            const double* coef = given.of(k, p);
            long double shift = given.intercepts[k];
            for (std::size_t j = 0; j < p; ++j) {
                shift += static_cast<long double>(coef[j]) * mean[j];
                if (problem_.usable[j]) W_[j * C_ + k] = problem_.normalised(j, coef[j]);
            }
            std::fill_n(E_.data() + k * n_, n_, static_cast<double>(shift));
        }
        std::vector<Index> support;
        std::vector<double> used;
        for (std::size_t j = 0; j < p; ++j) {
            const double* row = W_.data() + j * C_;
            if (std::all_of(row, row + C_, [](double w) { return w == 0; })) continue;
            support.push_back(static_cast<Index>(j));
            used.insert(used.end(), row, row + C_);
        }
        problem_.design.accumulate(support, used.data(), C_, E_.data(), problem_.team);
        return softmax_.predict(E_.data(), P_.data());
    }

    /// The slopes at the best intercepts, without correlation with what no penalty holds. False where there are none.
    bool find_slopes(const PenaltyAt& penalty) {
        std::vector<double> step = softmax_.intercept_step(P_.data());
        for (int k = 0; k < kMaxProfiles && !step.empty(); ++k) {
            double longest = 0;
            for (double v : step) longest = std::max(longest, std::abs(v));
            if (longest <= kSettled) break;
            const double t = std::min(1.0, kLongest / longest);
            for (std::size_t a = 0; a < C_; ++a)
                for (std::size_t i = 0; i < n_; ++i) E_[a * n_ + i] += t * step[a];
            softmax_.predict(E_.data(), P_.data());
            step = softmax_.intercept_step(P_.data());
        }
        const bool known = !step.empty();
        step.resize(C_, 0.0);
        if (!(softmax_.find_slopes(P_.data(), step, R_.data()) && known)) return false;
        ClassFeatures unheld(C_);
        for (std::size_t j = 0; j < problem_.design.cols(); ++j) {
            const ScalarPenalty h = penalty[j];
            if (!problem_.usable[j] || h.l1 > 0 || h.l2 > 0 || (h.lower > -kInfinity && h.upper < kInfinity)) continue;
            for (std::size_t k = 0; k < C_; ++k)
                if (!h.is_breakpoint(W_[j * C_ + k])) unheld[k].push_back(static_cast<Index>(j));
        }
        if (std::any_of(unheld.begin(), unheld.end(), [](const auto& of_class) { return !of_class.empty(); }))
            orthogonalise(problem_, softmax_, unheld, R_);
        return true;
    }

    /// Adds the coefficients and the correlations of the slopes.
    void judge(const PenaltyAt& penalty, Certifier& certifier) {
        const std::size_t p = problem_.design.cols();
        std::vector<double> U(R_.size()), c(p * C_);
        for (std::size_t k = 0; k < C_; ++k) problem_.weigh(R_.data() + k * n_, U.data() + k * n_);
        problem_.design.correlate_all(U.data(), C_, c.data(), problem_.team);
        for (std::size_t j = 0; j < p; ++j) {
            if (!problem_.usable[j]) continue;
            const ScalarPenalty h = penalty[j];
            const double* w = W_.data() + j * C_;
            if (rows_) certifier.add_row(j, w, c.data() + j * C_, C_);
            for (std::size_t k = 0; k < C_ && !rows_; ++k) {
                if (w[k] < h.lower || w[k] > h.upper) certifier.charge(kInfinity);
                certifier.add(j, w[k], c[j * C_ + k]);
            }
        }
    }

    double dual_value(double t) const { return softmax_.dual_value(R_.data(), t); }

private:
    Problem& problem_;
    const std::vector<int>& labels_;
    std::size_t C_;
    bool rows_;
    std::size_t n_;
    Softmax softmax_;
    std::vector<double> W_, E_;  // a feature's coefficients side by side; margins class after class
    std::vector<double> P_, R_;
};

}  // namespace

Judgement certify(Problem& problem, const Labels& labels, bool rows, const Coefficients& given, double alpha) {
    SoftmaxJudge model(problem, labels, rows);
    const double null = model.find_null();
    const PenaltyAt penalty = problem.at(alpha);
    const double loss = model.take(given), beside = problem.weight * cost_beside(problem, given, rows, alpha);
    Certifier certifier(problem, penalty, loss + beside);
    const bool sound = model.find_slopes(penalty);
    model.judge(penalty, certifier);
    double dual = 0;  // where slopes are not in the dual's domain: below any loss
    if (sound) dual = std::max(dual, certifier.dual().best([&](double t) { return model.dual_value(t); }, kInfinity));
    dual += problem.weight * problem.constant_cost(alpha) * static_cast<double>(labels.classes);
    return in_callers_units(problem, certifier.finish(dual, null), null);
}

}  // namespace riata
