// The two dense layouts: how each is swept as a whole.
#include <algorithm>
#include <vector>

#include "design/dense.hpp"

namespace riata {

namespace {

constexpr std::size_t kColumnBlock = 64;
constexpr std::size_t kCached = std::size_t{1} << 16;    // entries of X that are read twice, close together
constexpr std::size_t kOneRange = std::size_t{1} << 17;  // entries of X that are not worth ranges of rows
constexpr std::size_t kRanges = 8;                       // of columns, each with sums of its own

template <class T>
class ColumnMajor final : public Dense<T> {
public:
    ColumnMajor(const T* x, std::size_t rows, std::size_t cols, std::ptrdiff_t col_stride)
        : Dense<T>(x, rows, cols, 1, col_stride) {
        for (std::size_t j = 0; j < cols; ++j) this->column_[j] = this->at(0, j);
    }

    /// Keeps the entries itself.
    ColumnMajor(std::vector<T>&& own, std::size_t rows, std::size_t cols)
        : ColumnMajor(own.data(), rows, cols, static_cast<std::ptrdiff_t>(rows)) {
        own_ = std::move(own);
    }

    void measure(const double* s, const double* y, bool centre, double* xty, Team& team) override {
        const double weight = total(s, this->rows_);
        this->moments_.resize(this->cols_);
        team.for_blocks(this->cols_, kColumnBlock, [&](std::size_t b, std::size_t e) {
            for (std::size_t j = b; j < e; ++j) this->measure_column(j, weight, s, y, centre, xty);
        });
    }

    void measure_outer(const double* s, const double* root_s, bool centre, const double* d, double* K,
                       Team& team) override {
        const double weight = total(s, this->rows_);
        this->moments_.resize(this->cols_);
        // Columns are measured while they are on their way from memory.
        this->outer(root_s, d, K, team, [&](std::size_t b, std::size_t e) {
            for (std::size_t j = b; j < e; ++j) this->measure_column(j, weight, s, nullptr, centre, nullptr);
        });
    }

    void correlate_all(const double* u, std::size_t K, double* out, Team& team) const override {
        team.for_blocks(this->cols_, kColumnBlock, [&](std::size_t b, std::size_t e) {
            this->read_.correlate(this->column_.data() + b, this->moments_.mean.data() + b, e - b, u, this->rows_, K,
                                  this->rows_, out + b * K, K);
            for (std::size_t j = b; j < e; ++j)
                for (std::size_t k = 0; k < K; ++k) out[j * K + k] *= this->moments_.scale[j];
        });
    }

    /// In one pass: columns go into E while they are at hand from U. Ranges of columns have sums of their own.
    void represent(const double* u, std::size_t K, const double* d, double* w, double* e, Team& team) const override {
        const std::size_t n = this->rows_, p = this->cols_;
        std::vector<std::vector<double>> sums(kRanges);
        const auto sum_up = [&](std::size_t range, std::size_t) {
            sums[range].assign(n * K, 0.0);
            const std::size_t end = p * (range + 1) / kRanges;
            for (std::size_t b = p * range / kRanges; b < end; b += kColumnBlock) {
                const std::size_t m = std::min(kColumnBlock, end - b);
                const double* mean = this->moments_.mean.data() + b;
                this->read_.correlate(this->column_.data() + b, mean, m, u, n, K, n, w + b * K, K);
                for (std::size_t j = b; j < b + m; ++j)
                    for (std::size_t k = 0; k < K; ++k) w[j * K + k] *= this->moments_.norm[j] > 0 ? d[j] : 0.0;
                this->read_.accumulate(this->column_.data() + b, mean, m, w + b * K, K, K, n, sums[range].data(), n);
            }
        };
        team.for_blocks(kRanges, 1, sum_up, this->work(p, 2 * K));
        std::fill(e, e + n * K, 0.0);
        for (const auto& part : sums)
            for (std::size_t i = 0; i < n * K; ++i) e[i] += part[i];
    }

    void pin(const std::vector<Index>&, Team&) override {}
    std::unique_ptr<Design> twin() const override {
        return std::make_unique<ColumnMajor>(this->x_, this->rows_, this->cols_, this->col_stride_);
    }
    std::size_t bytes() const override { return own_.size() * sizeof(T); }

private:
    std::vector<T> own_;
};

template <class T>
class RowMajor final : public Dense<T> {
public:
    RowMajor(const T* x, std::size_t rows, std::size_t cols, std::ptrdiff_t row_stride)
        : Dense<T>(x, rows, cols, row_stride, 1) {}

