// The certificate of an iterate from its parts: the loss and the penalties of its coefficients make the primal value, its exact
// correlations the dual point. Who has an iterate says which coefficients there are; what follows from them is the same for all losses,
// whether entries are penalised or rows of them.
#pragma once

#include <cstddef>

#include "solver/certificate.hpp"
#include "solver/problem.hpp"

namespace riata {

class Certifier {
public:
    /// The primal value so far, in the problem's units; `levels` of rounding of a correlation count as none.
    Certifier(const Problem& problem, const PenaltyAt& at, double primal, double levels = kLevels)
        : problem_(problem), at_(at), moments_(problem.design.moments()), dual_(levels * problem.noise()),
          primal_(primal) {}

    /// A coefficient of feature j with its exact correlation.
    void add(std::size_t j, double w, double c) {
        primal_ += at_[j].value(w);
        see(j, w, c);
    }
    /// A row of K coefficients (null: zeros) that is penalised by its length.
    void add_row(std::size_t j, const double* w, const double* c, std::size_t K) {
        if (w) primal_ += at_[j].value(norm_of(w, K));
        see_row(j, w, c, K);
    }
    /// The same where the primal value has the penalty already.
    void see(std::size_t j, double w, double c) { dual_.add(at_[j], w, c, moments_.norm[j], moments_.scale[j]); }
    void see_row(std::size_t j, const double* w, const double* c, std::size_t K) {
        dual_.add_row(at_[j], w, c, K, moments_.norm[j], moments_.scale[j]);
    }
    /// Anything else that the coefficients cost.
    void charge(double cost) { primal_ += cost; }

    double primal() const { return primal_; }
    const DualPoint& dual() const { return dual_; }

    /// With this dual value, and gaps relative to that of the null model.
    Certificate finish(double dual, double null) const {
        Certificate result;
        result.primal = primal_;
        result.dual = dual;
        result.compare(null);
        result.kkt_max = dual_.kkt_max() / problem_.y_unit() / problem_.weight;
        return result;
    }

private:
    static constexpr double kLevels = 1e3;

    const Problem& problem_;
    const PenaltyAt at_;
    const Moments& moments_;
    DualPoint dual_;
    double primal_;
};

}  // namespace riata
