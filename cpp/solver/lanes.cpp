#include "solver/lanes.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace riata {

namespace {
constexpr int kSupportSweeps = 4;       // over the support after each sweep over all
constexpr double kInner = 0.2;          // of the tolerance: where conjugate gradients stop
constexpr long kMostSteps = 100;        // of conjugate gradients at a time
constexpr double kLeastWeight = 1e-10;  // of the mean: of a row, where weights are those of a model
constexpr double kLeastSquare = 1e-12;  // of what centring starts from
constexpr double kSlowSweeps = 30;      // violation, in tolerances, from which conjugate gradients take over,
constexpr double kSlowModel = 3;        // and where tolerances are those of a model

/// f(place, lane) for all lanes of `count` places.
template <class F>
void for_each(std::size_t count, const F& f) {
    for (std::size_t at = 0; at < count * Lanes::kLanes; at += Lanes::kLanes)
        for (std::size_t k = 0; k < Lanes::kLanes; ++k) f(at + k, k);
}
}  // namespace

Lanes::Lanes(const Problem& problem, Control& control)
    : problem_(problem), control_(control), leaf_(kernels::active()) {}

void Lanes::follow(const std::vector<Index>& features) {
    const std::vector<Index> fresh(features.begin() + static_cast<std::ptrdiff_t>(size()), features.end());
    if (fresh.empty()) return;
    const std::size_t first = size();
    problem_.design.compact(fresh, root(), columns_);
    const Penalty& penalty = problem_.penalty;
    for (Index feature : fresh) {
        const auto j = static_cast<std::size_t>(feature);
        const double norm = problem_.design.moments().norm[j];
        features_.push_back(feature);
        square_.push_back(norm * norm);
        l1_factor_.push_back(penalty.l1_factor[j]);
        l2_factor_.push_back(penalty.l2_factor[j]);
        if (!penalty.bounded()) continue;
        lower_.push_back(penalty.lower[j]);
        upper_.push_back(penalty.upper[j]);
    }
    w_.resize(size() * kLanes, 0.0);
    if (!root_.empty()) weigh_columns(first);
}

void Lanes::reweigh(const std::vector<double>& d, bool centred) {
    const double total = std::accumulate(d.begin(), d.end(), 0.0);
    const double least = kLeastWeight * total / static_cast<double>(d.size());
    const double* s = problem_.weights();
    root_.resize(d.size());
    for (std::size_t i = 0; i < d.size(); ++i) root_[i] = s && s[i] == 0 ? 0.0 : std::sqrt(std::max(d[i], least));
    total_ = centred ? leaf_.dot(root_.data(), root_.data(), root_.size()) : 0.0;
    columns_ = CompactColumns();
    problem_.design.compact(features_, root(), columns_);
    weigh_columns(0);
}

/// Squares, sums and means under d of the columns from `first` on.
void Lanes::weigh_columns(std::size_t first) {
    for (std::size_t j = first; j < size(); ++j) {
        double sum = 0, square = 0;
        for (std::size_t k = columns_.start[j]; k < columns_.start[j + 1]; ++k) {
            const double z = columns_.value[k];
            sum += z * root_[static_cast<std::size_t>(columns_.row[k])];
            square += z * z;
        }
        columns_.sum[j] = sum;
        columns_.rest[j] = total_ > 0 ? sum / total_ : 0.0;
        square_[j] = std::max(square - columns_.rest[j] * sum, kLeastSquare * square);
    }
}

void Lanes::set_residual(std::size_t k, const double* r, const double* s, double scale) {
    const std::size_t n = root_.size();
    r_.resize(n * kLanes);
    for (std::size_t i = 0; i < n; ++i)
        r_[i * kLanes + k] = root_[i] > 0 ? (s ? s[i] : 1.0) * r[i] / (scale * root_[i]) : 0.0;
}

double Lanes::intercept_shift(std::size_t k, const std::vector<double>& w) const {
    double shift = 0;
    for (std::size_t j = 0; j < size(); ++j) shift -= columns_.rest[j] * (w_[j * kLanes + k] - w[j]);
    return shift;
}