    void measure(const double* s, const double* y, bool centre, double* xty, Team& team) override {
        constexpr std::size_t kColumns = 256, kRows = 64;  // rows meet the sums of some columns while those are in L1
        const std::size_t n = this->rows_, ld = static_cast<std::size_t>(this->row_stride_);
        const double weight = total(s, n);
        this->moments_.resize(this->cols_);
        team.for_blocks(this->cols_, kColumns, [&](std::size_t b, std::size_t e) {
            const std::size_t m = e - b;
            std::vector<double> c(m, 0.0), sums(3 * m, 0.0);
            for (std::size_t j = 0; j < m && centre; ++j) c[j] = static_cast<double>(*this->at(0, b + j));
            for (std::size_t i = 0; i < n; i += kRows)
                this->read_.moments_rows(this->at(i, b), ld, c.data(), s ? s + i : nullptr, y ? y + i : nullptr, m,
                                         std::min(kRows, n - i), sums.data(), m);
            for (std::size_t j = 0; j < m; ++j) {
                const double own[3] = {sums[j], sums[m + j], sums[2 * m + j]};
                this->conclude(b + j, c[j], own, weight, s, y, centre, xty);
            }
        });
    }

    void correlate_all(const double* u, std::size_t K, double* out, Team& team) const override {
        const std::size_t block = 512;
        team.for_blocks(this->cols_, block, [&](std::size_t b, std::size_t e) {
            std::fill(out + b * K, out + e * K, 0.0);
            this->read_.correlate_rows(this->at(0, b), static_cast<std::size_t>(this->row_stride_),
                                       this->moments_.mean.data() + b, e - b, u, this->rows_, K, this->rows_,
                                       out + b * K, K);
            for (std::size_t j = b; j < e; ++j)
                for (std::size_t k = 0; k < K; ++k) out[j * K + k] *= this->moments_.scale[j];
        });
    }

    void correlate(const std::vector<Index>& features, const double* u, std::size_t K, double* out,
                   Team& team) const override {
        if (pinned(features)) return Dense<T>::correlate(features, u, K, out, team);
        std::vector<double> all(this->cols_ * K);
        correlate_all(u, K, all.data(), team);
        for (std::size_t f = 0; f < features.size(); ++f) std::copy_n(all.data() + features[f] * K, K, out + f * K);
    }

    void accumulate(const std::vector<Index>& features, const double* w, std::size_t K, double* r,
                    Team& team) const override {
        if (pinned(features)) return Dense<T>::accumulate(features, w, K, r, team);
        std::vector<double> all(this->cols_ * K, 0.0);
        for (std::size_t f = 0; f < features.size(); ++f)
            for (std::size_t k = 0; k < K; ++k)
                all[features[f] * K + k] = w[f * K + k] * this->moments_.scale[features[f]];
        team.for_blocks(this->rows_, 512, [&](std::size_t b, std::size_t e) {
            this->read_.accumulate_rows(this->at(b, 0), static_cast<std::size_t>(this->row_stride_),
                                        this->moments_.mean.data(), this->cols_, all.data(), K, K, e - b, r + b,
                                        this->rows_);
        });
    }

    void through(const double* w, std::size_t K, const Design::AtRows& at, double* out, Team& team) const override {
        const std::size_t n = this->rows_, p = this->cols_;
        const std::size_t step = std::clamp<std::size_t>(kCached / p, 8, 256);
        const std::size_t ranges = n * p < kOneRange ? 1 : Design::kRowRanges;
        const Moments& m = this->moments_;
        std::vector<double> scaled(p * K), sums(ranges * p * K, 0.0);
        for (std::size_t j = 0; j < p; ++j)
            for (std::size_t k = 0; k < K; ++k) scaled[j * K + k] = w[j * K + k] * m.scale[j];
        team.for_blocks(
            ranges, 1,
            [&](std::size_t range, std::size_t) {
                std::vector<double> z(step * K);
                for (std::size_t i = n * range / ranges, last = n * (range + 1) / ranges; i < last; i += step) {
                    const std::size_t rows = std::min(step, last - i);
                    rows_there(i, rows, scaled.data(), K, z.data());
                    at(range, i, i + rows, z.data());
                    rows_back(i, rows, z.data(), K, sums.data() + range * p * K);
                }
            },
            this->work(p, 2 * K));
        for (std::size_t j = 0; j < p; ++j)
            for (std::size_t k = 0; k < K; ++k) {
                double sum = 0;
                for (std::size_t range = 0; range < ranges; ++range) sum += sums[(range * p + j) * K + k];
                out[j * K + k] = sum * m.scale[j];
            }
    }

