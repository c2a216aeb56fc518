#include <algorithm>

#include "solver/cholesky.hpp"
#include "solver/free_system.hpp"

namespace riata {

namespace {

// Pivots, relative to the diagonal, below which a column counts as dependent. A penalised one can stay out at no loss; an
// unpenalised one has to explain what it can, with the help of the defect correction.
constexpr double kPivot = 1e-11, kPivotUnpenalised = 1e-12;

class GramSystem final : public FreeSystem {
public:
    explicit GramSystem(GramModel& model) : model_(model), factor_(2) {}

    std::vector<std::size_t> set_curvature(const std::vector<double>& l2) override {
        bool changed = false;
        for (std::size_t slot : order_) changed = changed || l2[slot] != l2_[slot];
        l2_ = l2;
        sync();
        if (!changed) return {};
        const auto members = order_;
        std::vector<double> unit(members.size());
        for (std::size_t i = 0; i < members.size(); ++i) unit[i] = unit_[members[i]];
        factor_.clear();
        order_.clear();
        return add(members, unit);
    }

    std::vector<std::size_t> add(const std::vector<std::size_t>& slots, const std::vector<double>& unit) override {
        sync();
        admit(slots);
        std::vector<std::size_t> refused, waiting = slots;
        for (std::size_t i = 0; i < slots.size(); ++i) unit_[slots[i]] = unit[i];
        while (!waiting.empty()) {
            const std::size_t added = append(waiting);
            order_.insert(order_.end(), waiting.begin(), waiting.begin() + added);
            std::size_t gone = added;
            if (added < waiting.size()) refused.push_back(waiting[gone++]);
            waiting.erase(waiting.begin(), waiting.begin() + gone);
        }
        return refused;
    }

    void remove(const std::vector<std::size_t>& positions) override {
        factor_.remove(positions);
        for (auto it = positions.rbegin(); it != positions.rend(); ++it) order_.erase(order_.begin() + *it);
    }

    void shift_pinned(std::size_t slot, double delta) override {
        sync();
        model_.admit({slot});
        pull(slot, delta);
        pinned_[slot] += delta;
        stale_ = true;
    }

    void refresh() override {
        target_.clear();
        settled_.assign(settled_.size(), 0);
        sync();
        admit(order_);
        stale_ = true;
    }

    void solve(double slope_scale, double* w) override {
        if (stale_) {
            std::vector<double> b(order_.size());
            for (std::size_t i = 0; i < b.size(); ++i) b[i] = target_[order_[i]];
            factor_.restart(0, b.data());
            stale_ = false;
        }
        const auto &zq = factor_.forward(0), &zs = factor_.forward(1);
        for (std::size_t i = 0; i < order_.size(); ++i) w[i] = zq[i] - slope_scale * zs[i];
        factor_.back(w);
    }

    void regress(std::size_t slot, double* d) override {
        model_.admit({slot});
        for (std::size_t i = 0; i < order_.size(); ++i) d[i] = model_(order_[i], slot);
        factor_.front(d);
        factor_.back(d);
    }

    void gradient(const double* w, const std::vector<std::size_t>& slots, double* g) override {
        model_.gradient(w, slots, g);
    }

    void clear() override {
        factor_.clear();
        order_.clear();
        std::fill(pinned_.begin(), pinned_.end(), 0.0);
        refresh();
        stale_ = false;
    }

    std::size_t bytes() const override { return factor_.bytes(); }

private:
    /// Follows the model's growth.
    void sync() {
        const std::size_t m = model_.size();
        unit_.resize(m);
        l2_.resize(m);
        pinned_.resize(m);
        target_.insert(target_.end(), model_.q().begin() + static_cast<std::ptrdiff_t>(target_.size()),
                       model_.q().end());
        settled_.resize(m, 0);
    }

    /// Makes slots members, whose targets then know of what is pinned away from zero.
    void admit(const std::vector<std::size_t>& slots) {
        model_.admit(slots);
        std::vector<std::size_t> away;
        for (std::size_t slot = 0; slot < pinned_.size(); ++slot)
            if (pinned_[slot] != 0) away.push_back(slot);
        for (std::size_t slot : slots) {
            if (settled_[slot]) continue;
            settled_[slot] = 1;
            target_[slot] = model_.q()[slot];
            for (std::size_t other : away) target_[slot] -= model_(slot, other) * pinned_[other];
        }
    }

    /// The targets of settled members follow a move of a pinned slot.
    void pull(std::size_t pinned, double delta) {
        for (std::size_t slot : model_.member())
            if (settled_[slot]) target_[slot] -= model_(slot, pinned) * delta;
    }

    std::size_t append(const std::vector<std::size_t>& slots) {
        const std::size_t n = order_.size(), K = slots.size();
        std::vector<double> cross(n * K), square(K * K), floor(K), target(K), unit(K);
        for (std::size_t k = 0; k < K; ++k) {
            const double* column = model_.column(slots[k]);
            for (std::size_t i = 0; i < n; ++i) cross[i + k * n] = column[model_.position(order_[i])];
            for (std::size_t a = k; a < K; ++a) square[a + k * K] = column[model_.position(slots[a])];
            square[k + k * K] += l2_[slots[k]];
            floor[k] = (unit_[slots[k]] == 0 ? kPivotUnpenalised : kPivot) * square[k + k * K];
            target[k] = target_[slots[k]];
            unit[k] = unit_[slots[k]];
        }
        if (stale_) {
            std::vector<double> b(n);
            for (std::size_t i = 0; i < n; ++i) b[i] = target_[order_[i]];
            factor_.restart(0, b.data());
            stale_ = false;
        }
        return factor_.append(K, cross.data(), n, square.data(), floor.data(), {target.data(), unit.data()});
    }

    GramModel& model_;
    Cholesky factor_;  // carries z for the target (0) and the unit slopes (1)
    std::vector<double> unit_, l2_, pinned_;
    std::vector<double> target_;  // q - G_P w_P, for the settled slots
    std::vector<char> settled_;   // the target knows of the pinned slots
    bool stale_ = false;          // the target changed under the factor's forward solution
};

}  // namespace

std::unique_ptr<FreeSystem> make_gram_system(GramModel& model) { return std::make_unique<GramSystem>(model); }

}  // namespace riata
