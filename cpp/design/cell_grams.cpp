// Gram matrices of disjoint sets of rows in one sweep over a dense X.
#include <algorithm>

#include "design/dense.hpp"

namespace riata {

namespace {

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
std::vector<LargeVector> Dense<T>::cell_grams(const std::vector<std::vector<Index>>& cells, const double* root_s,
                                              const double* y, Team& team) const {
    const std::size_t width = kernels_.gram_panel, panels = (cols_ + width - 1) / width + 1, ld = panels * width;
    const std::size_t step = std::clamp<std::size_t>((std::size_t{1} << 19) / (8 * ld), 32, 256);
    std::vector<LargeVector> sums(cells.size(), LargeVector(ld * ld, 0.0));
    std::vector<double> packed(ld * step);
    const std::vector<double> one(step, 1.0);
    std::vector<std::size_t> next(cells.size(), 0);
    std::vector<double> s, extra(2 * step, 1.0);

    // Rows rows[0..m) of the columns of panels [b, e), packed.
    const auto pack = [&](const Index* rows, std::size_t m, std::size_t b, std::size_t e) {
        double* out = packed.data() + b * width * m;
        const double* weight = root_s ? s.data() : nullptr;
        if (b + 1 == panels)
            return kernels_.f64.pack(extra.data(), 1, static_cast<std::ptrdiff_t>(m), nullptr, weight, m, 2, out);
        const std::size_t j = b * width, end = std::min(e * width, cols_);
        const double* mean = moments_.mean.data() + j;
        if (static_cast<std::size_t>(rows[m - 1] - rows[0]) + 1 == m)
            return read_.pack(at(static_cast<std::size_t>(rows[0]), j), row_stride_, col_stride_, mean, weight, m,
                              end - j, out);
        std::vector<T> copy(m * (end - j));
        if (row_stride_ == 1) {
            for (std::size_t f = j; f < end; ++f)
                for (std::size_t i = 0; i < m; ++i) copy[(f - j) * m + i] = *at(static_cast<std::size_t>(rows[i]), f);
            return read_.pack(copy.data(), 1, static_cast<std::ptrdiff_t>(m), mean, weight, m, end - j, out);
        }
        for (std::size_t i = 0; i < m; ++i)
            std::copy_n(at(static_cast<std::size_t>(rows[i]), j), end - j, copy.data() + i * (end - j));
        read_.pack(copy.data(), static_cast<std::ptrdiff_t>(end - j), 1, mean, weight, m, end - j, out);
    };
    // All cells advance through the same rows, so that X is read from memory once.
    for (std::size_t limit = step * cells.size();; limit += step * cells.size()) {
        for (std::size_t c = 0; c < cells.size(); ++c)
            while (next[c] < cells[c].size() && static_cast<std::size_t>(cells[c][next[c]]) < limit) {
                const Index* rows = cells[c].data() + next[c];
                std::size_t m = std::min(step, cells[c].size() - next[c]);
                m = static_cast<std::size_t>(std::lower_bound(rows, rows + m, static_cast<Index>(limit)) - rows);
                s.resize(m);
                for (std::size_t i = 0; i < m; ++i) {
                    if (root_s) s[i] = root_s[rows[i]];
                    extra[i] = y[rows[i]];
                    extra[m + i] = 1.0;
                }
                team.for_blocks(panels - 1, 2, [&](std::size_t b, std::size_t e) { pack(rows, m, b, e); });
                pack(rows, m, panels - 1, panels);
                team.for_blocks(panels, 1, [&](std::size_t b, std::size_t e) {
                    kernels_.gram(packed.data(), panels, m, sums[c].data(), ld, b, e);
                });
                next[c] += m;
            }
        if (limit >= rows_) break;
    }
    std::vector<LargeVector> grams;
    std::vector<double> scale = moments_.scale;
    scale.resize(cols_ + 2, 1.0);
    for (LargeVector& sum : sums) {
        grams.push_back(whole(sum, ld, cols_, (panels - 1) * width, cols_ + 2));
        LargeVector().swap(sum);
        for (std::size_t b = 0; b < cols_ + 2; ++b)
            for (std::size_t a = 0; a < cols_ + 2; ++a) grams.back()[a + b * (cols_ + 2)] *= scale[a] * scale[b];
    }
    return grams;
}

template std::vector<LargeVector> Dense<float>::cell_grams(const std::vector<std::vector<Index>>&, const double*,
                                                           const double*, Team&) const;
template std::vector<LargeVector> Dense<double>::cell_grams(const std::vector<std::vector<Index>>&, const double*,
                                                            const double*, Team&) const;

}  // namespace riata
