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

/// u := X p centred under D, image := (X'DX + l2) p, without what is left out. Returns what the centring takes off X p.
double CurvatureSystem::multiply(const std::vector<double>& p, std::vector<double>& u,
                                 std::vector<double>& image) const {
    const kernels::Kernels& leaf = kernels::active();
    const Design& design = problem_.design;
    const std::size_t n = design.rows();
    const bool together =
        !xd_.empty() && design.there_and_back(features_, p.data(), d_.data(), u.data(), image.data(), problem_.team);
    if (!together) {
        std::fill(u.begin(), u.end(), 0.0);
        design.accumulate(features_, p.data(), 1, u.data(), problem_.team);
    }
    const double mean = centred_ ? leaf.dot(d_.data(), u.data(), n) / total_ : 0.0;
    for (double& v : u) v -= mean;
    if (!together) {
        std::vector<double> du(n);
        for (std::size_t i = 0; i < n; ++i) du[i] = d_[i] * u[i];
        design.correlate(features_, du.data(), 1, image.data(), problem_.team);
    } else if (centred_) {  // X'D(u - mean)
        leaf.axpy(-mean, xd_.data(), image.data(), image.size());
    }
    for (std::size_t slot = 0; slot < p.size(); ++slot)
        image[slot] = inverse_[slot] == 0 ? 0.0 : image[slot] + l2_[slot] * p[slot];
    return mean;
}

CurvatureSystem::Solution CurvatureSystem::solve(std::vector<double> g,
                                                 const std::function<bool(const Gradients&)>& enough,
                                                 Control& control) const {
    Solution out;
    out.moved.assign(problem_.design.rows(), 0.0);
    for (std::size_t slot = 0; slot < g.size(); ++slot)
        if (inverse_[slot] == 0) g[slot] = 0;
    std::vector<double> u(out.moved.size());
    double mean = 0;
    const auto apply = [&](const std::vector<double>& p, std::vector<double>& image) {
        if (control.cancelled()) throw Cancelled{};
        mean = multiply(p, u, image);
    };
    const auto precondition = [&](const std::vector<double>& r, std::vector<double>& z) {
        for (std::size_t slot = 0; slot < r.size(); ++slot) z[slot] = r[slot] * inverse_[slot];
    };
    const auto taken = [&](double length) {
        kernels::active().axpy(length, u.data(), out.moved.data(), u.size());
        out.mean += length * mean;
    };
    static_cast<Gradients&>(out) = conjugate_gradients(std::move(g), apply, precondition, enough, taken);
    return out;
}

}  // namespace riata
