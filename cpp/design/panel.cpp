#include "design/panel.hpp"

#include <algorithm>
#include <vector>

#include "kernels/kernels.hpp"
#include "kernels/sum_of.hpp"

namespace riata {

namespace {
constexpr std::size_t kRowBlock = 16384;  // rows per unit of parallel work, and per partial sum
}  // namespace

void Panel::shape(std::size_t rows, std::size_t count, bool interleaved) {
    rows_ = rows;
    count_ = count;
    interleaved_ = interleaved;
    values_.resize(rows * (interleaved ? kLanes : count));
}

void Panel::fill(const double* y, const double* constant, Team& team) {
    double c[kLanes] = {};
    if (constant) std::copy_n(constant, count_, c);
    team.for_blocks(rows_, kRowBlock, [&](std::size_t b, std::size_t e) {
        if (interleaved_)
            for (std::size_t i = b; i < e; ++i)
                for (std::size_t k = 0; k < kLanes; ++k) values_[i * kLanes + k] = y[i] + c[k];
        else
            for (std::size_t k = 0; k < count_; ++k)
                for (std::size_t i = b; i < e; ++i) values_[k * rows_ + i] = y[i] + c[k];
    });
}

void Panel::shift(const double* constant, Team& team) {
    team.for_blocks(rows_, kRowBlock, [&](std::size_t b, std::size_t e) {
        for (std::size_t k = 0; k < count_; ++k)
            for (std::size_t i = b; i < e; ++i) values_[interleaved_ ? i * kLanes + k : k * rows_ + i] -= constant[k];
    });
}

/// sums_ from those that f(begin, end, its sums) finds for blocks of rows.
template <class F>
void Panel::set_sums(Team& team, const F& f) {
    std::vector<double> part((rows_ + kRowBlock - 1) / kRowBlock * kLanes);
    team.for_blocks(rows_, kRowBlock,
                    [&](std::size_t b, std::size_t e) { f(b, e, part.data() + b / kRowBlock * kLanes); });
    std::fill_n(sums_, kLanes, 0.0);
    for (std::size_t at = 0; at < part.size(); ++at) sums_[at % kLanes] += part[at];
}

void Panel::weigh(const Panel& other, const double* s, Team& team) {
    shape(other.rows_, other.count_, other.interleaved_);
    const double* from = other.data();
    set_sums(team, [&](std::size_t b, std::size_t e, double* sums) {
        if (interleaved_)
            for (std::size_t i = b; i < e; ++i)
                for (std::size_t k = 0; k < kLanes; ++k) {
                    const std::size_t at = i * kLanes + k;
                    sums[k] += values_[at] = s[i] * from[at];
                }
        else
            for (std::size_t k = 0; k < count_; ++k) {
                double* to = values_.data() + k * rows_;
                const double* source = from + k * rows_;
                sums[k] = sum_of(e - b, [=](std::size_t i) { return to[b + i] = s[b + i] * source[b + i]; });
            }
    });
}

void Panel::measure(const double* s, const double* y, double* squares, double* product, Team& team) {
    const auto& leaf = kernels::active();
    const std::size_t blocks = (rows_ + kRowBlock - 1) / kRowBlock;
    std::vector<double> part(blocks * 3 * kLanes);
    team.for_blocks(rows_, kRowBlock, [&](std::size_t b, std::size_t e) {
        double* out = part.data() + b / kRowBlock * 3 * kLanes;
        const double* weight = s ? s + b : nullptr;
        if (interleaved_) {
            leaf.lane_moments(values_.data() + b * kLanes, weight, y + b, e - b, out);
            return;
        }
        for (std::size_t k = 0; k < count_; ++k) {
            double three[3];
            const double* v = values_.data() + k * rows_ + b;
            leaf.f64.moments(v, 1, 0.0, weight, y + b, e - b, three);
            for (std::size_t t = 0; t < 3; ++t) out[t * kLanes + k] = three[t];
        }
    });
    for (std::size_t k = 0; k < count_; ++k) {
        sums_[k] = squares[k] = product[k] = 0;
        for (std::size_t b = 0; b < blocks; ++b) {
            const double* from = part.data() + b * 3 * kLanes + k;
            sums_[k] += from[0];
            squares[k] += from[kLanes];
            product[k] += from[2 * kLanes];
        }
    }
}

void Panel::products(const double* t, double* out) const {
    const auto& leaf = kernels::active();
    if (!interleaved_) {
        for (std::size_t k = 0; k < count_; ++k) out[k] = leaf.dot(values_.data() + k * rows_, t, rows_);
        return;
    }
    double all[kLanes];
    leaf.lane_products(values_.data(), t, rows_, all);
    std::copy_n(all, count_, out);
}

void Panel::peaks(const double* t, const double* a, const double* y, const double* b, double* out) const {
    kernels::active().lane_peaks(values_.data(), t, a, y, b, rows_, out);
}

void Panel::copy(std::size_t k, double* to) const {
    if (!interleaved_) {
        std::copy_n(values_.data() + k * rows_, rows_, to);
        return;
    }
    for (std::size_t i = 0; i < rows_; ++i) to[i] = values_[i * kLanes + k];
}

void Panel::pick(std::size_t k, const std::int64_t* rows, std::size_t n, double* to) const {
    const double* first = values_.data() + (interleaved_ ? k : k * rows_);
    const std::size_t stride = interleaved_ ? kLanes : 1;
    for (std::size_t i = 0; i < n; ++i) to[i] = first[static_cast<std::size_t>(rows[i]) * stride];
}

void Panel::put(const std::vector<const double*>& from, const double* s, Team& team) {
    set_sums(team, [&](std::size_t b, std::size_t e, double* sums) {
        if (interleaved_)
            for (std::size_t i = b; i < e; ++i)
                for (std::size_t k = 0; k < count_; ++k)
                    sums[k] += values_[i * kLanes + k] = from[k][i] * (s ? s[i] : 1.0);
        else
            for (std::size_t k = 0; k < count_; ++k) {
                double* to = values_.data() + k * rows_ + b;
                const double *source = from[k] + b, *weight = s ? s + b : nullptr;
                sums[k] = sum_of(e - b, [=](std::size_t i) { return to[i] = source[i] * (weight ? weight[i] : 1.0); });
            }
    });
}

}  // namespace riata
