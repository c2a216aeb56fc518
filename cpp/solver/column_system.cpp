// The free system on the columns themselves, for columns so nearly dependent that their Gram matrix, which has the square of
// their condition, cannot tell them apart. With G = Z'Z, q = Z't and V = diag(l2) it keeps the factors
//
//     [Z_A; V^.5] = Q R,     Q'Q = I,
//
// so that w_A = R^-1 (Q't - slope R^-T unit), and t - Z_A w_A is taken from Q, where nothing large cancels. Columns enter
// by Gram-Schmidt, repeated until they are orthogonal to rounding, and leave by rotations.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "solver/free_system.hpp"

namespace riata {

namespace {

constexpr double kDependent = 2e-11;  // of a column with its mean: what is left of one that depends on the others
constexpr double kKept = 0.7;         // of a column, by a projection after which it is orthogonal to rounding
constexpr int kProjections = 6;
constexpr std::size_t kPanel = 8;  // columns that meet the others together

class ColumnSystem final : public FreeSystem {
public:
    ColumnSystem(GramModel& model, const Problem& problem)
        : model_(model), problem_(problem), n_(model.rows()), kernels_(kernels::active()) {
        clear();
    }

    std::vector<std::size_t> set_curvature(const std::vector<double>& l2) override {
        bool changed = false;
        for (std::size_t slot : order_) changed = changed || l2[slot] != l2_[slot];
        l2_ = l2;
        if (!changed) return {};
        const auto members = order_;
        std::vector<double> unit = unit_;
        drop_members();
        return add(members, unit);
    }

    std::vector<std::size_t> add(const std::vector<std::size_t>& slots, const std::vector<double>& unit) override {
        std::vector<std::size_t> refused;
        reserve(order_.size() + slots.size());
        for (std::size_t begin = 0; begin < slots.size(); begin += kPanel) {
            const std::size_t m = std::min(kPanel, slots.size() - begin);
            const std::vector<std::size_t> some(slots.begin() + static_cast<std::ptrdiff_t>(begin),
                                                slots.begin() + static_cast<std::ptrdiff_t>(begin + m));
            append(some, unit.data() + begin, refused);
        }
        return refused;
    }

    void remove(const std::vector<std::size_t>& positions) override {
        for (auto it = positions.rbegin(); it != positions.rend(); ++it) remove(*it);
        stale_ = stale_ || !positions.empty();
    }

    void shift_pinned(std::size_t slot, double delta) override {
        std::vector<double> z(n_);
        model_.root_columns({slot}, z.data());
        kernels_.axpy(-delta, z.data(), target_.data(), n_);
        stale_ = true;
    }

    void refresh() override {}

    void solve(double slope_scale, double* w) override {
        const std::size_t m = order_.size();
        project_target();
        std::vector<double> slope = unit_;
        kernels_.solve_lower(L_.data(), capacity_, m, slope.data());
        for (std::size_t i = 0; i < m; ++i) w[i] = along_[i] - slope_scale * slope[i];
        kernels_.solve_lower_transposed(L_.data(), capacity_, m, w);
        residual_ = beside_;
        for (double& s : slope) s *= slope_scale;
        combine(m, slope.data(), residual_.data());
    }

    void regress(std::size_t slot, double* d) override {
        std::vector<double> z(ld_, 0.0);
        model_.root_columns({slot}, z.data());
        correlate(order_.size(), z.data(), 1, d);
        kernels_.solve_lower_transposed(L_.data(), capacity_, order_.size(), d);
    }

    /// Of the solution last solved for.
    void gradient(const double*, const std::vector<std::size_t>& slots, double* g) override {
        model_.root_correlate(slots, residual_.data(), g);
    }

    const double* residual() const override { return residual_.data(); }

    void clear() override {
        drop_members();
        target_.resize(n_);
        model_.root_target(target_.data());
        residual_ = target_;
    }

    std::size_t bytes() const override { return (Q_.capacity() + L_.capacity()) * sizeof(double); }

private:
    void drop_members() {
        order_.clear();
        unit_.clear();
        ridge_row_.clear();
        free_rows_.clear();
        for (std::size_t row = capacity_; row-- > 0;) free_rows_.push_back(row);
        stale_ = true;
    }

