#include "design/dense.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace riata {

namespace {

constexpr std::size_t kColumnBlock = 64;   // columns per unit of parallel work, at most
constexpr std::size_t kColumnTile = 12;    // columns that kernels take together without remainder
constexpr std::size_t kUnits = 8;          // of work, where so many columns make them
constexpr std::size_t kRowBlock = 2048;    // rows per unit; 8 residual blocks of that length stay in L2
constexpr std::size_t kFeatureBlock = 32;  // features per unit where they are packed as rows
constexpr double kEps = std::numeric_limits<double>::epsilon();

/// Columns per unit of parallel work where there are few of them.
std::size_t column_block(std::size_t columns) {
    const std::size_t share = (columns + kUnits - 1) / kUnits;
    return std::min(kColumnBlock, (share + kColumnTile - 1) / kColumnTile * kColumnTile);
}

double power_of_two_below(double x) { return std::ldexp(1.0, std::ilogb(x)); }

/// Whether products of such columns in the caller's units leave the range of numbers, or its exact part.
bool is_extreme(double scale) { return !(scale < 0x1p400 && scale > 0x1p-400); }

[[noreturn]] void throw_non_finite(std::size_t i, std::size_t j, double value) {
    throw NonFinite("X[" + std::to_string(i) + ", " + std::to_string(j) + "] is " +
                    (std::isnan(value) ? "NaN"
                     : value > 0       ? "inf"
                                       : "-inf") +
                    ": X has to be finite" +
                    (std::isnan(value) ? ". Input X contains NaN: fill in missing values, for instance by "
                                         "sklearn.impute.SimpleImputer, or leave the rows out"
                                       : ""));
}

}  // namespace

double total(const double* s, std::size_t n) { return s ? std::accumulate(s, s + n, 0.0) : static_cast<double>(n); }

template <class T>
void Dense<T>::correlate(const std::vector<Index>& features, const double* u, std::size_t K, double* out,
                         Team& team) const {
    team.for_blocks(
        features.size(), column_block(features.size()),
        [&](std::size_t b, std::size_t e) {
            const T* x[kColumnBlock] = {};
            double c[kColumnBlock] = {};
            for (std::size_t f = b; f < e; ++f) {
                x[f - b] = column_[features[f]];
                c[f - b] = moments_.mean[features[f]];
            }
            read_.correlate(x, c, e - b, u, rows_, K, rows_, out + b * K, K);
            for (std::size_t f = b; f < e; ++f)
                for (std::size_t k = 0; k < K; ++k) out[f * K + k] *= moments_.scale[features[f]];
        },
        work(features.size(), K));
}

template <class T>
void Dense<T>::accumulate(const std::vector<Index>& features, const double* w, std::size_t K, double* r,
                          Team& team) const {
    const std::size_t m = features.size();
    std::vector<double> c(m), scaled(m * K);
    for (std::size_t f = 0; f < m; ++f) {
        c[f] = moments_.mean[features[f]];
        for (std::size_t k = 0; k < K; ++k) scaled[f * K + k] = w[f * K + k] * moments_.scale[features[f]];
    }
    team.for_blocks(
        rows_, kRowBlock,
        [&](std::size_t b, std::size_t e) {
            std::vector<const T*> x(m);
            for (std::size_t f = 0; f < m; ++f) x[f] = column_[features[f]] + b;
            read_.accumulate(x.data(), c.data(), m, scaled.data(), K, K, e - b, r + b, rows_);
        },
        work(m, K));
}

template <class T>
void Dense<T>::gather(const std::vector<Index>& features, const double* weight, double* out, Team& team) const {
    team.for_blocks(
        features.size(), kColumnBlock,
        [&](std::size_t b, std::size_t e) {
            for (std::size_t f = b; f < e; ++f) {
                const Index j = features[f];
                const bool pinned = column_[j] != nullptr;
                read_.gather(pinned ? column_[j] : at(0, j), pinned ? 1 : row_stride_, moments_.mean[j],
                             moments_.scale[j], weight, rows_, out + f * rows_);
            }
        },
        work(features.size(), 1));
}