    void pin(const std::vector<Index>& features, Team& team) override {
        std::vector<Index> fresh;
        for (Index j : features)
            if (!this->column_[j]) fresh.push_back(j);
        if (fresh.empty()) return;
        std::sort(fresh.begin(), fresh.end());
        auto& copy = copies_.emplace_back();
        copy.resize(fresh.size() * this->rows_);
        for (std::size_t f = 0; f < fresh.size(); ++f) this->column_[fresh[f]] = copy.data() + f * this->rows_;
        team.for_blocks(this->rows_, 256, [&](std::size_t b, std::size_t e) {
            for (std::size_t f = 0; f < fresh.size(); ++f) {
                T* to = copy.data() + f * this->rows_;
                const T* from = this->at(0, fresh[f]);
                for (std::size_t i = b; i < e; ++i) to[i] = from[i * this->row_stride_];
            }
        });
    }

    std::unique_ptr<Design> twin() const override {
        return std::make_unique<RowMajor>(this->x_, this->rows_, this->cols_, this->row_stride_);
    }

    std::size_t bytes() const override {
        std::size_t sum = 0;
        for (const auto& c : copies_) sum += c.size() * sizeof(T);
        return sum;
    }

private:
    bool pinned(const std::vector<Index>& features) const {
        return std::all_of(features.begin(), features.end(), [&](Index j) { return this->column_[j] != nullptr; });
    }

    /// z_k := the rows from i on, less the means, times w_k; z_k are `rows` apart.
    void rows_there(std::size_t i, std::size_t rows, const double* w, std::size_t K, double* z) const {
        const auto ld = static_cast<std::size_t>(this->row_stride_);
        const double* mean = this->moments_.mean.data();
        if (K == 1) return this->read_.rows_dot(this->at(i, 0), ld, mean, this->cols_, w, rows, z);
        std::fill(z, z + rows * K, 0.0);
        this->read_.accumulate_rows(this->at(i, 0), ld, mean, this->cols_, w, K, K, rows, z, rows);
    }

    /// The transpose, added to out.
    void rows_back(std::size_t i, std::size_t rows, const double* u, std::size_t K, double* out) const {
        const auto ld = static_cast<std::size_t>(this->row_stride_);
        const double* mean = this->moments_.mean.data();
        if (K == 1) return this->read_.rows_axpy(this->at(i, 0), ld, mean, this->cols_, u, rows, out);
        this->read_.correlate_rows(this->at(i, 0), ld, mean, this->cols_, u, rows, K, rows, out, K);
    }

    std::vector<std::vector<T, HugePages<T>>> copies_;
};

}  // namespace

template <class T>
std::unique_ptr<Design> Dense<T>::sample(std::size_t step, std::size_t rows) const {
    std::vector<T> copy(rows * cols_);
    if (row_stride_ == 1) {
        for (std::size_t j = 0; j < cols_; ++j)
            for (std::size_t i = 0; i < rows; ++i) copy[j * rows + i] = *at(i * step, j);
    } else {
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < cols_; ++j) copy[j * rows + i] = *at(i * step, j);
    }
    return std::make_unique<ColumnMajor<T>>(std::move(copy), rows, cols_);
}

template std::unique_ptr<Design> Dense<float>::sample(std::size_t, std::size_t) const;
template std::unique_ptr<Design> Dense<double>::sample(std::size_t, std::size_t) const;

template <class T>
std::unique_ptr<Design> make_dense(const T* x, std::size_t rows, std::size_t cols, std::ptrdiff_t row_stride,
                                   std::ptrdiff_t col_stride) {
    if (row_stride == 1) return std::make_unique<ColumnMajor<T>>(x, rows, cols, col_stride);
    return std::make_unique<RowMajor<T>>(x, rows, cols, row_stride);
}

template std::unique_ptr<Design> make_dense(const float*, std::size_t, std::size_t, std::ptrdiff_t, std::ptrdiff_t);
template std::unique_ptr<Design> make_dense(const double*, std::size_t, std::size_t, std::ptrdiff_t, std::ptrdiff_t);

}  // namespace riata
