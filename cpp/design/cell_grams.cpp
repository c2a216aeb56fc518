// Gram matrices of disjoint sets of rows in one sweep over a dense X.
#include <algorithm>

#include "design/dense.hpp"

namespace riata {

namespace {

constexpr std::size_t kMostRanges = 8;

/// The lower triangle of a square of leading dimension ld, made whole with `width` rows and columns: the first `cols`, and
/// those from `extra` on.
LargeVector whole(const LargeVector& sums, std::size_t ld, std::size_t cols, std::size_t extra, std::size_t width) {
    LargeVector out(width * width);
    const auto place = [&](std::size_t a) { return a < cols ? a : extra + (a - cols); };
    for (std::size_t b = 0; b < width; ++b)
        for (std::size_t a = b; a < width; ++a)
            out[a + b * width] = out[b + a * width] = sums[place(a) + place(b) * ld];
    return out;
}

}  // namespace

template <class T>
void Dense<T>::pack_rows(const Index* rows, std::size_t m, const double* s, const double* Y, std::size_t K,
                         double* out) const {
    const std::size_t width = kernels_.gram_panel, of_ones = cols_ / width;
    if (cols_ % width == 0) std::fill_n(out + of_ones * width * m, width * m, 0.0);
    const double* mean = moments_.mean.data();
    const auto first = static_cast<std::size_t>(rows[0]);
    if (static_cast<std::size_t>(rows[m - 1]) - first + 1 == m) {
        read_.pack(at(first, 0), row_stride_, col_stride_, mean, s, m, cols_, out);
    } else {
        std::vector<T> copy(m * width);
        for (std::size_t j = 0; j < cols_; j += width) {
            const std::size_t k = std::min(width, cols_ - j);
            if (row_stride_ == 1)
                for (std::size_t f = 0; f < k; ++f)
                    for (std::size_t i = 0; i < m; ++i) copy[f * m + i] = *at(static_cast<std::size_t>(rows[i]), j + f);
            else
                for (std::size_t i = 0; i < m; ++i)
                    std::copy_n(at(static_cast<std::size_t>(rows[i]), j), k, copy.data() + i * k);
            const auto ld = static_cast<std::ptrdiff_t>(row_stride_ == 1 ? m : k);
            read_.pack(copy.data(), row_stride_ == 1 ? 1 : ld, row_stride_ == 1 ? ld : 1, mean + j, s, m, k,
                       out + j * m);
        }
    }
    double* ones = out + of_ones * width * m + cols_ % width;
    for (std::size_t i = 0; i < m; ++i) ones[i * width] = s ? s[i] : 1.0;
    std::vector<double> responses(K * m);
    for (std::size_t t = 0; t < K; ++t)
        for (std::size_t i = 0; i < m; ++i) responses[t * m + i] = Y[t * rows_ + static_cast<std::size_t>(rows[i])];
    kernels_.f64.pack(responses.data(), 1, static_cast<std::ptrdiff_t>(m), nullptr, s, m, K,
                      out + (of_ones + 1) * width * m);
}

template <class T>
std::vector<LargeVector> Dense<T>::cell_grams(const std::vector<std::vector<Index>>& cells, const double* root_s,
                                              const double* Y, std::size_t K, Team& team) const {
    if (has_extremes()) return {};
    const std::size_t width = kernels_.gram_panel, columns = cols_ / width + 1,
                      panels = columns + (K + width - 1) / width;
    const std::size_t ld = panels * width, sides = cols_ + 1 + K;
    const std::size_t step = std::clamp<std::size_t>((std::size_t{1} << 19) / (8 * ld), 32, 256);
    // Ranges of rows, each with sums of its own: threads meet once. Their number depends on the shape alone.
    const std::size_t ranges = std::clamp<std::size_t>(rows_ * cols_ / (2 * cells.size() * ld * ld), 1, kMostRanges);
    std::vector<std::vector<LargeVector>> sums(ranges);
    team.for_blocks(ranges, 1, [&](std::size_t range, std::size_t) {
        sums[range].assign(cells.size(), LargeVector(ld * ld, 0.0));
        std::vector<double> packed(ld * step), s(step);
        const std::size_t end = rows_ * (range + 1) / ranges, stride = step * cells.size();
        // All cells advance through the same rows, so that X is read from memory once.
        for (std::size_t begin = rows_ * range / ranges; begin < end; begin += stride)
            for (std::size_t c = 0; c < cells.size(); ++c) {
                const auto from = std::lower_bound(cells[c].begin(), cells[c].end(), static_cast<Index>(begin));
                const auto to =
                    std::lower_bound(from, cells[c].end(), static_cast<Index>(std::min(end, begin + stride)));
                for (auto at = from; at < to;) {
                    const std::size_t m = std::min(step, static_cast<std::size_t>(to - at));
                    for (std::size_t i = 0; i < m && root_s; ++i) s[i] = root_s[at[static_cast<std::ptrdiff_t>(i)]];
                    pack_rows(&*at, m, root_s ? s.data() : nullptr, Y, K, packed.data());
                    double* sum = sums[range][c].data();
                    kernels_.gram(packed.data(), panels, m, sum, ld, 0, columns);
                    for (std::size_t panel = columns; panel < panels; ++panel)
                        kernels_.gram(packed.data() + panel * width * m, 1, m, sum + panel * width * (ld + 1), ld, 0,
                                      1);
                    at += static_cast<std::ptrdiff_t>(m);
                }
            }
    });
    std::vector<LargeVector> grams;
    std::vector<double> scale = moments_.scale;
    scale.resize(sides, 1.0);
    for (std::size_t c = 0; c < cells.size(); ++c) {
        LargeVector& sum = sums[0][c];
        for (std::size_t range = 1; range < ranges; ++range) {
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += sums[range][c][i];
            LargeVector().swap(sums[range][c]);
        }
        grams.push_back(whole(sum, ld, cols_ + 1, columns * width, sides));
        LargeVector().swap(sum);
        for (std::size_t b = 0; b < sides; ++b)
            for (std::size_t a = 0; a < sides; ++a) grams.back()[a + b * sides] *= scale[a] * scale[b];
    }
    return grams;
}

template std::vector<LargeVector> Dense<float>::cell_grams(const std::vector<std::vector<Index>>&, const double*,
                                                           const double*, std::size_t, Team&) const;
template std::vector<LargeVector> Dense<double>::cell_grams(const std::vector<std::vector<Index>>&, const double*,
                                                            const double*, std::size_t, Team&) const;

}  // namespace riata
