// The free system on the samples, for elastic nets with more free features than rows. With Z = S^.5 Xh_A, V = diag(l2)
// and M = I + Z V^-1 Z' (n x n), Woodbury's identity gives
//
//     (Z'Z + V)^-1 c = V^-1 (c - Z' M^-1 Z V^-1 c).
//
// Along a path all l2 change by one factor tau, so V = tau V_0 and tau M = tau I + K with K = Z V_0^-1 Z' kept up to date.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "solver/free_system.hpp"

namespace riata {

namespace {

constexpr std::size_t kRefreshAfter = 64;  // removals after which the sums are formed anew
constexpr double kAccuracy = 1e-13;        // of the normal equations, relative to q; one refinement reaches it

class SampleSystem final : public FreeSystem {
public:
    SampleSystem(GramModel& model, const Problem& problem)
        : model_(model), problem_(problem), n_(problem.design.rows()), kernels_(kernels::active()) {
        panels_ = (n_ + kernels_.gram_panel - 1) / kernels_.gram_panel;
        ld_ = panels_ * kernels_.gram_panel;
        clear();
    }

    std::vector<std::size_t> set_curvature(const std::vector<double>& l2) override {
        const double tau = base_.empty() || l2.empty() ? 1.0 : l2[0] / base_[0];
        for (std::size_t slot = base_.size(); slot < l2.size(); ++slot) base_.push_back(l2[slot] / tau);
        factored_ = factored_ && tau == tau_;
        tau_ = tau;
        return {};
    }

    std::vector<std::size_t> add(const std::vector<std::size_t>& slots, const std::vector<double>& unit) override {
        column_.resize(model_.size());
        unit_.resize(model_.size());
        target_.resize(model_.size());
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const std::size_t slot = slots[i];
            unit_[slot] = unit[i];
            column(slot);
            target_[slot] = kernels_.dot(column_[slot].data(), y_.data(), n_);
            order_.push_back(slot);
        }
        sum_up(slots, plus_);
        factored_ = false;
        return {};
    }

    void remove(const std::vector<std::size_t>& positions) override {
        if (positions.empty()) return;
        std::vector<std::size_t> slots;
        for (std::size_t position : positions) slots.push_back(order_[position]);
        for (auto it = positions.rbegin(); it != positions.rend(); ++it)
            order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(*it));
        removed_ += slots.size();
        if (removed_ > kRefreshAfter) {
            std::fill(plus_.begin(), plus_.end(), 0.0);
            std::fill(minus_.begin(), minus_.end(), 0.0);
            sum_up(order_, plus_);
            removed_ = 0;
        } else {
            sum_up(slots, minus_);
        }
        factored_ = false;
    }

    void shift_pinned(std::size_t slot, double delta) override {
        column_.resize(model_.size());
        column(slot);
        kernels_.axpy(-delta, column_[slot].data(), y_.data(), n_);
        for (std::size_t member : order_) target_[member] = kernels_.dot(column_[member].data(), y_.data(), n_);
    }

    void refresh() override {}

    void solve(double slope_scale, double* w) override {
        std::vector<double> c(order_.size());
        double largest = 0;
        for (std::size_t i = 0; i < c.size(); ++i) {
            c[i] = target_[order_[i]] - slope_scale * unit_[order_[i]];
            largest = std::max(largest, std::abs(c[i]));
        }
        solve_for(c, largest, w);
    }

    void regress(std::size_t slot, double* d) override {
        column_.resize(model_.size());
        column(slot);
        std::vector<double> c(order_.size());
        double largest = 0;
        for (std::size_t i = 0; i < c.size(); ++i) {
            c[i] = kernels_.dot(column_[order_[i]].data(), column_[slot].data(), n_);
            largest = std::max(largest, std::abs(c[i]));
        }
        solve_for(c, largest, d);
    }

    void gradient(const double* w, const std::vector<std::size_t>& slots, double* g) override {
        model_.gradient(w, slots, g);
    }

    void clear() override {
        order_.clear();
        plus_.assign(ld_ * ld_, 0.0);
        minus_.assign(ld_ * ld_, 0.0);
        removed_ = 0;
        factored_ = false;
        y_ = problem_.y;
        if (problem_.root_weights())
            for (std::size_t i = 0; i < n_; ++i) y_[i] *= problem_.root_s[i];
    }