void Lanes::set(std::size_t k, const PenaltyAt& penalty, const std::vector<double>& start) {
    l1_scale_[k] = penalty.l1_scale;
    l2_scale_[k] = penalty.l2_scale;
    for (std::size_t j = 0; j < size(); ++j) {
        const double value = j < start.size() ? start[j] : 0.0;
        w(j, k) = lower_.empty() ? value : std::clamp(value, lower_[j], upper_[j]);
    }
}

std::vector<double> Lanes::solution(std::size_t k) const {
    std::vector<double> out(size());
    for (std::size_t j = 0; j < size(); ++j) out[j] = w_[j * kLanes + k];
    return out;
}

bool Lanes::is_free(std::size_t j, std::size_t k) const {
    const double value = w_[j * kLanes + k];
    return value != 0 && (lower_.empty() || (value > lower_[j] && value < upper_[j]));
}

/// Places that are non-zero in any lane.
Lanes::Places Lanes::support() const {
    Places places;
    for (std::size_t j = 0; j < size(); ++j) {
        const double* value = w_.data() + j * kLanes;
        if (std::any_of(value, value + kLanes, [](double v) { return v != 0; })) places.push_back(j);
    }
    return places;
}

/// r_ and offset_ from w_, in float64 and afresh, unless lanes came with theirs.
void Lanes::find_residuals() {
    const std::size_t n = problem_.design.rows();
    const double* root = problem_.root_weights();
    offset_.fill(0.0);
    if (!root_.empty()) return;
    r_.resize(n * kLanes);
    for (std::size_t i = 0; i < n; ++i)
        std::fill_n(r_.data() + i * kLanes, kLanes, problem_.y[i] * (root ? root[i] : 1.0));
    for (std::size_t j : support()) {
        double minus[kLanes];
        for (std::size_t k = 0; k < kLanes; ++k) {
            minus[k] = -w(j, k);
            offset_[k] += w(j, k) * columns_.rest[j];
        }
        const std::size_t begin = columns_.start[j];
        leaf_.f64.accumulate_compressed(columns_.value.data() + begin, columns_.row.data() + begin,
                                        columns_.start[j + 1] - begin, 0.0, minus, kLanes, r_.data());
    }
}

kernels::LaneSweep Lanes::sweep_of(const Places& places) {
    kernels::LaneSweep s{};
    s.x = {columns_.value.data(), columns_.row.data(), columns_.start.data(), nullptr};
    s.order = places.data();
    s.count = places.size();
    s.square = square_.data();
    s.sum = columns_.sum.data();
    s.rest = columns_.rest.data();
    s.l1_factor = l1_factor_.data();
    s.l2_factor = l2_factor_.data();
    s.lower = lower_.empty() ? nullptr : lower_.data();
    s.upper = upper_.empty() ? nullptr : upper_.data();
    s.l1_scale = l1_scale_.data();
    s.l2_scale = l2_scale_.data();
    s.on = on_.data();
    s.floor = problem_.noise();
    s.w = w_.data();
    s.r = r_.data();
    s.offset = offset_.data();
    s.moved = moved_.data();
    return s;
}

/// One sweep; true when no lane moved by more than its tolerance.
bool Lanes::sweep(const Places& places, const Lane& tolerance) {
    if (control_.cancelled()) throw Cancelled{};
    moved_.fill(0.0);
    leaf_.lane_descent(sweep_of(places));
    ++sweeps_;
    for (std::size_t k = 0; k < kLanes; ++k)
        if (on_[k] > 0 && moved_[k] > tolerance[k]) return false;
    return true;
}

