// The first try at a single penalty: coordinate descent on the columns as they are, for as long as it is on its way to the
// gap asked for at less than what a factorisation costs. Well-conditioned columns of which many are in use want a handful
// of sweeps and no Gram matrix.
#pragma once

#include <vector>

#include "parallel/control.hpp"
#include "solver/problem.hpp"

namespace riata {

struct Opening {
    std::vector<double> w;       ///< an entry per column, in normalised units
    double rel_gap = kInfinity;  ///< by the residual carried along: no certificate yet
    long sweeps = 0;             ///< over X, features that are screened out not counted
};

class ColumnDescent {
public:
    ColumnDescent(Problem& problem, Control& control);

    /// Whether it can be tried: columns at hand, and none that no penalty holds.
    bool applies() const;

    /// From rest to a relative gap of tol, with the penalty as it is set; `patience`: sweeps that may be spent.
    Opening run(double tol, double patience);

private:
    void sweep(const std::vector<std::size_t>& order);
    void extrapolate();
    double objective(const std::vector<double>& w, const std::vector<double>& r) const;
    double look();
    void screen(double gap);
    struct Looked {
        double spent, log_gap;
    };
    bool is_hopeful(double goal, double patience) const;

    Problem& problem_;
    Control& control_;
    const std::vector<double>& norm_;
    std::vector<double> l1_, l2_, w_, r_, u_, c_;
    std::vector<std::size_t> open_;                       ///< columns that may be in use
    std::vector<Index> listed_;                           ///< the same
    std::vector<std::vector<double>> trail_w_, trail_r_;  ///< after the last sweeps
    std::vector<Looked> looked_;
    double moved_ = 0, null_ = 0;
};

}  // namespace riata