template <class T>
double Dense<T>::descend(const Sweep& sweep) const {
    std::vector<double> square(cols_);
    for (std::size_t j = 0; j < cols_; ++j) square[j] = moments_.norm[j] * moments_.norm[j];
    return read_.column_sweep({column_.data(), moments_.mean.data(), moments_.scale.data(), sweep.order.data(),
                               sweep.order.size(), square.data(), sweep.l1, sweep.l2, sweep.lower, sweep.upper, sweep.s,
                               rows_, sweep.w, sweep.r});
}

namespace {

/// m columns in whole panels.
std::size_t padded(std::size_t m, std::size_t panel) { return (m + panel - 1) / panel * panel; }

/// Adds the rows [first, last) to the lower triangle of the Gram matrix of whole panels of m columns.
void add_gram(const kernels::Kernels& kernels, std::size_t first, std::size_t last, std::size_t m, const PackRows& pack,
              std::vector<double>& sums, Team& team, const double* root_s) {
    const std::size_t ld = padded(m, kernels.gram_panel), panels = ld / kernels.gram_panel;
    constexpr std::size_t step = 256;  // rows that a panel has in the innermost cache
    const std::size_t together = std::clamp<std::size_t>(panels / 16, 1, 8);  // panels, in the next one
    std::vector<double> packed(ld * step);
    sums.resize(ld * ld);
    for (std::size_t i = first; i < last; i += step) {
        const std::size_t rows = std::min(step, last - i);
        if (root_s && std::all_of(root_s + i, root_s + i + rows, [](double s) { return s == 0; })) continue;
        pack(i, i + rows, packed.data());
        team.for_blocks(panels, together, [&](std::size_t b, std::size_t e) {
            kernels.gram(packed.data(), panels, rows, sums.data(), ld, b, e);
        });
    }
}

/// G[a + b*m], both triangles, from a lower triangle of whole panels.
void mirror(const std::vector<double>& sums, std::size_t ld, std::size_t m, double* G) {
    for (std::size_t b = 0; b < m; ++b)
        for (std::size_t a = b; a < m; ++a) G[a + b * m] = G[b + a * m] = sums[a + b * ld];
}

}  // namespace

void sweep_gram(const kernels::Kernels& kernels, std::size_t n, std::size_t m, const PackRows& pack, double* G,
                Team& team, const double* root_s) {
    std::vector<double> sums;
    add_gram(kernels, 0, n, m, pack, sums, team, root_s);
    mirror(sums, padded(m, kernels.gram_panel), m, G);
}

void sweep_gram_in_ranges(const kernels::Kernels& kernels, std::size_t n, std::size_t m, const PackRows& pack,
                          double* G, Team& team) {
    const std::size_t ld = padded(m, kernels.gram_panel);
    std::vector<std::vector<double>> sums(kUnits);
    team.for_blocks(kUnits, 1, [&](std::size_t range, std::size_t) {
        Team alone(1);
        add_gram(kernels, n * range / kUnits, n * (range + 1) / kUnits, m, pack, sums[range], alone, nullptr);
    });
    for (std::size_t range = 1; range < kUnits; ++range)
        for (std::size_t i = 0; i < ld * ld; ++i) sums[0][i] += sums[range][i];
    mirror(sums[0], ld, m, G);
}

/// Calls pack(j, j_end, out) for `few` panels of the m columns at a time, each panel `rows` long.
template <class F>
void by_panels(std::size_t panel, std::size_t m, std::size_t few, std::size_t rows, double* out, Team& team,
               const F& pack) {
    team.for_blocks((m + panel - 1) / panel, few, [&](std::size_t b, std::size_t e) {
        pack(b * panel, std::min(e * panel, m), out + b * panel * rows);
    });
}

template <class T>
bool Dense<T>::has_extremes() const {
    return std::any_of(moments_.scale.begin(), moments_.scale.end(), is_extreme);
}

