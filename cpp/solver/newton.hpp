// Proximal Newton on the working set for several penalties at once. Every lane is one penalty's iterate; a round proposes
// a minimiser of the quadratic model for each, looks at all of them in one pass over the columns of W, cuts steps that do
// not descend, and takes the gaps over W. Curvatures are shared by the lanes and kept until they cost more rounds than they
// save.
#pragma once

#include <memory>
#include <vector>

#include "solver/active_set.hpp"
#include "solver/certificate.hpp"
#include "solver/lanes.hpp"
#include "solver/newton_model.hpp"

namespace riata {

struct Lane {
    double alpha = 0;         ///< infinite: the null model
    std::vector<double> w;    ///< per slot
    double b = 0;             ///< intercept beside the centred columns
    std::vector<double> eta;  ///< offset + Xh w
    std::vector<double> r;    ///< -f' at eta + b, moved to s'r = 0 where there is an intercept
    std::vector<double> c;    ///< per slot: xh'S r
    double loss = 0;          ///< at eta + b, less the saturated model's
    Certificate certificate;  ///< over W alone
    bool done = false;        ///< converged, or no step gets any further
    bool cut = false;         ///< the last step was
    double accuracy = 1;      ///< factor on what its model is solved to, side by side
    double damping = 0;       ///< of its model: share of the diagonal that is added to it
    int stalls = 0;           ///< rounds without progress worth the name
    long solves = 0;
};

class Newton {
public:
    /// offset may be null.
    Newton(const Problem& problem, const Loss& loss, const double* offset, NewtonModel& model, Control& control);

    /// The null objective that gaps are relative to.
    void set_unit(double null_objective) { unit_ = null_objective; }
    void set_tolerance(double tol) { tol_ = tol; }

    /// The lane of w = 0 at its best intercept.
    Lane empty_lane(double alpha) const;

    /// The lane at these coefficients, an entry per slot, at its best intercept, with correlations free of what no penalty
    /// holds where that can be had.
    Lane lane_at(double alpha, const std::vector<double>& w);

    /// Brings w and c to the model's size.
    void follow_model(std::vector<Lane>& lanes);

    /// Moves a lane whose bounds keep its margins far from those without features to better ones, where the loss has curvature.
    void bring_back(Lane& lane, long max_solves);
    bool is_far(const Lane& lane) const;

    /// Moves every lane to other coefficients.
    void move(std::vector<Lane*> lanes, const std::vector<std::vector<double>>& w);

    /// Minimises over W until all gaps are at most tol or stand still.
    void minimise(std::vector<Lane>& lanes, double tol, long max_solves);

    /// Makes `offset` the margins without any feature; the lane stays at its w and finds its best intercept anew.
    void rebase(Lane& lane, const std::vector<double>& offset);
    /// One Newton step of a lane, with new curvatures where the present ones are far off. Leaves its correlations to rebase().
    void step(Lane& lane, long max_solves);

    /// The certificate of a lane over W and the features `beyond` with correlations `exact`, w = 0. A rough one takes the
    /// conjugate from the slopes to first order, which is good enough to decide when to look closely.
    Certificate certify(const Lane& lane, const std::vector<Index>& beyond, const std::vector<double>& exact,
                        double tol, bool thorough, bool rough = false) const;

    /// Whether every lane's model is solved by conjugate gradients of its own: then side by side they share little, and each
    /// is better started from the solution before it.
    bool by_gradients() const;

private:
    static constexpr double kInterceptGain = 1e-3;  // of the gap aimed at: what profiling the intercept may leave

    struct Step {
        std::vector<double> w;
        double b;
    };

    bool curvature_pays(const std::vector<Lane*>& lanes, double tol, double progress, bool kept);
    void recurve(const Lane& lane, double damping = 0);
    PenaltyAt penalty(const Lane& lane) const { return problem_.at(lane.alpha); }
    ScalarPenalty penalty(const PenaltyAt& at, std::size_t slot) const {
        return at[static_cast<std::size_t>(model_.features()[slot])];
    }
    Step propose(Lane& lane, long max_solves);
    bool propose_by_gradients(Lane& lane, Step& step);
    bool columns_fit(std::size_t columns) const;
    void take_columns(bool on);
    Step propose_on_columns(Lane& lane, long max_solves);
    void place(Lane& lane, const std::vector<double>& w);
    bool lanes_pay(const std::vector<Lane*>& lanes) const;
    std::vector<Step> propose_together(const std::vector<Lane*>& lanes, long max_solves);
    void take(std::vector<Lane*>& lanes, const std::vector<Step>& steps);
    void advance(std::vector<Lane*>& lanes, const std::vector<Step>& steps);
    bool descends(const Lane& lane, const Step& step, double loss) const;
    void reach_further(const Lane& lane, Step& step, Loss::Sums& sums);
    bool cut_back(Lane& lane, const Step& step, double loss, Step& shorter);
    void settle(Lane& lane, const Loss::Sums& sums);
    Loss::Sums profile(const double* eta, double& b, double* r) const;
    void correlate(const std::vector<Lane*>& lanes);
    bool interleaves(std::size_t lanes) const { return lanes > 1 && problem_.design.interleaves(); }
    void judge(Lane& lane, double tol);
    double divergence(const Lane& lane, const std::vector<Index>& beyond, const std::vector<double>& exact,
                      double t) const;
    bool is_exact(const Lane& lane) const;
    void give_up(Lane& lane, double tol);
    bool orthogonalise(Lane& lane);
    bool orthogonalise_on_columns(Lane& lane, const std::vector<std::size_t>& free);
    bool orthogonalise_by_gradients(Lane& lane, const std::vector<std::size_t>& free);
    std::vector<std::size_t> unheld(const Lane& lane) const;

    const Problem& problem_;
    const Loss& loss_;
    NewtonModel& model_;
    ActiveSet active_;
    std::unique_ptr<Lanes> together_;  // in place of the active set, for large supports on sparse data
    bool factored_ = false;            // conjugate gradients have got stuck
    bool on_columns_ = false;          // a Gram matrix cannot tell the columns apart,
    bool alike_ = false;               // as a dual point that was asked of it has shown
    Control& control_;
    double unit_ = 1;
    double tol_ = 1e-6;         // relative gap aimed at
    bool fresh_ = false;        // the active set has not seen the curvatures in use
    std::vector<double> base_;  // the margins without any feature
    Panel panel_;               // scratch
    std::vector<double> eta_, slopes_, out_, z_, scaled_, along_, trial_, trial_slopes_;
};

}  // namespace riata
