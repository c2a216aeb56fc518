#include "path/joint_paths.hpp"

#include "path/grid.hpp"
#include "path/handed_out.hpp"

namespace riata {

void JointPaths::begin(double alpha_max, double null_objective) {
    for (Path& path : paths_) {
        path.alpha_max = alpha_max;
        path.null_objective = null_objective;
    }
}

std::vector<Path> JointPaths::walk(const std::vector<double>& alphas, const JointModel& model) {
    double before = paths_[0].alpha_max;
    for (std::size_t k = 0; k < alphas.size(); ++k) {
        const bool wanted = is_wanted(options_, k, alphas.size());
        const Waypoint at{alphas[k], before, tolerance_of(options_, wanted), wanted};
        model.solve(at);
        before = alphas[k];
        if (wanted && hand_out(at, model)) break;
        if (control_.out_of_time()) {
            stop(Stop::kTimeLimit);
            break;
        }
    }
    for (Path& path : paths_) path.n_passes = passes_;
    return std::move(paths_);
}

/// Hands out the solutions of all members. True when the path ends here.
bool JointPaths::hand_out(const Waypoint& at, const JointModel& model) {
    double rounding = 0;
    for (std::size_t k = 0; k < paths_.size(); ++k) {
        paths_[k].solutions.push_back(model.solution(k));
        rounding += paths_[k].solutions.back().rounding;
    }
    if (model.excess && is_noticed(rounding, at.tol, paths_[0].null_objective)) rounding = model.excess(paths_);
    for (Path& path : paths_) {
        Solution& s = path.solutions.back();
        s.alpha = at.alpha;
        s.seconds = control_.seconds();
        account_for(rounding, at.tol, path.null_objective, s.certificate);
        s.status = s.certificate.rel_gap <= at.tol ? Status::kConverged : Status::kGapAboveTol;
    }
    const Stop why = stop_after(options_, paths_[0].solutions, model.df());
    stop(why);
    return why != Stop::kCompleted;
}

void JointPaths::stop(Stop why) {
    for (Path& path : paths_) path.stop = why;
}

}  // namespace riata