    /// Makes room for `members` in all: columns of Q with n_ rows and one for each member's V^.5, columns of L = R'.
    void reserve(std::size_t members) {
        if (members <= capacity_) return;
        const std::size_t capacity = std::max<std::size_t>({members, capacity_ + capacity_ / 2, 32}), m = order_.size();
        const std::size_t ld = n_ + capacity;
        std::vector<double> Q(ld * capacity, 0.0), L(capacity * capacity, 0.0);
        for (std::size_t j = 0; j < m; ++j) {
            std::copy_n(Q_.data() + j * ld_, ld_, Q.data() + j * ld);
            std::copy_n(L_.data() + j * capacity_, m, L.data() + j * capacity);
        }
        for (std::size_t row = capacity; row-- > capacity_;) free_rows_.insert(free_rows_.begin(), row);
        Q_.swap(Q);
        L_.swap(L);
        capacity_ = capacity;
        ld_ = ld;
        stale_ = true;
    }

    double* column(std::size_t j) { return Q_.data() + j * ld_; }

    /// out[i*K + k] = q_i' v_k for the first m columns of Q.
    void correlate(std::size_t m, const double* v, std::size_t K, double* out) {
        point_at(m);
        kernels_.f64.correlate(pointers_.data(), nullptr, m, v, ld_, K, ld_, out, K);
    }
    /// v += sum_i c_i q_i.
    void combine(std::size_t m, const double* c, double* v) {
        point_at(m);
        kernels_.f64.accumulate(pointers_.data(), nullptr, m, c, 1, 1, ld_, v, ld_);
    }
    void point_at(std::size_t m) {
        pointers_.resize(m);
        for (std::size_t j = 0; j < m; ++j) pointers_[j] = column(j);
    }

    /// v loses its part along the first m columns of Q, which `along` gains.
    void project(std::size_t m, double* v, double* along) {
        std::vector<double> c(m);
        correlate(m, v, 1, c.data());
        for (std::size_t i = 0; i < m; ++i) along[i] += c[i], c[i] = -c[i];
        combine(m, c.data(), v);
    }

    double length(const double* v) const { return std::sqrt(kernels_.dot(v, v, ld_)); }

    /// At most kPanel columns: first they lose what lies along the others together, then one after the other.
    void append(const std::vector<std::size_t>& slots, const double* unit, std::vector<std::size_t>& refused) {
        const std::size_t K = slots.size(), m = order_.size();
        std::vector<double> z(K * n_), panel(K * ld_, 0.0), c(m * K);
        model_.root_columns(slots, z.data());
        std::vector<double> whole(K);
        for (std::size_t k = 0; k < K; ++k) {
            double* v = panel.data() + k * ld_;
            std::copy_n(z.data() + k * n_, n_, v);
            v[n_ + free_rows_[free_rows_.size() - 1 - k]] = std::sqrt(l2_[slots[k]]);
            whole[k] = length(v);
        }
        correlate(m, panel.data(), K, c.data());
        for (double& value : c) value = -value;
        point_at(m);
        kernels_.f64.accumulate(pointers_.data(), nullptr, m, c.data(), K, K, ld_, panel.data(), ld_);
        std::vector<std::size_t> unused;
        std::vector<std::size_t> rows(free_rows_.rbegin(), free_rows_.rbegin() + static_cast<std::ptrdiff_t>(K));
        free_rows_.resize(free_rows_.size() - K);
        for (std::size_t k = 0; k < K; ++k) {
            std::vector<double> along(order_.size(), 0.0);
            for (std::size_t i = 0; i < m; ++i) along[i] = -c[i * K + k];
            if (enter(panel.data() + k * ld_, whole[k], least_of(slots[k]), along)) {
                order_.push_back(slots[k]);
                unit_.push_back(unit[k]);
                ridge_row_.push_back(rows[k]);
            } else {
                refused.push_back(slots[k]);
                free_rows_.push_back(rows[k]);
            }
        }
        stale_ = true;
    }

