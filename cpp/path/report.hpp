// Paths as they leave: solutions in the caller's units, with the certificates of the numbers as they are rounded. Classes or
// tasks that are solved together have a path each, of which all carry the joint certificates.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "path/path.hpp"

namespace riata {

/// A solution in the problem's units.
struct Outcome {
    struct Output {
        std::vector<std::pair<Index, double>> w;  ///< features and their coefficients
        double b = 0;                             ///< the intercept beside the centred columns, in the caller's units
    };
    double alpha = 0;
    double tol = 0;  ///< relative gap that it is to have
    double loss = 0;
    long solves = 0;
    Certificate certificate;
    std::vector<Output> outputs;
    std::vector<double> margins;  ///< of the rows that are asked for
};

class Report {
public:
    /// What an intercept that is off by so much adds to the objective, in the caller's units.
    using ShiftCost = std::function<double(double)>;
    /// The certificate of a solution from its numbers alone.
    using Judge = std::function<Certificate(const Solution&)>;

    Report(const Problem& problem, const PathOptions& options, Control& control, std::size_t outputs, ShiftCost cost)
        : problem_(problem), options_(options), control_(control), cost_(std::move(cost)), paths_(outputs) {}

    /// How far the objective of the numbers handed out is above the iterate's, where that is at most the bound given.
    using Excess = std::function<double(const std::vector<Path>&, double)>;
    /// Where rounding matters that is measured, in the place of the bound.
    void measure_with(Excess excess) { excess_ = std::move(excess); }
    /// Where rounding matters a solution is judged anew, in the place of adding to its primal value what that may cost.
    void judge_with(Judge judge) { judge_ = std::move(judge); }
    /// Features of several outputs count once for max_features.
    void count_rows() { by_rows_ = true; }

    /// What the path begins with; the null objective in the problem's units.
    void begin(double alpha_max, double null);
    void count_passes(double passes) { passes_ += passes; }
    /// Of X, that were read.
    void count_columns(double columns) { count_passes(columns / static_cast<double>(problem_.design.cols())); }

    /// Hands out a solution. True when the path ends with it.
    bool hand_out(Outcome outcome);

    bool empty() const { return paths_[0].solutions.empty(); }
    bool ended() const { return paths_[0].stop != Stop::kCompleted; }
    void end(Stop why);
    /// A path for each output.
    std::vector<Path> finish();

private:
    double take_output(const Outcome& outcome, const Outcome::Output& output, Solution& s) const;
    void take_certificate(const Outcome& outcome, Solution& s) const;
    bool is_noticed(double rounding, double tol) const;
    void account_for(double rounding, double tol, Solution& s) const;
    Stop reason_to_end() const;

    const Problem& problem_;
    const PathOptions& options_;
    Control& control_;
    ShiftCost cost_;
    Judge judge_;
    Excess excess_;
    bool by_rows_ = false;
    double null_ = 0, passes_ = 0;
    std::vector<Path> paths_;
};

/// x'w + b of every row from the numbers handed out.
std::vector<double> margins_of(const Problem& problem, const Solution& s);

/// An alpha on the way.
struct Waypoint {
    double alpha;
    double before;  ///< the alpha before it, at first the largest one
    double tol;     ///< relative gap aimed at
    bool wanted;    ///< handed out: no stepping stone
};

/// Solves for the alphas in turn and hands out the solutions, until the path ends; `outcome` is asked where they are wanted.
std::vector<Path> walk(Report& report, const std::vector<double>& alphas, double alpha_max, const PathOptions& options,
                       Control& control, const std::function<void(const Waypoint&)>& solve,
                       const std::function<Outcome()>& outcome);

}  // namespace riata
