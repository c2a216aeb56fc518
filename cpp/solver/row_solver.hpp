// The problem on a working set with a row of coefficients per slot, one for each of K tasks, and a penalty on its length:
//
//     min 1/2 <W, G W> - <Q, W> + sum_j l1_j ||W_j|| + l2_j/2 ||W_j||^2,     Q = Xh_W' S Y.
//
// Sweeps of exact steps on single rows find out which rows are zero; Newton steps on the others (row_newton.hpp) finish, and
// do more of the work the more the columns correlate.
#pragma once

#include <cstddef>
#include <vector>

#include "solver/certifier.hpp"
#include "solver/gram_model.hpp"
#include "solver/responses.hpp"
#include "solver/row_newton.hpp"

namespace riata {

class RowSolver {
public:
    RowSolver(const Problem& problem, GramModel& model, const Responses& responses, Control& control);

    /// Follows the model, of which all usable slots have to be members: new rows are zero.
    void follow();

    /// Solves with these penalties until the gap on W is at most `gap`, nothing gains any more, or max_steps are
    /// done; with `polish` a little further where that is cheap. Returns the number of steps.
    long solve(const PenaltyAt& at, double gap, long max_steps, bool polish);

    const std::vector<double>& w() const { return w_; }  ///< slot * K + task
    bool present(std::size_t slot) const { return present_[slot]; }

    /// Correlations Q - G W of a slot, one for each task.
    void correlations(std::size_t slot, double* c) const;
    /// Of the residual R of all tasks: <R, R> and <R, Y>, as the Gram matrix has them.
    double squares() const { return products() - slope(); }
    double products() const;
    /// Q := C + G W with the exact correlations C of all slots, slot * K + task: takes the rounding out of Q.
    void correct(const std::vector<double>& exact);

    /// Adds a slot with these correlations.
    void judge(Certifier& certifier, std::size_t slot, const double* c) const;
    /// The same for all slots with their correlations Q - G W.
    void judge(Certifier& certifier);

private:
    struct Step;
    /// What became of a Newton step: all of it, all of it with rows set to zero, a part, nothing.
    enum class Outcome { kFull, kClipped, kCut, kNone };
    double* row(std::size_t slot) { return w_.data() + slot * K_; }
    const double* row(std::size_t slot) const { return w_.data() + slot * K_; }
    ScalarPenalty penalty(std::size_t slot) const { return at_[static_cast<std::size_t>(model_.features()[slot])]; }
    void refresh();
    void find_support();
    void extrapolate();
    void find_pulls();
    void clear(std::size_t slot);
    void restore(const std::vector<double>& w);
    void moved(std::size_t slot);
    double slope() const;
    double gap();
    void descend(std::size_t slot);
    void sweep();
    void enter();
    double find_direction(Step& step);
    double first_turn(const Step& step) const;
    void move(const Step& step);
    double objective() const;
    Outcome newton_step();
    double try_step(double t, Step& step) const;
    double newton_cost() const;
    bool newton_pays(double before, double after) const;

    const Problem& problem_;
    PenaltyAt at_;  ///< what is solved for
    GramModel& model_;
    const Responses& responses_;
    Control& control_;
    std::size_t K_, m_ = 0;
    std::vector<std::size_t> slots_;  ///< the usable ones
    std::vector<double> q_, c_;       ///< slot + task * m: Q, and Q - G W at the present W
    std::vector<double> w_;
    std::vector<char> present_;                ///< per slot: its row is not zero
    std::vector<std::size_t> support_;         ///< the slots that are present
    std::vector<double> pull_squares_;         ///< per slot: ||C_j||^2,
    std::vector<double> l1_squares_;           ///< and the square of what a row at rest allows
    bool fresh_ = false;                       ///< C and the support have been found afresh for this W
    bool pulls_known_ = false;                 ///< and so have the pulls, for this C
    std::vector<double> w_before_, c_before_;  ///< the solution before the last one and its correlations,
    double at_before_ = 0, at_now_ = 0;        ///< and the l1_scale of both
    RowNewton newton_;
    bool by_newton_ = false;  ///< sweeps alone were slow
};

}  // namespace riata
