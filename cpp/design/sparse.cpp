#include "design/sparse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace riata {

namespace {

constexpr std::size_t kColumnBlock = 2048;     // columns per unit of parallel work
constexpr std::size_t kRowBlock = 16384;       // rows per unit
constexpr std::size_t kBeyond = 32;            // entries that kernels may read beyond the last row index
constexpr double kMostTogether = 0xffffffffu;  // entries of a copy by rows
constexpr double kFewest = 8;                  // entries of a column, on average, for which a copy by rows pays
constexpr std::size_t kLanes = Panel::kLanes;
constexpr double kSumRounding = 1e-12;  // relative, of a column's sum of sizes
constexpr double kEps = std::numeric_limits<double>::epsilon();

double power_of_two_below(double x) { return std::ldexp(1.0, std::ilogb(x)); }

/// out[i*8 + k] = in[k*n + i] for k < K, 0 for the other lanes.
void interleave(const double* in, std::size_t n, std::size_t K, double* out, Team& team) {
    team.for_blocks(n, kRowBlock, [&](std::size_t b, std::size_t e) {
        for (std::size_t i = b; i < e; ++i)
            for (std::size_t k = 0; k < kLanes; ++k) out[i * kLanes + k] = k < K ? in[k * n + i] : 0.0;
    });
}

}  // namespace

template <class T>
Sparse<T>::Sparse(std::shared_ptr<const CompressedColumns<T>> x, std::size_t rows)
    : Design(rows, x->cols()), shared_(std::move(x)), x_(*shared_), read_(kernels::read<T>(kernels::active())),
      shift_(cols_, 0.0), rest_(cols_, 0.0) {}

template <class T>
double Sparse<T>::entries(const std::vector<Index>& features) const {
    std::size_t sum = 0;
    for (Index j : features) sum += x_.entries(static_cast<std::size_t>(j));
    return static_cast<double>(sum);
}

template <class T>
void Sparse<T>::measure(const double* s, const double* y, bool centre, double* xty, Team& team) {
    take_weights(s);
    moments_.resize(cols_);
    team.for_blocks(cols_, kColumnBlock, [&](std::size_t b, std::size_t e) {
        for (std::size_t j = b; j < e; ++j) measure_column(j, s, y, centre, xty);
    });
}

template <class T>
void Sparse<T>::take_weights(const double* s) {
    s_ = s;
    weight_ = s ? std::accumulate(s, s + rows_, 0.0) : static_cast<double>(rows_);
    counting_rows_ = s ? static_cast<std::size_t>(std::count_if(s, s + rows_, [](double v) { return v > 0; })) : rows_;
}

template <class T>
void Sparse<T>::adopt(Moments known, const std::vector<Index>& unknown, const double* s, const double* y, bool centre,
                      double* xty) {
    take_weights(s);
    moments_ = std::move(known);
    for (std::size_t j = 0; j < cols_; ++j) {
        shift_[j] = is_full(j) ? moments_.mean[j] : 0.0;
        rest_[j] = is_full(j) ? 0.0 : moments_.mean[j];
    }
    for (Index j : unknown) measure_column(static_cast<std::size_t>(j), s, y, centre, xty);
}

/// A column with implicit zeros has its origin there: rows without an entry leave its sums exactly 0.
template <class T>
CellSums Sparse<T>::cell_sums(const std::vector<std::vector<Index>>& cells, const double* s, const double* y,
                              Team& team) const {
    CellSums out{std::vector<double>(cols_), std::vector<std::vector<double>>(cells.size())};
    for (auto& sum : out.sum) sum.resize(3 * cols_);
    std::vector<int> cell(rows_);
    for (std::size_t c = 0; c < cells.size(); ++c)
        for (Index i : cells[c]) cell[static_cast<std::size_t>(i)] = static_cast<int>(c);
    team.for_blocks(cols_, kColumnBlock, [&](std::size_t b, std::size_t e) {
        for (std::size_t j = b; j < e; ++j) {
            const double origin = out.origin[j] = is_full(j) ? moments_.mean[j] : 0.0;
            const T* value = x_.values(j);
            const int* row = x_.rows(j);
            for (std::size_t k = 0; k < x_.entries(j); ++k) {
                const auto i = static_cast<std::size_t>(row[k]);
                const double v = moments_.scale[j] * (static_cast<double>(value[k]) - origin);
                double* sum = out.sum[static_cast<std::size_t>(cell[i])].data() + 3 * j;
                const double sv = (s ? s[i] : 1.0) * v;
                sum[0] += sv;
                sum[1] += sv * v;
                if (y) sum[2] += sv * y[i];
            }
        }
    });
    return out;
}

