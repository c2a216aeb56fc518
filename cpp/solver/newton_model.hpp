// The quadratic model of a smooth loss on W about an iterate w0 with curvatures d,
//
//     min 1/2 w'Gw - q'w + h(w),     G = X~'DX~,     q = c + G w0,     c = Xh'S r at w0,
//
// where X~ has the columns less their means under d: that is what profiling the intercept out leaves. It is the squared
// loss's model in another metric, so that the same solvers take it. G may lag behind: with the exact c a wrong G only makes
// the next step a shorter way to the same solution, while G and its factor are kept.
#pragma once

#include <vector>

#include "model/loss.hpp"
#include "solver/gram_model.hpp"

namespace riata {

class NewtonModel final : public GramModel {
public:
    NewtonModel(Problem& problem, const Loss& loss) : GramModel(problem), loss_(loss) {}

    /// Takes the curvatures at the iterate whose slopes are r. Nobody is a member afterwards. G's diagonal is made larger by the
    /// share `damping` of itself: a step of less reach, and downhill as soon as that is large enough.
    void recurve(const double* r, double damping = 0);
    /// sum_i d_i(r) / sum_i d_i, where d(r) are the curvatures at r.
    double scale(const double* r);
    /// sum_i |d_i(r) - a d_i| / sum_i d_i(r) with a = scale(r): how far the curvatures in use are from those at r but for a
    /// factor. Infinite before the first.
    double drift(const double* r);
    /// The same between two iterates.
    double drift(const double* r, const double* other);

    double damping() const { return damping_; }
    const std::vector<double>& curvatures() const { return d_; }
    double total_curvature() const { return total_; }

    /// Makes w0 := w with the correlations c there, an entry per slot.
    void expand(const std::vector<double>& w, const std::vector<double>& c);
    /// How far the intercept moves along, to first order, when w0 becomes w.
    double intercept_shift(const std::vector<double>& w) const;

    /// Makes the model least squares about w, whose margins without an offset are `moved` and slopes r: no Gram matrix. Curvatures
    /// below rounding of their slopes are made larger.
    void expand_roots(const std::vector<double>& w, const std::vector<double>& moved, const double* r);
    /// intercept_shift() of that.
    double root_shift(const std::vector<double>& w) const;
    void root_columns(const std::vector<std::size_t>& slots, double* out) override;
    void root_target(double* t) override;
    void root_correlate(const std::vector<std::size_t>& slots, const double* r, double* g) override;
    double root_size() const override;
    /// s r of the rows whose least squares residual is `residual`, and how far their margins are from those at hand.
    double slopes_of(const double* residual, std::size_t i) const { return residual[i] * root_[i]; }
    double margin_of(const double* residual, std::size_t i) const {
        return root_[i] > 0 ? (target_[i] - residual[i]) / root_[i] : 0.0;
    }

    void admit(const std::vector<std::size_t>& slots) override;
    /// Of slots that are no members, which stay where they are in this model, the gradient at w0: the next model is made
    /// from exact ones, and sees what this leaves.
    void gradient(const double* w, const std::vector<std::size_t>& slots, double* g) override;
    long descend(std::vector<double>& w, double tolerance, double noise, long max_sweeps, Control& control) override;

protected:
    void products(const std::vector<Index>& A, const std::vector<Index>& B, double* out) override;

private:
    void set_target(std::size_t slot);
    bool admit_together(const std::vector<std::size_t>& fresh, const std::vector<Index>& features);

    const Loss& loss_;
    std::vector<double> d_;   // s f'' where G was taken
    double total_ = 0;        // sum of d
    double damping_ = 0;      // of G's diagonal
    std::vector<double> xd_;  // per slot: xh'd, of members
    std::vector<double> w0_, c_;
    std::vector<std::size_t> support_of_w0_;
    std::vector<double> root_, target_;  // d^.5, and sr / d^.5 + d^.5 times the margins of w0
    std::vector<double> z_, y_, g_;      // scratch
    std::vector<std::size_t> known_, places_;
};

}  // namespace riata
