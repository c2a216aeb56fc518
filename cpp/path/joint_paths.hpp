// The paths of classes or tasks that are solved together: one for each, of which all carry the joint certificates.
#pragma once

#include <functional>
#include <vector>

#include "path/path.hpp"

namespace riata {

/// An alpha on the way.
struct Waypoint {
    double alpha;
    double before;  ///< the alpha before it, at first the largest one
    double tol;     ///< relative gap aimed at
    bool wanted;    ///< handed out: no stepping stone
};

/// What a walk asks of the model.
struct JointModel {
    std::function<void(const Waypoint&)> solve;
    /// Of one class or task, where the model is now; its alpha, time and status are filled in.
    std::function<Solution(std::size_t)> solution;
    /// How far the mean loss of the numbers handed out, a solution of each member, is above the model's; without it a bound is taken.
    std::function<double(const std::vector<Path>&)> excess = {};
    /// Non-zero coefficients of the model as `max_features` counts them.
    std::function<std::size_t()> df;
};

class JointPaths {
public:
    JointPaths(std::size_t members, const PathOptions& options, Control& control)
        : options_(options), control_(control), paths_(members) {}

    /// What all of them begin with.
    void begin(double alpha_max, double null_objective);
    /// Notes that so many passes over X were made.
    void count_passes(double passes) { passes_ += passes; }
    /// Solves for the alphas in turn and hands out the solutions, until the path ends.
    std::vector<Path> walk(const std::vector<double>& alphas, const JointModel& model);

private:
    bool hand_out(const Waypoint& at, const JointModel& model);
    void stop(Stop why);

    const PathOptions& options_;
    Control& control_;
    std::vector<Path> paths_;
    double passes_ = 0;
};

}  // namespace riata
