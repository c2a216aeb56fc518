// Minimises the quadratic model on the working set, min 1/2 w'Gw - q'w + sum_j h_j(w_j), by a primal-dual active set:
// solve on the free set, pin what left its segment, free what violates its subdifferential, repeat. With an unchanged
// free set this is the exact step along the regularisation path, so a path needs two or three solves per alpha. Where
// the exchange does not settle, a descent method with guaranteed progress takes over; coordinate descent is the last resort.
//
// After Hintermueller, Ito and Kunisch (2002), "The primal-dual active set strategy as a semismooth Newton method", and
// Osborne, Presnell and Turlach (2000) for the descent.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "model/penalty.hpp"
#include "parallel/control.hpp"
#include "solver/free_system.hpp"

namespace riata {

class ActiveSet {
public:
    ActiveSet(GramModel& model, std::unique_ptr<FreeSystem> system, Control& control);

    struct Report {
        long solves = 0;
        bool settled = true;  ///< false where the limit, or rounding, came first
    };

    /// Minimises for this penalty, starting from the free set of the last call. `noise` is the rounding level of a
    /// gradient; at most max_solves linear systems are solved, and not many where another system could take over.
    Report solve(const PenaltyAt& penalty, double noise, long max_solves, bool replaceable = false);

    /// Goes on from w() by at most max_sweeps sweeps of coordinate descent on the model, which it counts as solves.
    Report sweep(double noise, long max_sweeps);

    /// The minimiser, an entry per slot.
    const std::vector<double>& w() const { return w_; }
    std::size_t free_count() const { return system_->order().size(); }

    /// See FreeSystem::residual().
    const double* residual() const { return system_->residual(); }

    /// The model's q has been corrected.
    void refresh() { system_->refresh(); }

    /// Continues on another form of the linear algebra with the same free set.
    void switch_system(std::unique_ptr<FreeSystem> system);

    /// Starts from these coefficients, one for each slot of the model, next time.
    void start_from(const PenaltyAt& penalty, const std::vector<double>& w);

    std::size_t bytes() const { return system_->bytes(); }

private:
    struct Move {
        std::size_t slot;
        int side;          // of the segment it enters
        bool rising;       // which way it goes
        double violation;  // relative
    };

    void follow_model(const PenaltyAt& penalty);
    ScalarPenalty::Segment segment(std::size_t slot) const;
    double unit_slope(std::size_t slot) const;
    void pin(std::size_t slot, double value);
    void rebuild();
    void read_solution();
    std::vector<std::size_t> pin_outside();
    std::vector<Move> violators(double noise);
    void release(std::vector<Move>& moves, std::size_t limit);
    void release_one(const Move& move);
    void drop(const std::vector<std::size_t>& positions);
    bool over(const Report& report, long max_solves);
    bool exchange_pays();
    bool exchange(double noise, long max_solves, Report& report);
    bool descend(double noise, long max_solves, long limit, Report& report);
    double step_to_border(const std::vector<double>& direction, std::size_t& blocking) const;

    GramModel& model_;
    std::unique_ptr<FreeSystem> system_;
    Control& control_;
    int failures_ = 0, skipped_ = 0;  ///< exchanges failed in a row; those not tried since
    PenaltyAt penalty_;
    std::vector<ScalarPenalty> h_;   // per slot, at the current alpha
    std::vector<double> w_;          // per slot
    std::vector<signed char> side_;  // per slot: 0 pinned, +-1 the segment it is free in
    std::vector<char> refused_;      // per slot: depends on the free set as it stands
    std::vector<double> target_, gradient_;
    std::vector<std::size_t> pinned_;
};

}  // namespace riata