/// Two passes over the entries: the mean, then squares and products about it.
template <class T>
void Sparse<T>::measure_column(std::size_t j, const double* s, const double* y, bool centre, double* xty) {
    const T* v = x_.values(j);
    const int* row = x_.rows(j);
    const std::size_t m = x_.entries(j);
    double largest = 0, stored = 0;
    std::size_t counting = 0;
    for (std::size_t k = 0; k < m; ++k) {
        const double a = std::abs(static_cast<double>(v[k]));
        if (!(a <= std::numeric_limits<double>::max())) x_.refuse_non_finite();
        largest = std::max(largest, a);
        const double weight = s ? s[row[k]] : 1.0;
        stored += weight;
        counting += weight > 0;
    }
    const bool extreme = largest > 1e100 || (largest < 1e-100 && largest > 0);
    const double unit = extreme ? std::min(1.0 / power_of_two_below(largest), std::numeric_limits<double>::max()) : 1.0;
    const bool full = counting == counting_rows_ && m > 0;
    const auto value = [&](std::size_t k) { return static_cast<double>(v[k]) * unit; };
    double mean = 0;
    if (centre) {
        const double about = full ? value(0) : 0.0;
        double sum = 0;
        for (std::size_t k = 0; k < m; ++k) sum += (s ? s[row[k]] : 1.0) * (value(k) - about);
        mean = about + sum / weight_;
    }
    double squares = full ? 0.0 : std::max(0.0, weight_ - stored) * mean * mean, product = 0, off = 0;
    const double shift = full ? mean : 0.0;
    for (std::size_t k = 0; k < m; ++k) {
        const double weight = s ? s[row[k]] : 1.0, d = value(k) - mean;
        squares += weight * d * d;
        off += weight * d;
        if (y) product += weight * (value(k) - shift) * y[row[k]];
    }
    if (full && centre) {
        mean += off / weight_;
        squares = std::max(0.0, squares - off * off / weight_);
    }
    if (centre && squares <= weight_ * (4 * kEps * mean) * (4 * kEps * mean)) squares = 0;
    moments_.mean[j] = mean / unit;
    shift_[j] = full ? mean / unit : 0.0;
    rest_[j] = full ? 0.0 : mean / unit;
    const double norm = std::sqrt(squares), d = squares > 0 ? 1.0 / power_of_two_below(norm) : 1.0;
    moments_.norm[j] = norm * d;
    moments_.scale[j] = squares > 0 ? d * unit : 1.0;
    if (xty) xty[j] = squares > 0 ? product * d : 0.0;
}

template <class T>
std::vector<double> Sparse<T>::sizes(Team& team) const {
    std::vector<double> out(cols_);
    team.for_blocks(cols_, kColumnBlock, [&](std::size_t b, std::size_t e) {
        for (std::size_t j = b; j < e; ++j) {
            const T* value = x_.values(j);
            const int* row = x_.rows(j);
            double sum = 0;
            for (std::size_t k = 0; k < x_.entries(j); ++k)
                if (!s_ || s_[row[k]] > 0) sum += std::abs(static_cast<double>(value[k]) - shift_[j]);
            out[j] = moments_.scale[j] * sum * (1 + kSumRounding);
        }
    });
    return out;
}

template <class T>
void Sparse<T>::correlate_all(const double* u, std::size_t K, double* out, Team& team) const {
    correlate_listed(nullptr, cols_, u, K, out, team);
}

template <class T>
void Sparse<T>::correlate(const std::vector<Index>& features, const double* u, std::size_t K, double* out,
                          Team& team) const {
    correlate_listed(features.data(), features.size(), u, K, out, team);
}

template <class T>
void Sparse<T>::correlate(const std::vector<Index>& features, const Panel& u, double* out, Team& team) const {
    correlate_lanes(features.data(), features.size(), u.data(), u.interleaved() ? kLanes : 1, u.count(), u.sums(), out,
                    u.count(), team);
}

template <class T>
void Sparse<T>::correlate_listed(const Index* list, std::size_t count, const double* u, std::size_t K, double* out,
                                 Team& team) const {
    for (std::size_t k = 0; k < K; k += kLanes) {
        const std::size_t width = std::min(kLanes, K - k), lanes = width == 1 ? 1 : kLanes;
        const double* from = u + k * rows_;
        double sums[kLanes] = {};
        for (std::size_t l = 0; l < width; ++l)
            sums[l] = std::accumulate(from + l * rows_, from + (l + 1) * rows_, 0.0);
        if (lanes > 1) {
            lanes_.resize(rows_ * kLanes);
            interleave(from, rows_, width, lanes_.data(), team);
            from = lanes_.data();
        }
        correlate_lanes(list, count, from, lanes, width, sums, out + k, K, team);
    }
}