long Lanes::solve(std::size_t count, const Lane& tolerance, long max_rounds, long max_passes) {
    sweeps_ = products_ = 0;
    for (std::size_t k = 0; k < kLanes; ++k) {
        on_[k] = k < count ? 1.0 : 0.0;
        if (k >= count)
            for (std::size_t j = 0; j < size(); ++j) w(j, k) = 0;
    }
    find_residuals();
    Places all(size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (long round = 0; round < max_rounds && passes() <= max_passes; ++round) {
        if (sweep(all, tolerance)) break;
        const Places places = support();
        bool settled = false;
        for (int s = 0; s < kSupportSweeps && !settled; ++s) settled = sweep(places, tolerance);
        double worst = 0;
        for (std::size_t k = 0; k < count; ++k) worst = std::max(worst, moved_[k] / tolerance[k]);
        if (!settled && worst > (root_.empty() ? kSlowSweeps : kSlowModel)) solve_on_support(places, tolerance);
    }
    return sweeps_;
}

/// v_ := X p less a constant: (v_ + constant root_s) is S^.5 Xh p.
void Lanes::multiply(const Places& places, const std::vector<double>& p, Lane& constant) {
    v_.resize(r_.size());
    std::fill(v_.begin(), v_.end(), 0.0);
    constant.fill(0.0);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t j = places[i], begin = columns_.start[j];
        for (std::size_t k = 0; k < kLanes; ++k) constant[k] -= p[i * kLanes + k] * columns_.rest[j];
        leaf_.f64.accumulate_compressed(columns_.value.data() + begin, columns_.row.data() + begin,
                                        columns_.start[j + 1] - begin, 0.0, p.data() + i * kLanes, kLanes, v_.data());
    }
}

/// out := (Xh'S Xh + l2) p on the places, zero where a lane is not free.
void Lanes::apply_hessian(const Places& places, const std::vector<double>& p, std::vector<double>& out) {
    Lane constant;
    multiply(places, p, constant);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t j = places[i], begin = columns_.start[j];
        double dots[kLanes];
        leaf_.f64.dot_compressed(columns_.value.data() + begin, columns_.row.data() + begin,
                                 columns_.start[j + 1] - begin, v_.data(), dots);
        for (std::size_t k = 0; k < kLanes; ++k) {
            const std::size_t at = i * kLanes + k;
            const double value = dots[k] + constant[k] * columns_.sum[j] + l2_scale_[k] * l2_factor_[j] * p[at];
            out[at] = inverse_[at] > 0 ? value : 0.0;
        }
    }
}

/// gradient_ := Xh'S r - l1 sign(w) - l2 w on free places, inverse_ one over the diagonal there, and unit_ one over l1.
void Lanes::set_gradient(const Places& places) {
    for (auto* v : {&gradient_, &step_, &direction_, &image_, &inverse_, &unit_})
        v->assign(places.size() * kLanes, 0.0);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t j = places[i], begin = columns_.start[j];
        double dots[kLanes];
        leaf_.f64.dot_compressed(columns_.value.data() + begin, columns_.row.data() + begin,
                                 columns_.start[j + 1] - begin, r_.data(), dots);
        for (std::size_t k = 0; k < kLanes; ++k) {
            if (on_[k] == 0 || !is_free(j, k)) continue;
            const std::size_t at = i * kLanes + k;
            const double l2 = l2_scale_[k] * l2_factor_[j], value = w(j, k);
            const double l1 = l1_scale_[k] * l1_factor_[j];
            inverse_[at] = square_[j] + l2 > 0 ? 1 / (square_[j] + l2) : 0.0;
            unit_[at] = 1 / (l1 + problem_.noise());
            gradient_[at] = dots[k] + offset_[k] * columns_.sum[j] - std::copysign(l1, value) - l2 * value;
        }
    }
}

