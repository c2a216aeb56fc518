#include "solver/curvature_system.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"

namespace riata {

namespace {
constexpr double kLeastSquare = 1e-6;  // of what a column's square is on average: what rounding may leave of it
}  // namespace

CurvatureSystem::CurvatureSystem(const Problem& problem, const std::vector<Index>& features,
                                 const std::vector<double>& d, double total)
    : problem_(problem), features_(features), d_(d), total_(total),
      centred_(problem.request.fit_intercept && total > 0), xd_(features.size()), squares_(features.size()),
      l2_(features.size()), inverse_(features.size()) {
    if (!problem.design.weighted_moments(features, d.data(), xd_.data(), squares_.data(), problem.team)) xd_.clear();
    for (std::size_t slot = 0; slot < features.size(); ++slot) {
        const double norm = problem.design.moments().norm[static_cast<std::size_t>(features[slot])];
        const double average = total / problem.weight * norm * norm;
        if (xd_.empty())
            squares_[slot] = average;
        else if (centred_)
            squares_[slot] -= xd_[slot] * xd_[slot] / total;
        squares_[slot] = std::max(squares_[slot], kLeastSquare * average);
        set_curvature(slot, 0.0);
    }
}

void CurvatureSystem::set_curvature(std::size_t slot, double l2) {
    const double diagonal = squares_[slot] + l2;
    l2_[slot] = l2;
    inverse_[slot] = diagonal > 0 ? 1 / diagonal : 0.0;
}

CurvatureSystem::Iterate CurvatureSystem::start(std::vector<double> g) const {
    Iterate at;
    at.g = std::move(g);
    at.z.assign(features_.size(), 0.0);
    at.moved.assign(problem_.design.rows(), 0.0);
    for (std::size_t slot = 0; slot < at.g.size(); ++slot) {
        if (inverse_[slot] == 0) at.g[slot] = 0;
        at.left += at.g[slot] * at.g[slot] * inverse_[slot];
    }
    return at;
}

void CurvatureSystem::improve(Iterate& at, const std::function<bool(const Iterate&)>& enough, Control& control) const {
    const kernels::Kernels& leaf = kernels::active();
    const Design& design = problem_.design;
    const std::size_t n = design.rows(), m = features_.size();
    std::vector<double> p(m), image(m), u(n), du(n);
    for (std::size_t slot = 0; slot < m; ++slot) p[slot] = at.g[slot] * inverse_[slot];
    while (!enough(at)) {
        if (control.cancelled()) throw Cancelled{};
        double mean = 0, bend = 0;
        const bool together = !xd_.empty() && design.there_and_back(features_, p.data(), d_.data(), u.data(),
                                                                    image.data(), problem_.team);
        if (!together) {
            std::fill(u.begin(), u.end(), 0.0);
            design.accumulate(features_, p.data(), 1, u.data(), problem_.team);
        }
        if (centred_) mean = leaf.dot(d_.data(), u.data(), n) / total_;
        for (std::size_t i = 0; i < n; ++i) {
            u[i] -= mean;
            du[i] = d_[i] * u[i];
            bend += du[i] * u[i];
        }
        if (!together) {
            design.correlate(features_, du.data(), 1, image.data(), problem_.team);
        } else if (centred_) {  // X'D(u - mean)
            leaf.axpy(-mean, xd_.data(), image.data(), m);
        }
        for (std::size_t slot = 0; slot < m; ++slot) bend += l2_[slot] * p[slot] * p[slot];
        if (!(bend > 0)) return;
        const double length = at.left / bend;
        leaf.axpy(length, p.data(), at.z.data(), m);
        leaf.axpy(length, u.data(), at.moved.data(), n);
        at.mean += length * mean;
        double next = 0;
        for (std::size_t slot = 0; slot < m; ++slot) {
            if (inverse_[slot] == 0) continue;
            at.g[slot] -= length * (image[slot] + l2_[slot] * p[slot]);
            next += at.g[slot] * at.g[slot] * inverse_[slot];
        }
        for (std::size_t slot = 0; slot < m; ++slot) p[slot] = at.g[slot] * inverse_[slot] + next / at.left * p[slot];
        at.left = next;
        ++at.steps;
    }
}

}  // namespace riata