/// Of K <= lanes vectors with these sums; out[f*ldo + k].
template <class T>
void Sparse<T>::correlate_lanes(const Index* list, std::size_t count, const double* u, std::size_t lanes, std::size_t K,
                                const double* sums, double* out, std::size_t ldo, Team& team) const {
    const auto view = x_.view(shift_.data());
    team.for_blocks(count, kColumnBlock, [&](std::size_t b, std::size_t e) {
        double part[64 * kLanes];
        for (std::size_t f = b; f < e; f += 64) {
            const std::size_t end = std::min(f + 64, e);
            read_.correlate_compressed(view, list, f, end, u, lanes, part);
            for (std::size_t g = f; g < end; ++g) {
                const auto j = list ? static_cast<std::size_t>(list[g]) : g;
                for (std::size_t k = 0; k < K; ++k)
                    out[g * ldo + k] = moments_.scale[j] * (part[(g - f) * lanes + k] - rest_[j] * sums[k]);
            }
        }
    });
}

template <class T>
void Sparse<T>::combine(const double* y, const std::vector<Index>& features, const double* w, Panel& r,
                        Team& team) const {
    const std::size_t K = r.count(), lanes = r.interleaved() ? kLanes : 1;
    std::vector<double> weight(features.size() * lanes, 0.0);
    double constant[kLanes] = {};
    for (std::size_t f = 0; f < features.size(); ++f) {
        const auto j = static_cast<std::size_t>(features[f]);
        for (std::size_t k = 0; k < K; ++k) {
            weight[f * lanes + k] = w[f * K + k] * moments_.scale[j];
            constant[k] -= weight[f * lanes + k] * rest_[j];
        }
    }
    r.fill(y, constant, team);
    add_lanes(features, weight.data(), lanes, r.data(), team);
}

template <class T>
void Sparse<T>::accumulate(const std::vector<Index>& features, const double* w, std::size_t K, double* r,
                           Team& team) const {
    std::vector<double> weight(features.size());
    for (std::size_t k = 0; k < K; ++k) {
        double constant = 0;
        for (std::size_t f = 0; f < features.size(); ++f) {
            const auto j = static_cast<std::size_t>(features[f]);
            weight[f] = w[f * K + k] * moments_.scale[j];
            constant -= weight[f] * rest_[j];
        }
        double* to = r + k * rows_;
        add_lanes(features, weight.data(), 1, to, team);
        for (std::size_t i = 0; i < rows_ && constant != 0; ++i) to[i] += constant;
    }
}

/// r += z w on the stored entries. Threads take rows, not columns: each entry of r then is one sum in one order.
template <class T>
void Sparse<T>::add_lanes(const std::vector<Index>& features, const double* w, std::size_t lanes, double* r,
                          Team& team) const {
    const std::size_t parts = entries(features) < 1e5 ? 1 : static_cast<std::size_t>(team.size());
    team.for_blocks(rows_, (rows_ + parts - 1) / parts, [&](std::size_t begin, std::size_t end) {
        for (std::size_t f = 0; f < features.size(); ++f) {
            const auto j = static_cast<std::size_t>(features[f]);
            const int *row = x_.rows(j), *last = row + x_.entries(j);
            const int* from = begin == 0 ? row : std::lower_bound(row, last, static_cast<int>(begin));
            const int* to = end == rows_ ? last : std::lower_bound(from, last, static_cast<int>(end));
            read_.accumulate_compressed(x_.values(j) + (from - row), from, static_cast<std::size_t>(to - from),
                                        shift_[j], w + f * lanes, lanes, r);
            if (has_holes(j)) fill_holes(j, begin, end, w + f * lanes, lanes, r);
        }
    });
}

/// r += z_j w in the rows of [begin, end) where column j has a hole.
template <class T>
void Sparse<T>::fill_holes(std::size_t j, std::size_t begin, std::size_t end, const double* w, std::size_t lanes,
                           double* r) const {
    const int *row = x_.rows(j), *last = row + x_.entries(j);
    row = std::lower_bound(row, last, static_cast<int>(begin));
    for (std::size_t i = begin; i < end; ++i)
        if (row < last && static_cast<std::size_t>(*row) == i)
            ++row;
        else
            for (std::size_t l = 0; l < lanes; ++l) r[i * lanes + l] -= shift_[j] * w[l];
}