/// step_ := approximate solution of H step = gradient, with the diagonal as preconditioner; gradient_ becomes what is left.
void Lanes::conjugate_gradients(const Places& places, const Lane& tolerance) {
    const std::size_t m = places.size();
    Lane rho{}, running = on_;
    for_each(m, [&](std::size_t at, std::size_t k) {
        direction_[at] = gradient_[at] * inverse_[at];
        rho[k] += gradient_[at] * direction_[at];
    });
    for (long steps = 0; steps < cg_steps_; ++steps) {
        if (control_.cancelled()) throw Cancelled{};
        Lane worst{};
        for_each(m, [&](std::size_t at, std::size_t k) {
            worst[k] = std::max(worst[k], std::abs(gradient_[at]) * unit_[at]);
        });
        bool any = false;
        for (std::size_t k = 0; k < kLanes; ++k) {
            if (worst[k] <= kInner * tolerance[k] || !(rho[k] > 0)) running[k] = 0;
            any = any || running[k] > 0;
        }
        if (!any) return;
        apply_hessian(places, direction_, image_);
        ++products_;
        Lane bend{}, length{}, next{}, kept{};
        for_each(m, [&](std::size_t at, std::size_t k) { bend[k] += direction_[at] * image_[at]; });
        for (std::size_t k = 0; k < kLanes; ++k) length[k] = running[k] > 0 && bend[k] > 0 ? rho[k] / bend[k] : 0.0;
        for_each(m, [&](std::size_t at, std::size_t k) {
            step_[at] += length[k] * direction_[at];
            gradient_[at] -= length[k] * image_[at];
            next[k] += gradient_[at] * gradient_[at] * inverse_[at];
        });
        for (std::size_t k = 0; k < kLanes; ++k) kept[k] = running[k] > 0 ? next[k] / rho[k] : 0.0;
        for_each(m, [&](std::size_t at, std::size_t k) {
            direction_[at] = gradient_[at] * inverse_[at] + kept[k] * direction_[at];
        });
        rho = next;
    }
}

/// Moves along (projection of w + step) - w by an exact line search: on the way no sign changes, so that the objective is
/// a parabola. True when a lane was cut short.
bool Lanes::step_to_projection(const Places& places) {
    Lane slope{}, bend{}, length{};
    bool cut = false;
    std::vector<double>& e = direction_;
    for (std::size_t i = 0; i < places.size(); ++i)
        for (std::size_t k = 0; k < kLanes; ++k) {
            const std::size_t at = i * kLanes + k, j = places[i];
            const double from = w(j, k);
            double to = from + step_[at];
            if (to * from < 0) to = 0, cut = true;
            if (!lower_.empty() && step_[at] != 0) to = std::clamp(to, lower_[j], upper_[j]);
            e[at] = to - from;
            slope[k] += e[at] * image_[at];  // image_ holds the gradient at w
            bend[k] += l2_scale_[k] * l2_factor_[j] * e[at] * e[at];
        }
    Lane constant;
    multiply(places, e, constant);
    const std::size_t n = problem_.design.rows();
    const double* root = this->root();
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < kLanes; ++k) {
            const double v = v_[i * kLanes + k] + constant[k] * (root ? root[i] : 1.0);
            bend[k] += v * v;
        }
    for (std::size_t k = 0; k < kLanes; ++k) {
        length[k] = bend[k] > 0 ? std::clamp(slope[k] / bend[k], 0.0, 1.0) : 0.0;
        offset_[k] -= length[k] * constant[k];
    }
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < kLanes; ++k) r_[i * kLanes + k] -= length[k] * v_[i * kLanes + k];
    for (std::size_t i = 0; i < places.size(); ++i)
        for (std::size_t k = 0; k < kLanes; ++k) {
            double& value = w(places[i], k);
            const double from = value, move = e[i * kLanes + k];
            value = length[k] == 1.0 && from + move == 0 ? 0.0 : from + length[k] * move;
        }
    return cut;
}

void Lanes::solve_on_support(const Places& places, const Lane& tolerance) {
    set_gradient(places);
    const std::vector<double> at_w = gradient_;
    conjugate_gradients(places, tolerance);
    image_ = at_w;
    const bool cut = step_to_projection(places);
    cg_steps_ = cut ? std::max<long>(10, cg_steps_ / 2) : std::min(kMostSteps, 2 * cg_steps_);
}

}  // namespace riata
