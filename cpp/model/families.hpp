// The losses of one response and one margin by name: the only place that knows them apart. Everybody else asks a loss for
// what it is about to do with it.
#pragma once

#include <string_view>
#include <vector>

#include "kernels/kernels.hpp"

namespace riata {

struct Family {
    const char* name;
    /// Of the losses that Newton's method is for; null for squares, of which one quadratic model is exact.
    const kernels::LossKernels kernels::Kernels::* kernels;
    bool (*takes)(double y);
    /// f(y, eta) of one row as it is held out: squares whole, others less their least value.
    double (*loss)(double y, double eta);
    /// The margin at which a row's own loss is least, 0 where that is at infinity; null where the kernels do not ask for it.
    double (*best_margin)(double y);
    /// The margin of rows that all have the mean of these, their weighted sum and their weight.
    double (*margin_of_mean)(double sum, double weight);
    /// How far the best intercept is, by slope and curvature at this one.
    double (*intercept_step)(double slope, double curvature);
    /// What an intercept that is off by so much adds to the mean loss, given the margin of the mean. With g and h the slope and the
    /// curvature at the profiled one, g off + h off^2 / 2 <= g^2 / 2 h + h off^2, and profiling leaves g^2 / 2 h a small share of
    /// the gap.
    double (*shift_cost)(double off, double margin_of_mean);

    bool is_quadratic() const { return kernels == nullptr; }
};

/// All of them; references to the entries stay good.
const std::vector<Family>& families();
/// Throws std::invalid_argument, naming those that there are.
const Family& family_of(std::string_view name);

}  // namespace riata