template <class T>
void Sparse<T>::gather(const std::vector<Index>& features, const double* weight, double* out, Team& team) const {
    team.for_blocks(features.size(), 16, [&](std::size_t b, std::size_t e) {
        for (std::size_t f = b; f < e; ++f) {
            const auto j = static_cast<std::size_t>(features[f]);
            const double scale = moments_.scale[j], rest = scale * rest_[j];
            double* to = out + f * rows_;
            std::fill(to, to + rows_, -scale * (shift_[j] + rest_[j]));
            for (std::size_t k = 0; k < x_.entries(j); ++k)
                to[x_.rows(j)[k]] = scale * (static_cast<double>(x_.values(j)[k]) - shift_[j]) - rest;
            if (weight)
                for (std::size_t i = 0; i < rows_; ++i) to[i] *= weight[i];
        }
    });
}

template <class T>
bool Sparse<T>::compact(const std::vector<Index>& features, const double* root_s, CompactColumns& out) const {
    for (Index feature : features) {
        const auto j = static_cast<std::size_t>(feature);
        std::size_t at = out.entries();
        out.value.resize(at + x_.entries(j));
        out.row.resize(at + x_.entries(j) + kBeyond, 0);
        for (std::size_t k = 0; k < x_.entries(j); ++k) {
            const int i = x_.rows(j)[k];
            const double z = (static_cast<double>(x_.values(j)[k]) - shift_[j]) * moments_.scale[j];
            out.value[at] = root_s ? z * root_s[i] : z;
            out.row[at] = i;
            at += !root_s || root_s[i] != 0;
        }
        out.value.resize(at);
        out.row.resize(at + kBeyond);
        std::fill_n(out.row.begin() + static_cast<std::ptrdiff_t>(at), kBeyond, 0);
        out.start.push_back(at);
        out.rest.push_back(rest_[j] * moments_.scale[j]);
        out.sum.push_back(weight_ * out.rest.back());
    }
    return true;
}

template <class T>
std::unique_ptr<Design> Sparse<T>::sample(std::size_t step, std::size_t rows) const {
    return std::make_unique<Sparse<T>>(std::make_shared<const CompressedColumns<T>>(x_.sample(step, rows)), rows);
}

template <class T>
bool Sparse<T>::there_and_back(const std::vector<Index>& features, const double* w, const double* d, double* u,
                               double* out, Team& team) const {
    const double count = entries(features);
    if (count > kMostTogether || count < kFewest * static_cast<double>(features.size())) return false;
    if (!together_ || together_->features() != features)
        together_ = std::make_unique<RowCopy>(x_, this->rows_, shift_, features);
    std::vector<double> scaled(features.size());
    double constant = 0;
    for (std::size_t f = 0; f < features.size(); ++f) {
        const auto j = static_cast<std::size_t>(features[f]);
        scaled[f] = w[f] * moments_.scale[j];
        constant -= scaled[f] * rest_[j];
    }
    const double total = together_->there_and_back(scaled.data(), constant, d, u, out, team);
    for (std::size_t f = 0; f < features.size(); ++f) {
        const auto j = static_cast<std::size_t>(features[f]);
        out[f] = moments_.scale[j] * (out[f] - rest_[j] * total);
    }
    return true;
}

template <class T>
bool Sparse<T>::weighted_moments(const std::vector<Index>& features, const double* d, double* first, double* second,
                                 Team& team) const {
    const double total = std::accumulate(d, d + rows_, 0.0);
    team.for_blocks(features.size(), kColumnBlock, [&](std::size_t begin, std::size_t end) {
        for (std::size_t f = begin; f < end; ++f) {
            const auto j = static_cast<std::size_t>(features[f]);
            const T* value = x_.values(j);
            const int* row = x_.rows(j);
            const double scale = moments_.scale[j], rest = scale * rest_[j];
            double sum = 0, squares = 0;
            for (std::size_t k = 0; k < x_.entries(j); ++k) {
                const double z = scale * (static_cast<double>(value[k]) - shift_[j]), dz = d[row[k]] * z;
                sum += dz;
                squares += dz * z;
            }
            first[f] = sum - rest * total;
            second[f] = squares - rest * (2 * sum - rest * total);
        }
    });
    return true;
}

template <class T>
std::size_t Sparse<T>::bytes() const {
    return x_.bytes() + copies_.bytes() + (together_ ? together_->bytes() : 0) +
           (lanes_.capacity() + spread_.capacity() + 2 * cols_) * sizeof(double);
}

template <class T>
std::unique_ptr<Design> make_sparse(const CompressedArrays<T>& x, Team& team) {
    return std::make_unique<Sparse<T>>(std::make_shared<const CompressedColumns<T>>(x, team), x.rows);
}

template class Sparse<float>;
template class Sparse<double>;
template std::unique_ptr<Design> make_sparse(const CompressedArrays<float>&, Team&);
template std::unique_ptr<Design> make_sparse(const CompressedArrays<double>&, Team&);

}  // namespace riata
