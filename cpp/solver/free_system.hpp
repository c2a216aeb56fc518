// The linear algebra that an active-set method needs from a quadratic model: solve on the free set, and move members in and
// out of it. Three forms exist: on the Gram matrix (|A| x |A|), for more free features than rows on the samples (n x n), and
// on the columns (n x |A|) where a Gram matrix cannot tell them apart.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "solver/gram_model.hpp"

namespace riata {

class FreeSystem {
public:
    virtual ~FreeSystem() = default;

    /// The free slots in the order in which `solve` answers.
    const std::vector<std::size_t>& order() const { return order_; }

    /// Sets the curvature l2 of every slot of the model. Members stay; those that a smaller l2 makes dependent are
    /// returned after having left.
    virtual std::vector<std::size_t> set_curvature(const std::vector<double>& l2) = 0;

    /// Adds slots with the unit slope of their l1 term; returns those refused for depending on the others.
    virtual std::vector<std::size_t> add(const std::vector<std::size_t>& slots, const std::vector<double>& unit) = 0;

    /// Removes the members at these ascending positions of order().
    virtual void remove(const std::vector<std::size_t>& positions) = 0;

    /// Slot pinned away from zero moved by `delta`: its part of the gradient follows.
    virtual void shift_pinned(std::size_t slot, double delta) = 0;

    /// q has changed (defect correction).
    virtual void refresh() = 0;

    /// w[i] = (H_AA^-1 (q - G_AP w_P - slope_scale * unit))[i] in the order of order().
    virtual void solve(double slope_scale, double* w) = 0;

    /// d = H_AA^-1 H_A,slot in the order of order().
    virtual void regress(std::size_t slot, double* d) = 0;

    /// g[i] = (q - G w)_i of the listed slots, none of them free, at the solution last solved for.
    virtual void gradient(const double* w, const std::vector<std::size_t>& slots, double* g) = 0;

    /// The model's residual t - Z w at the solution last solved for, free of what the rounding of w makes of it: its
    /// correlations with free columns are right to rounding however large w is. Null where it is not at hand.
    virtual const double* residual() const { return nullptr; }

    virtual void clear() = 0;
    virtual std::size_t bytes() const = 0;

protected:
    std::vector<std::size_t> order_;
};

/// On the Gram matrix of the model.
std::unique_ptr<FreeSystem> make_gram_system(GramModel& model);

/// On the samples: M = I + sum_A xh xh' / l2, for l2 > 0 throughout.
std::unique_ptr<FreeSystem> make_sample_system(GramModel& model, const Problem& problem);

/// On the columns: orthogonal factors of Xh_A.
std::unique_ptr<FreeSystem> make_column_system(GramModel& model, const Problem& problem);

}  // namespace riata