    std::size_t bytes() const override {
        std::size_t columns = 0;
        for (const auto& column : column_) columns += column.size();
        return (plus_.size() + minus_.size() + M_.size() + columns) * sizeof(double);
    }

private:
    /// S^.5 xh of the slot, gathered on first use.
    void column(std::size_t slot) {
        if (!column_[slot].empty()) return;
        column_[slot].resize(n_);
        problem_.design.gather({model_.features()[slot]}, problem_.root_weights(), column_[slot].data(), problem_.team);
    }

    /// K += sum over slots of z z' / l2_0 (lower triangle).
    void sum_up(const std::vector<std::size_t>& slots, std::vector<double>& K) {
        const std::size_t m = slots.size();
        if (m == 0) return;
        rows_.resize(m * n_);
        for (std::size_t f = 0; f < m; ++f) {
            const double scale = 1.0 / std::sqrt(base_[slots[f]]);
            for (std::size_t i = 0; i < n_; ++i) rows_[f * n_ + i] = scale * column_[slots[f]][i];
        }
        packed_.resize(ld_ * m);
        kernels_.f64.pack(rows_.data(), static_cast<std::ptrdiff_t>(n_), 1, nullptr, nullptr, m, n_, packed_.data());
        kernels_.gram(packed_.data(), panels_, m, K.data(), ld_, 0, panels_);
    }

    void factor() {
        if (factored_) return;
        M_.resize(n_ * n_);
        for (std::size_t b = 0; b < n_; ++b) {
            for (std::size_t a = b; a < n_; ++a) M_[a + b * n_] = plus_[a + b * ld_] - minus_[a + b * ld_];
            M_[b + b * n_] += tau_;
        }
        kernels_.cholesky(M_.data(), n_, n_, nullptr);
        factored_ = true;
    }

    /// x := (Z'Z + V)^-1 c, refined until the normal equations hold.
    void solve_for(const std::vector<double>& c, double size, double* x) {
        const std::size_t m = order_.size();
        if (m == 0) return;
        factor();
        pointers_.resize(m);
        for (std::size_t i = 0; i < m; ++i) pointers_[i] = column_[order_[i]].data();
        std::fill(x, x + m, 0.0);
        std::vector<double> rest = c, scaled(m), back(m), t(n_);
        for (int round = 0; round < 4; ++round) {
            for (std::size_t i = 0; i < m; ++i) scaled[i] = rest[i] / base_[order_[i]];
            std::fill(t.begin(), t.end(), 0.0);
            kernels_.f64.accumulate(pointers_.data(), nullptr, m, scaled.data(), 1, 1, n_, t.data(), n_);
            kernels_.solve_lower(M_.data(), n_, n_, t.data());
            kernels_.solve_lower_transposed(M_.data(), n_, n_, t.data());
            kernels_.f64.correlate(pointers_.data(), nullptr, m, t.data(), n_, 1, n_, back.data(), 1);
            for (std::size_t i = 0; i < m; ++i) x[i] += (rest[i] - back[i]) / (tau_ * base_[order_[i]]);
            // What the normal equations still lack.
            std::fill(t.begin(), t.end(), 0.0);
            kernels_.f64.accumulate(pointers_.data(), nullptr, m, x, 1, 1, n_, t.data(), n_);
            kernels_.f64.correlate(pointers_.data(), nullptr, m, t.data(), n_, 1, n_, back.data(), 1);
            double worst = 0;
            for (std::size_t i = 0; i < m; ++i) {
                rest[i] = c[i] - back[i] - tau_ * base_[order_[i]] * x[i];
                worst = std::max(worst, std::abs(rest[i]));
            }
            if (worst <= kAccuracy * size) return;
        }
    }

    GramModel& model_;
    const Problem& problem_;
    std::size_t n_, panels_, ld_;
    const kernels::Kernels& kernels_;
    std::vector<std::vector<double>> column_;   // per slot
    std::vector<double> base_, unit_, target_;  // per slot: l2_0, slope, z'y
    std::vector<double> y_;                     // S^.5 (y - Xh_P w_P)
    std::vector<double> plus_, minus_, M_;      // K = plus - minus; the factor of tau I + K
    std::vector<double> rows_, packed_;         // scratch
    std::vector<const double*> pointers_;
    std::size_t removed_ = 0;
    double tau_ = 1;
    bool factored_ = false;
};

}  // namespace

std::unique_ptr<FreeSystem> make_sample_system(GramModel& model, const Problem& problem) {
    return std::make_unique<SampleSystem>(model, problem);
}

}  // namespace riata
