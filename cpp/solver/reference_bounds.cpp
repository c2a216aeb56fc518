#include "solver/reference_bounds.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "kernels/sum_of.hpp"

namespace riata {

namespace {
constexpr double kEntriesPerReference = 8;  // of X, per row
constexpr double kRounding = 1e-15;         // of a squared norm put together from inner products
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
    return {c1, c2, std::sqrt(std::max(0.0, rest) + kRounding * size)};
}

ReferenceBounds::ReferenceBounds(std::size_t rows, double entries, const double* s, const double* y,
                                 const std::vector<double>& xty, const std::vector<double>& norm)
    : rows_(rows),
      kept_(std::clamp<std::size_t>(
          static_cast<std::size_t>(entries / kEntriesPerReference / static_cast<double>(rows)), 2, kMostKept)),
      s_(s), y_(y), xty_(xty), norm_(norm), yy_(inner(y, y)), reference_(xty.size(), -1), exact_(xty.size(), 0.0) {}

double ReferenceBounds::inner(const double* a, const double* b) const {
    if (!s_) return kernels::active().dot(a, b, rows_);
    return sum_of(rows_, [&](std::size_t i) { return s_[i] * a[i] * b[i]; });
}

void ReferenceBounds::look_at(const Panel& r, const std::vector<double>& rr, const std::vector<double>& ry,
                              const double* scales) {
    table_.assign(kept_ + 1, Row{});
    for (std::size_t k = 0; k < r.count(); ++k) {
        const double alone = yy_ > 0 ? ry[k] / yy_ : 0.0;
        const double rest = std::max(0.0, rr[k] - alone * ry[k]) + kRounding * (rr[k] + alone * alone * yy_);
        table_[0].set(k, {0.0, alone, std::sqrt(rest)}, scales[k]);
    }
    for (std::size_t t = 0; t < stored_.size(); ++t) {
        double rt[kWidest];
        r.products(stored_[t].data(), rt);
        for (std::size_t k = 0; k < r.count(); ++k)
            table_[t + 1].set(k, combine(rr[k], ry[k], rt[k], tt_[t], ty_[t], yy_), scales[k]);
    }
}

void ReferenceBounds::unsettled(const std::vector<Index>& list, const std::vector<double>& factor,
                                std::vector<Index>& out) const {
    static_assert(sizeof(Row) == 3 * kWidest * sizeof(double));
    const kernels::BoundTable table{table_[0].of_reference, reference_.data(), exact_.data(), xty_.data(),
                                    norm_.data()};
    out.resize(list.size() + 1);
    out.resize(kernels::active().unsettled(list.data(), list.size(), table, factor.data(), out.data()));
}

void ReferenceBounds::store(const Panel& r, std::size_t k) {
    if (stored_.size() < kept_) {
        newest_ = stored_.size();
        stored_.emplace_back();
        tt_.push_back(0);
        ty_.push_back(0);
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
    if (s_)
        for (std::size_t i = 0; i < rows_; ++i) kept[i] *= s_[i];
}

}  // namespace riata