    /// What has to be left of a column. Predictions from coefficients and an intercept in the caller's units are right to
    /// rounding of |x| |w|, and w is as large as what is left is small.
    double least_of(std::size_t slot) const {
        const auto j = static_cast<std::size_t>(model_.features()[slot]);
        const Moments& moments = problem_.design.moments();
        const double norm = moments.norm[j] / std::sqrt(problem_.weight);
        return kDependent * (norm + std::abs(moments.mean[j]) * moments.scale[j]) * model_.root_size();
    }

    /// Makes v, of which `along` has been taken off, the next column. False where no more than `least` of it is left.
    bool enter(double* v, double whole, double least, std::vector<double>& along) {
        const std::size_t m = along.size();
        double left = whole;
        for (int round = 0; round < kProjections; ++round) {
            project(m, v, along.data());
            const double now = length(v);
            if (!(now > least)) return false;
            const bool done = now > kKept * left;
            left = now;
            if (done) break;
        }
        double* q = column(m);
        for (std::size_t i = 0; i < ld_; ++i) q[i] = v[i] / left;
        for (std::size_t i = 0; i < m; ++i) L_[i * capacity_ + m] = along[i];
        L_[m * capacity_ + m] = left;
        return true;
    }

    void remove(std::size_t k) {
        // As in Cholesky::remove; the columns of Q rotate along.
        const std::size_t m = order_.size();
        std::vector<double> v(L_.data() + k * capacity_, L_.data() + k * capacity_ + m),
            gone(column(k), column(k) + ld_);
        for (std::size_t j = k + 1; j < m; ++j) {
            const double* from = L_.data() + j * capacity_ + j;
            double* to = L_.data() + (j - 1) * capacity_ + (j - 1);
            const double r = std::hypot(from[0], v[j]), cs = from[0] / r, sn = v[j] / r;
            kernels_.rotate(from, v.data() + j, to, cs, sn, m - j);
            kernels_.rotate(column(j), gone.data(), column(j - 1), cs, sn, ld_);
        }
        for (std::size_t j = 0; j < k; ++j) {
            double* column = L_.data() + j * capacity_;
            std::copy(column + k + 1, column + m, column + k);
        }
        const auto at = static_cast<std::ptrdiff_t>(k);
        free_rows_.push_back(ridge_row_[k]);
        order_.erase(order_.begin() + at);
        unit_.erase(unit_.begin() + at);
        ridge_row_.erase(ridge_row_.begin() + at);
    }

    /// The target's part along Q, and what is beside it.
    void project_target() {
        if (!stale_ && beside_.size() == ld_) return;
        const std::size_t m = order_.size();
        beside_.assign(ld_, 0.0);
        std::copy(target_.begin(), target_.end(), beside_.begin());
        along_.assign(m, 0.0);
        project(m, beside_.data(), along_.data());
        project(m, beside_.data(), along_.data());
        stale_ = false;
    }

    GramModel& model_;
    const Problem& problem_;
    const std::size_t n_;
    const kernels::Kernels& kernels_;
    std::size_t capacity_ = 0, ld_ = n_;
    std::vector<double> Q_, L_;           // ld_ x capacity_; L = R', capacity_ x capacity_
    std::vector<double> l2_;              // per slot
    std::vector<double> unit_;            // per member
    std::vector<std::size_t> ridge_row_;  // per member: the row below the n_ others that has its V^.5
    std::vector<std::size_t> free_rows_;  // of those
    std::vector<double> target_;          // t - Z_P w_P
    std::vector<double> along_, beside_;  // Q't, and t - Q Q't
    std::vector<double> residual_;        // t - Z w of the last solution
    std::vector<const double*> pointers_;
    bool stale_ = true;  // along_ and beside_ are of other members or another target
};

}  // namespace

std::unique_ptr<FreeSystem> make_column_system(GramModel& model, const Problem& problem) {
    return std::make_unique<ColumnSystem>(model, problem);
}

}  // namespace riata
