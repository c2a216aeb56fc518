#include "solver/reference_bounds.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "kernels/sum_of.hpp"

namespace riata {

namespace {
constexpr double kEntriesPerReference = 8;  // of X, per row
constexpr double kRounding = 1e-15;         // of a squared norm put together from inner products
constexpr double kPeakRounding = 1e-12;     // of a correlation, in norms of residuals
}  // namespace

Combination combine(double rr, double ry, double rt, double tt, double ty, double yy) {
    // Normal equations of r on (t, y); a reference that is nearly a multiple of y is not used beside it.
    double c1 = 0, c2 = 0;
    const double det = tt * yy - ty * ty;
    if (det > 1e-10 * tt * yy) {
        c1 = (rt * yy - ry * ty) / det;
        c2 = (ry * tt - rt * ty) / det;
    } else if (tt > 0) {
        c1 = rt / tt;
    }
    const double size = rr + c1 * c1 * tt + c2 * c2 * yy;
    const double rest = size - 2 * (c1 * rt + c2 * ry - c1 * c2 * ty);
    return {c1, c2, std::sqrt(std::max(0.0, rest) + kRounding * size), std::sqrt(size)};
}

ReferenceBounds::ReferenceBounds(const Design& design, const double* s, const double* y, const std::vector<double>& xty)
    : design_(design), rows_(design.rows()),
      kept_(std::clamp<std::size_t>(
          static_cast<std::size_t>(design.entries() / kEntriesPerReference / static_cast<double>(rows_)), 2,
          kMostKept)),
      s_(s), y_(y), xty_(xty), norm_(design.moments().norm), yy_(inner(y, y)), reference_(xty.size(), -1),
      exact_(xty.size(), 0.0) {}

void ReferenceBounds::size_columns(Team& team) {
    size_ = design_.sizes(team);
    if (size_.empty()) return;
    if (s_) {
        sy_.resize(rows_);
        for (std::size_t i = 0; i < rows_; ++i) sy_[i] = s_[i] * y_[i];
    }
    const double heaviest = s_ ? *std::max_element(s_, s_ + rows_) : 1.0;
    const double weight = s_ ? sum_of(rows_, [&](std::size_t i) { return s_[i]; }) : static_cast<double>(rows_);
    const auto& mean = design_.moments().mean;
    if (std::any_of(mean.begin(), mean.end(), [](double m) { return m != 0; })) largest_share_ = heaviest / weight;
    y_sum_ = sum_of(rows_, [&](std::size_t i) { return weighted_y()[i]; });
    peak_rounding_ = kPeakRounding * std::sqrt(std::max(heaviest, 1.0));
}

double ReferenceBounds::inner(const double* a, const double* b) const {
    if (!s_) return kernels::active().dot(a, b, rows_);
    return sum_of(rows_, [&](std::size_t i) { return s_[i] * a[i] * b[i]; });
}

/// Row t, of reference t - 1, or of y alone. Means of centred columns meet the sum of what is left over: they are at most
/// the sum of the column's sizes times the largest share of a row in the weights.
void ReferenceBounds::set(std::size_t t, const Combination* c, const Panel& u, const double* scales) {
    Row& row = table_[t];
    double of_reference[kWidest] = {}, of_y[kWidest] = {};
    for (std::size_t k = 0; k < u.count(); ++k) {
        of_reference[k] = c[k].of_reference;
        of_y[k] = c[k].of_y;
        row.of_reference[k] = of_reference[k] / scales[k];
        row.of_y[k] = of_y[k] / scales[k];
        row.rest[k] = c[k].rest / scales[k];
    }
    if (size_.empty()) return;
    u.peaks(t > 0 ? stored_[t - 1].data() : nullptr, of_reference, weighted_y(), of_y, row.peak);
    for (std::size_t k = 0; k < u.count(); ++k) {
        const double t_sum = t > 0 ? t_sum_[t - 1] : 0.0;
        const double sum = std::abs(u.sums()[k] - of_reference[k] * t_sum - of_y[k] * y_sum_);
        row.peak[k] = (row.peak[k] + largest_share_ * sum + peak_rounding_ * c[k].size) / scales[k];
    }
}

void ReferenceBounds::look_at(const Panel& r, const Panel& u, const std::vector<double>& rr,
                              const std::vector<double>& ry, const double* scales, Team& team) {
    if (table_.empty()) size_columns(team);
    table_.assign(kept_ + 1, Row{});
    Combination c[kWidest];
    for (std::size_t k = 0; k < r.count(); ++k) {
        const double alone = yy_ > 0 ? ry[k] / yy_ : 0.0, size = rr[k] + alone * alone * yy_;
        c[k] = {0.0, alone, std::sqrt(std::max(0.0, rr[k] - alone * ry[k]) + kRounding * size), std::sqrt(size)};
    }
    set(0, c, u, scales);
    for (std::size_t t = 0; t < stored_.size(); ++t) {
        double rt[kWidest];
        r.products(stored_[t].data(), rt);
        for (std::size_t k = 0; k < r.count(); ++k) c[k] = combine(rr[k], ry[k], rt[k], tt_[t], ty_[t], yy_);
        set(t + 1, c, u, scales);
    }
}

void ReferenceBounds::unsettled(const std::vector<Index>& list, const std::vector<double>& factor,
                                std::vector<Index>& out) const {
    static_assert(sizeof(Row) == 4 * kWidest * sizeof(double));
    const kernels::BoundTable table{table_[0].of_reference, reference_.data(),
                                    exact_.data(),          xty_.data(),
                                    norm_.data(),           size_.empty() ? nullptr : size_.data()};
    out.resize(list.size() + 1);
    out.resize(kernels::active().unsettled(list.data(), list.size(), table, factor.data(), out.data()));
}

void ReferenceBounds::store(const Panel& r, std::size_t k) {
    if (stored_.size() < kept_) {
        newest_ = stored_.size();
        stored_.emplace_back();
        tt_.push_back(0);
        ty_.push_back(0);
        t_sum_.push_back(0);
    } else {
        newest_ = (newest_ + 1) % kept_;
        for (int& reference : reference_)
            if (reference == static_cast<int>(newest_)) reference = -1;
    }
    auto& kept = stored_[newest_];
    kept.resize(rows_);
    r.copy(k, kept.data());
    tt_[newest_] = inner(kept.data(), kept.data());
    ty_[newest_] = inner(kept.data(), y_);
    t_sum_[newest_] = r.sums()[k];
    if (s_)
        for (std::size_t i = 0; i < rows_; ++i) kept[i] *= s_[i];
}

}  // namespace riata
