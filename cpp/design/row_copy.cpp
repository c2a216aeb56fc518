#include "design/row_copy.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace riata {

namespace {
constexpr std::size_t kRowBlock = 2048;            // rows per unit of parallel work
constexpr std::size_t kMostEntries = 0xffffffffu;  // what a row pointer can reach
}  // namespace

template <class T>
RowCopy::RowCopy(const CompressedColumns<T>& x, std::size_t rows, const std::vector<double>& shift,
                 std::vector<Index> features)
    : features_(std::move(features)), start_(rows + 2, 0u) {
    // Counting sort by rows; start_[i + 1] runs through row i while it is filled.
    for (Index feature : features_) {
        const auto j = static_cast<std::size_t>(feature);
        const int* row = x.rows(j);
        for (std::size_t k = 0; k < x.entries(j); ++k) ++start_[static_cast<std::size_t>(row[k]) + 2];
    }
    for (std::size_t i = 2; i < rows + 2; ++i) start_[i] += start_[i - 1];
    value_.resize(start_[rows + 1]);
    place_.resize(start_[rows + 1]);
    std::size_t met = 0;
    for (std::size_t f = 0; f < features_.size(); ++f) {
        const auto j = static_cast<std::size_t>(features_[f]);
        const int* row = x.rows(j);
        const T* value = x.values(j);
        for (std::size_t k = 0; k < x.entries(j); ++k) {
            const std::uint32_t at = start_[static_cast<std::size_t>(row[k]) + 1]++;
            value_[at] = static_cast<double>(value[k]) - shift[j];
            place_[at] = static_cast<int>(f);
        }
        met += x.entries(j);
        while (met * kQuantiles >= value_.size() * (quantiles_.size() + 1) && quantiles_.size() < kQuantiles)
            quantiles_.push_back(f + 1);
    }
    quantiles_.resize(kQuantiles, features_.size());
}

double RowCopy::steps(const int* rows, std::size_t n) const {
    std::size_t sum = 0;
    for (std::size_t k = 0; k < n; ++k)
        sum += start_[static_cast<std::size_t>(rows[k]) + 1] - start_[static_cast<std::size_t>(rows[k])];
    return static_cast<double>(sum);
}

template <class T>
void RowCopy::walk(const T* value, const int* rows, std::size_t n, double c, double scale, const double* weight,
                   double* sums) const {
    for (std::size_t k = 0; k < n; ++k) {
        __builtin_prefetch(&start_[static_cast<std::size_t>(rows[k + 24])]);
        const std::size_t ahead = start_[static_cast<std::size_t>(rows[k + 12])];
        __builtin_prefetch(value_.data() + ahead);
        __builtin_prefetch(place_.data() + ahead);
        const auto i = static_cast<std::size_t>(rows[k]);
        if (weight && weight[i] == 0) continue;
        const double v = (static_cast<double>(value[k]) - c) * scale * (weight ? weight[i] : 1.0);
        for (std::size_t at = start_[i]; at < start_[i + 1]; ++at) sums[place_[at]] += v * value_[at];
    }
}

double RowCopy::row(std::size_t i, const double* w, double c) const {
    for (std::size_t at = start_[i]; at < start_[i + 1]; ++at) c += value_[at] * w[place_[at]];
    return c;
}

void RowCopy::add_row(std::size_t i, double t, double* sums) const {
    for (std::size_t at = start_[i]; at < start_[i + 1]; ++at) sums[place_[at]] += value_[at] * t;
}

/// The places where each of so many parts with about as many entries begins, and the end.
std::vector<std::size_t> RowCopy::shares(std::size_t parts) const {
    std::vector<std::size_t> first{0};
    for (std::size_t part = 1; part < parts; ++part) first.push_back(quantiles_[part * kQuantiles / parts - 1]);
    first.push_back(features_.size());
    return first;
}

double RowCopy::there_and_back(const double* w, double c, const double* d, double* u, double* sums, Team& team) const {
    const std::size_t n = start_.size() - 2;
    const auto threads = static_cast<std::size_t>(team.size());
    std::fill_n(sums, features_.size(), 0.0);
    if (threads == 1) {
        for (std::size_t i = 0; i < n; ++i) {
            u[i] = d[i] != 0 ? row(i, w, c) : 0.0;
            if (d[i] != 0) add_row(i, d[i] * u[i], sums);
        }
    } else {
        team.for_blocks(n, kRowBlock, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) u[i] = d[i] != 0 ? row(i, w, c) : 0.0;
        });
        // Threads take places, not rows: each sum then is one sum in one order, as on a single thread.
        const std::vector<std::size_t> first = shares(std::min(threads, kQuantiles));
        team.for_blocks(first.size() - 1, 1, [&](std::size_t part, std::size_t) {
            const auto from = static_cast<int>(first[part]), to = static_cast<int>(first[part + 1]);
            for (std::size_t i = 0; i < n; ++i) {
                if (d[i] == 0) continue;
                const double t = d[i] * u[i];
                const int* end = place_.data() + start_[i + 1];
                for (const int* at = std::lower_bound(place_.data() + start_[i], end, from); at < end && *at < to; ++at)
                    sums[*at] += value_[static_cast<std::size_t>(at - place_.data())] * t;
            }
        });
    }
    return std::inner_product(d, d + n, u, 0.0);
}

std::size_t RowCopy::bytes() const {
    return value_.capacity() * sizeof(double) + place_.capacity() * sizeof(int) +
           start_.capacity() * sizeof(std::uint32_t);
}

template <class T>
void RowCopies::add(const CompressedColumns<T>& x, std::size_t rows, const std::vector<double>& shift,
                    const std::vector<Index>& features) {
    std::vector<Index> all = features;
    std::size_t entries = 0;
    for (Index j : features) entries += x.entries(static_cast<std::size_t>(j));
    spent_ = 0;
    if (entries + rows > kMostEntries) return;
    while (!parts_.empty() && parts_.back().entries() < 2 * entries &&
           parts_.back().entries() + entries < kMostEntries) {
        entries += parts_.back().entries();
        const auto& old = parts_.back().features();
        all.insert(all.end(), old.begin(), old.end());
        parts_.pop_back();
    }
    covered_.resize(x.cols(), 0);
    for (Index j : features) covered_[static_cast<std::size_t>(j)] = 1;
    parts_.emplace_back(x, rows, shift, std::move(all));
}

std::size_t RowCopies::bytes() const {
    std::size_t sum = covered_.capacity();
    for (const RowCopy& part : parts_) sum += part.bytes();
    return sum;
}

#define RIATA_INSTANTIATE(T)                                                                                      \
    template RowCopy::RowCopy(const CompressedColumns<T>&, std::size_t, const std::vector<double>&,               \
                              std::vector<Index>);                                                                \
    template void RowCopy::walk(const T*, const int*, std::size_t, double, double, const double*, double*) const; \
    template void RowCopies::add(const CompressedColumns<T>&, std::size_t, const std::vector<double>&,            \
                                 const std::vector<Index>&);
RIATA_INSTANTIATE(float)
RIATA_INSTANTIATE(double)
#undef RIATA_INSTANTIATE

}  // namespace riata
