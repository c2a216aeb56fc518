// Large supports on sparse data: up to 8 penalties side by side on a compact working set, with their residuals interleaved
// and no Gram matrix. Sweeps of coordinate descent find the signs; conjugate gradients on the free features then solve for
// those signs, and an exact line search along the projected step keeps the objective falling.
//
// The squares are those of the problem's response, or a second order model of some other loss about the start: then rows
// have weights d of their own, and a residual for each lane takes the response's place.
#pragma once

#include <array>
#include <vector>

#include "design/compact.hpp"
#include "kernels/kernels.hpp"
#include "solver/problem.hpp"

namespace riata {

class Lanes {
public:
    static constexpr std::size_t kLanes = 8;
    using Lane = std::array<double, kLanes>;

    Lanes(const Problem& problem, Control& control);

    /// Rows weigh d from now on, columns are centred under d where `centred`, and lanes start from residuals of their own.
    void reweigh(const std::vector<double>& d, bool centred);
    /// The residual that lane k starts from: scale d_i of it is s_i r_i, s null: ones.
    void set_residual(std::size_t k, const double* r, const double* s, double scale);
    /// How far the intercept moves along, to first order, when lane k goes from w to its solution.
    double intercept_shift(std::size_t k, const std::vector<double>& w) const;

    /// Takes in the features from size() on.
    void follow(const std::vector<Index>& features);
    std::size_t size() const { return columns_.size(); }

    /// Sets what lane k minimises, and where it starts.
    void set(std::size_t k, const PenaltyAt& penalty, const std::vector<double>& w);
    /// Solves the first `count` lanes until a sweep violates no condition by more than the tolerance, relative to l1, or for
    /// max_rounds or not much more than max_passes over the entries; returns the sweeps made.
    long solve(std::size_t count, const Lane& tolerance, long max_rounds, long max_passes);
    /// Sweeps and products with the matrix that the last solution took.
    long passes() const { return sweeps_ + products_; }
    std::vector<double> solution(std::size_t k) const;
    std::size_t bytes() const { return columns_.bytes() + (r_.capacity() + v_.capacity()) * sizeof(double); }

private:
    using Places = std::vector<std::size_t>;
    double& w(std::size_t j, std::size_t k) { return w_[j * kLanes + k]; }
    kernels::LaneSweep sweep_of(const Places& places);
    bool sweep(const Places& places, const Lane& tolerance);
    const double* root() const { return root_.empty() ? problem_.root_weights() : root_.data(); }
    void weigh_columns(std::size_t first);
    void find_residuals();
    Places support() const;
    bool is_free(std::size_t j, std::size_t k) const;

    void solve_on_support(const Places& places, const Lane& tolerance);
    void set_gradient(const Places& places);
    void multiply(const Places& places, const std::vector<double>& p, Lane& constant);
    void apply_hessian(const Places& places, const std::vector<double>& p, std::vector<double>& out);
    void conjugate_gradients(const Places& places, const Lane& tolerance);
    bool step_to_projection(const Places& places);

    const Problem& problem_;
    Control& control_;
    const kernels::Kernels& leaf_;
    CompactColumns columns_;
    std::vector<Index> features_;
    std::vector<double> square_, l1_factor_, l2_factor_, lower_, upper_;
    std::vector<double> root_;  // of d, where rows have weights of their own
    double total_ = 0;          // sum of d, or 0 where nothing is centred
    Lane l1_scale_{}, l2_scale_{}, on_{}, offset_{}, moved_{};
    std::vector<double> w_;
    LargeVector r_, v_;
    std::vector<double> gradient_, step_, direction_, image_, inverse_, unit_;  // per place and lane
    long sweeps_ = 0, products_ = 0, cg_steps_ = 50;
};

}  // namespace riata
