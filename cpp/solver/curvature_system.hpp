// The linear system of a Newton step, (Xh'D Xh + l2) z = g on some columns centred under the curvatures D, by conjugate
// gradients on the columns: no Gram matrix.
#pragma once

#include <functional>
#include <vector>

#include "solver/conjugate_gradients.hpp"
#include "solver/problem.hpp"

namespace riata {

class CurvatureSystem {
public:
    /// Borrows everything; d has an entry per row, and `total` is their sum. Every column takes part, and l2 is zero.
    CurvatureSystem(const Problem& problem, const std::vector<Index>& features, const std::vector<double>& d,
                    double total);

    /// Gives a column its l2.
    void set_curvature(std::size_t slot, double l2);
    /// Holds a column at z = 0.
    void leave_out(std::size_t slot) { inverse_[slot] = 0; }
    double l2(std::size_t slot) const { return l2_[slot]; }

    struct Solution : Gradients {
        std::vector<double> moved;  ///< X x centred under D, an entry per row
        double mean = 0;            ///< what the centring took off X x
    };
    /// With an entry of g per column; steps until `enough` says so, or progress ends.
    Solution solve(std::vector<double> g, const std::function<bool(const Gradients&)>& enough, Control& control) const;

private:
    double multiply(const std::vector<double>& p, std::vector<double>& u, std::vector<double>& image) const;

    const Problem& problem_;
    const std::vector<Index>& features_;
    const std::vector<double>& d_;
    double total_;
    bool centred_;
    std::vector<double> xd_;       // Xh'd, or empty where it was not to be had
    std::vector<double> squares_;  // the diagonal of Xh'D Xh, or what it is on average
    std::vector<double> l2_;
    std::vector<double> inverse_;  // of the whole diagonal, 0 for what is left out
};

}  // namespace riata
