// The linear system of a Newton step, (Xh'D Xh + l2) z = g on some columns centred under the curvatures D, by conjugate
// gradients on the columns: no Gram matrix.
#pragma once

#include <functional>
#include <vector>

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

    struct Iterate {
        std::vector<double> g;      ///< of the given right-hand side, what is left
        std::vector<double> z;      ///< the solution
        std::vector<double> moved;  ///< X z centred under D, an entry per row
        double mean = 0;            ///< what the centring took off X z
        double left = 0;            ///< g' z-hat, the squared gradient in the preconditioner's metric
        long steps = 0;
    };
    /// Starts at z = 0; an entry of g per column.
    Iterate start(std::vector<double> g) const;
    /// Steps until `enough` says so of an iterate, or progress ends.
    void improve(Iterate& at, const std::function<bool(const Iterate&)>& enough, Control& control) const;

private:
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
