// A smooth loss over all rows at once: sum_i s_i f(y_i, eta_i) with its slopes, curvatures and divergence. Every f is less its
// least value, so that the best loss thinkable is 0 and relative gaps mean something for every family.
#pragma once

#include <cstddef>
#include <vector>

#include "model/families.hpp"
#include "parallel/team.hpp"

namespace riata {

class Loss {
public:
    /// s may be null (ones) and has to outlive the loss; the family takes every y, and is not quadratic.
    Loss(const Family& family, std::vector<double> y, const double* s, Team& team);

    struct Sums {
        double value = 0, slope = 0, curvature = 0;  ///< sum s f, sum s r, sum s f''
        Sums& operator+=(const Sums& other) {
            value += other.value;
            slope += other.slope;
            curvature += other.curvature;
            return *this;
        }
    };

    std::size_t rows() const { return y_.size(); }

    /// r_i = -f'(y_i, eta_i + shift); r may be eta.
    Sums evaluate(const double* eta, double shift, double* r) const;

    /// The same for the rows [b, e) alone; eta and r begin at row b.
    Sums evaluate_rows(std::size_t b, std::size_t e, const double* eta, double shift, double* r) const;

    /// d_i = s_i f''(y_i, eta_i) at the margins where -f' is r; without s where plain.
    void curvature(const double* r, double* d, bool plain = false) const;

    /// sum_i s_i [f(y_i, m_i) + f*(y_i, -t r_i) + t r_i m_i] at m = eta + shift: how far t r is from being the slopes there. It is
    /// of second order in that, never below 0, and gives the conjugate without cancellation.
    double divergence(const double* eta, double shift, const double* r, double t) const;

    /// The margin at which all rows have their mean's best prediction.
    double margin_of_mean() const;
    /// How far the best intercept is, by slope and curvature there.
    double intercept_step(double slope, double curvature) const { return family_.intercept_step(slope, curvature); }
    /// What an intercept that is off by so much adds to the mean loss.
    double shift_cost(double off) const { return family_.shift_cost(off, margin_of_mean()); }

private:
    kernels::LossRows rows_from(std::size_t first) const;

    const Family& family_;
    const kernels::LossKernels& kernels_;
    std::vector<double> y_;
    const double* s_;
    std::vector<double> best_;  // margins, where the family asks for them
    Team& team_;
};

/// Moves `shift` to where sum_i s_i r_i = 0 to first order, by Newton's method in a bracket: until another step would gain
/// less than `tolerance`, or nothing but rounding, and be short. r holds the slopes there. Returns the sums at `shift`.
Loss::Sums profile_intercept(const Loss& loss, const double* eta, double& shift, double* r, double tolerance);

}  // namespace riata