template <class T>
void Dense<T>::gram_all(const double* root_s, double* G, Team& team) const {
    if (has_extremes()) {
        std::vector<Index> all(cols_);
        std::iota(all.begin(), all.end(), Index{0});
        gram_of(all, root_s, G, team);
        return;
    }
    const std::size_t few = col_stride_ == 1 ? 32 : 2;  // parts of rows that are read from end to end
    sweep_gram(
        kernels_, rows_, cols_,
        [&](std::size_t i, std::size_t end, double* packed) {
            by_panels(kernels_.gram_panel, cols_, few, end - i, packed, team,
                      [&](std::size_t j, std::size_t j_end, double* out) {
                          read_.pack(at(i, j), row_stride_, col_stride_, moments_.mean.data() + j,
                                     root_s ? root_s + i : nullptr, end - i, j_end - j, out);
                      });
        },
        G, team);
    const double* scale = moments_.scale.data();
    for (std::size_t b = 0; b < cols_; ++b)
        for (std::size_t a = 0; a < cols_; ++a) G[a + b * cols_] *= scale[a] * scale[b];
}

template <class T>
void Dense<T>::pack_gathered(const Index* features, std::size_t m, std::size_t i, std::size_t n, const double* root_s,
                             double* out) const {
    const std::size_t panel = kernels_.gram_panel;
    std::vector<double> columns(panel * n);
    for (; m > 0; out += panel * n) {
        const std::size_t now = std::min(panel, m);
        for (std::size_t f = 0; f < now; ++f) {
            const Index j = features[f];
            const bool pinned = column_[j] != nullptr;
            read_.gather(pinned ? column_[j] + i : at(i, j), pinned ? 1 : row_stride_, moments_.mean[j],
                         moments_.scale[j], root_s ? root_s + i : nullptr, n, columns.data() + f * n);
        }
        kernels_.f64.pack(columns.data(), 1, static_cast<std::ptrdiff_t>(n), nullptr, nullptr, n, now, out);
        features += now;
        m -= now;
    }
}

template <class T>
bool Dense<T>::gram_of(const std::vector<Index>& features, const double* root_s, double* G, Team& team) const {
    sweep_gram(
        kernels_, rows_, features.size(),
        [&](std::size_t i, std::size_t end, double* packed) {
            by_panels(kernels_.gram_panel, features.size(), 2, end - i, packed, team,
                      [&](std::size_t j, std::size_t j_end, double* out) {
                          pack_gathered(features.data() + j, j_end - j, i, end - i, root_s, out);
                      });
        },
        G, team, root_s);
    return true;
}

template <class T>
void Dense<T>::outer_all(const double* root_s, const double* d, double* K, Team& team) const {
    outer(root_s, d, K, team, [](std::size_t, std::size_t) {});
}

template <class T>
void Dense<T>::outer(const double* root_s, const double* d, double* K, Team& team,
                     const std::function<void(std::size_t, std::size_t)>& before) const {
    // The rows of the sweep are features here and its columns are samples.
    const std::size_t panel = kernels_.gram_panel;
    const auto pack = [&](std::size_t j, std::size_t end, double* out, std::size_t ldo) {
        before(j, end);
        double factor[kFeatureBlock];
        for (std::size_t f = 0; j + f < end; ++f)
            factor[f] = moments_.norm[j + f] > 0 ? (d ? std::sqrt(d[j + f]) : 1.0) : 0.0;
        read_.pack_across(at(0, j), row_stride_, col_stride_, moments_.mean.data() + j, factor, root_s, end - j, rows_,
                          out, ldo);
    };
    const bool in_ranges = cols_ >= kUnits * rows_;
    Team alone(1);
    Team& packers = in_ranges ? alone : team;
    const PackRows pack_rows = [&](std::size_t first, std::size_t last, double* packed) {
        packers.for_blocks(last - first, kFeatureBlock, [&](std::size_t b, std::size_t e) {
            pack(first + b, first + e, packed + b * panel, (last - first) * panel);
        });
    };
    if (in_ranges)
        sweep_gram_in_ranges(kernels_, cols_, rows_, pack_rows, K, team);
    else
        sweep_gram(kernels_, cols_, rows_, pack_rows, K, team);
}

template <class T>
void Dense<T>::adopt(Moments known, const std::vector<Index>& unknown, const double* s, const double* y, bool centre,
                     double* xty) {
    moments_ = std::move(known);
    const double weight = total(s, rows_);
    for (Index j : unknown) measure_column(static_cast<std::size_t>(j), weight, s, y, centre, xty);
}

/// Whether an entry of column j is not c.
template <class T>
bool Dense<T>::differs(std::size_t j, double c) const {
    std::size_t i = 0;
    while (i < rows_ && static_cast<double>(*at(i, j)) == c) ++i;
    return i < rows_;
}

template <class T>
void Dense<T>::measure_column(std::size_t j, double weight, const double* s, const double* y, bool centre,
                              double* xty) {
    const double c = centre ? static_cast<double>(*at(0, j)) : 0.0;
    double sums[3];
    read_.moments(at(0, j), row_stride_, c, s, y, rows_, sums);
    conclude(j, c, sums, weight, s, y, centre, xty);
}

template <class T>
void Dense<T>::conclude(std::size_t j, double c, const double* sums, double weight, const double* s, const double* y,
                        bool centre, double* xty) {
    double shift = c, s1 = sums[0], s2 = sums[1], s3 = sums[2], unit = 1.0;
    std::vector<double> copy;
    // Sums far from 1 may have lost bits or overflowed; non-finite ones may come from the data. Both are rare and
    // worth a copy of one column in units of its largest entry.
    if (!(s2 < 1e200) || (s2 < 1e-200 && s2 > 0) || !std::isfinite(s3) || (s2 == 0 && differs(j, c))) {
        double largest = 0;
        for (std::size_t i = 0; i < rows_; ++i) {
            const double value = static_cast<double>(*at(i, j));
            if (!std::isfinite(value)) throw_non_finite(i, j, value);
            largest = std::max(largest, std::abs(value));
        }
        unit = largest > 0 ? 1.0 / power_of_two_below(largest) : 1.0;
        if (!std::isfinite(unit)) unit = std::numeric_limits<double>::max();
        copy.resize(rows_);
        read_.gather(at(0, j), row_stride_, 0.0, unit, nullptr, rows_, copy.data());
        shift = centre ? copy[0] : 0.0;
        double out[3];
        kernels_.f64.moments(copy.data(), 1, shift, s, y, rows_, out);
        s1 = out[0], s2 = out[1], s3 = out[2];
    }
    if (!centre) {
        moments_.mean[j] = 0.0;
    } else {
        const double offset = s1 / weight;
        double mean = shift + offset, variance = s2 - s1 * offset;
        if (variance < 1e-6 * s2) {  // the shift was far from the mean: once more, about the mean
            double out[3];
            if (copy.empty())
                read_.moments(at(0, j), row_stride_, mean, s, y, rows_, out);
            else
                kernels_.f64.moments(copy.data(), 1, mean, s, y, rows_, out);
            s1 = out[0], s2 = out[1], s3 = out[2];
            mean += s1 / weight;
            variance = s2 - s1 * s1 / weight;
        }
        // A spread at the level of the mean's rounding is no spread.
        if (variance <= weight * (4 * kEps * mean) * (4 * kEps * mean)) variance = 0;
        moments_.mean[j] = mean / unit;
        s2 = variance;
    }
    if (s2 > 0) {
        const double norm = std::sqrt(s2), d = 1.0 / power_of_two_below(norm);
        moments_.scale[j] = d * unit;
        moments_.norm[j] = norm * d;
        if (xty) xty[j] = s3 * d;
    } else {
        moments_.scale[j] = 1.0;
        moments_.norm[j] = 0.0;
        if (xty) xty[j] = 0.0;
    }
}

template class Dense<float>;
template class Dense<double>;

}  // namespace riata
