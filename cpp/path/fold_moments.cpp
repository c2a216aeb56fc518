#include "path/fold_moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace riata {

namespace {

constexpr std::size_t kMostColumns = 512;
constexpr double kEps = std::numeric_limits<double>::epsilon();
/// Least share that a column's squares about its own mean have of those about the mean of all rows.
constexpr double kAbout = 1e-4;
constexpr double kRounding = 4e-15;   // of a squared norm put together from Gram entries
constexpr double kLossError = 1e-10;  // relative, that a loss may have by rounding

/// A request for the listed features alone.
struct Listed {
    Listed(const Request& from, const std::vector<Index>& features) : request(from) {
        std::size_t next = 0;
        for (const double** values : {&request.penalty_weights, &request.l2_weights, &request.lower, &request.upper}) {
            auto& own = values_[next++];
            if (!*values) continue;
            for (Index j : features) own.push_back((*values)[j]);
            *values = own.data();
        }
    }

    Request request;

private:
    std::vector<double> values_[4];
};

}  // namespace

std::unique_ptr<FoldMoments> FoldMoments::make(const Design& design, const double* y, const Request& request,
                                               const FoldOptions& options, Team& team) {
    const std::size_t n = design.rows(), p = design.cols();
    if (n < 4 * p || p > kMostColumns || design.interleaves()) return nullptr;
    std::unique_ptr<FoldMoments> self(new FoldMoments);
    auto rows = RowCells::make(options.folds, n, std::min<std::size_t>(100, n / 64));
    if (!rows) return nullptr;
    self->rows_ = std::move(*rows);
    // Those of two folds at work, and of the whole, besides.
    const std::size_t entries = (self->rows_.cells.size() + 6) * (p + 2) * (p + 2);
    if (entries > n * p || (options.path.memory_limit && entries * sizeof(double) > options.path.memory_limit))
        return nullptr;
    self->design_ = design.twin();
    Request lasso = request;
    lasso.l1_ratio = 1;
    self->whole_ = std::make_unique<Problem>(*self->design_, y, lasso, team);
    const Problem& whole = *self->whole_;
    if (whole.uneven || !whole.varies ||
        std::any_of(whole.usable.begin(), whole.usable.end(), [](char usable) { return !usable; }))
        return nullptr;
    self->grams_ = self->design_->cell_grams(self->rows_.cells, whole.root_weights(), whole.y.data(), team);
    if (self->grams_.empty()) return nullptr;
    return self;
}

LargeVector FoldMoments::sum(const std::vector<double>& count) const {
    LargeVector out(grams_[0].size(), 0.0);
    for (std::size_t c = 0; c < grams_.size(); ++c)
        if (count[c] != 0)
            for (std::size_t i = 0; i < out.size(); ++i) out[i] += count[c] * grams_[c][i];
    return out;
}

/// The columns that vary on the rows with these weights, of which T is the sum of the cells; nothing where the moments cannot
/// tell, or where one that does not vary has to be displaced.
std::optional<std::vector<Index>> FoldMoments::varying(const LargeVector& T, const double* s, const Request& request,
                                                       Team& team) const {
    const std::size_t p = design_->cols(), m = p + 2;
    const double* ones = T.data() + (p + 1) * m;  // products with the column of ones
    std::vector<Index> columns;
    for (std::size_t j = 0; j < p; ++j) {
        const double squares = T[j * (m + 1)];
        const double about_mean = squares - (request.fit_intercept ? ones[j] / ones[p + 1] * ones[j] : 0.0);
        if (about_mean >= kAbout * squares && squares > 0) {
            columns.push_back(static_cast<Index>(j));
            continue;
        }
        const bool displaced = (request.lower && request.lower[j] > 0) || (request.upper && request.upper[j] < 0);
        if (displaced || !request.fit_intercept || !is_constant(j, s, team)) return std::nullopt;
    }
    return columns;
}

/// The same test that measuring a design makes, of the rows themselves.
bool FoldMoments::is_constant(std::size_t j, const double* s, Team& team) const {
    const std::size_t n = design_->rows();
    std::vector<double> x(n);
    design_->gather({static_cast<Index>(j)}, nullptr, x.data(), team);
    std::size_t first = 0;
    while (s && first + 1 < n && s[first] == 0) ++first;
    double weight = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) weight += s ? s[i] : 1.0, sum += (s ? s[i] : 1.0) * (x[i] - x[first]);
    const double mean = x[first] + sum / weight;
    for (std::size_t i = 0; i < n; ++i) squares += (s ? s[i] : 1.0) * (x[i] - mean) * (x[i] - mean);
    const double scale = design_->moments().scale[j], rounding = 4 * kEps * (mean + scale * design_->moments().mean[j]);
    return squares <= weight * rounding * rounding;
}

/// The moments of those columns about the means of the rows that T sums up.
CentredMoments FoldMoments::centred(const LargeVector& T, const std::vector<Index>& columns, bool centre) const {
    const std::size_t p = design_->cols(), m = p + 2, k = columns.size();
    const double* ones = T.data() + (p + 1) * m;
    const double weight = ones[p + 1];
    const auto about_mean = [&](std::size_t a, std::size_t b) {
        return T[a + b * m] - (centre ? ones[a] / weight * ones[b] : 0.0);
    };
    CentredMoments known;
    known.gram.resize(k * k);
    for (std::size_t b = 0; b < k; ++b) {
        const auto j = static_cast<std::size_t>(columns[b]);
        for (std::size_t a = 0; a < k; ++a) known.gram[a + b * k] = about_mean(static_cast<std::size_t>(columns[a]), j);
        known.xty.push_back(about_mean(j, p));
        known.scale.push_back(design_->moments().scale[j]);
        known.mean.push_back(design_->moments().mean[j] + (centre ? ones[j] / weight / known.scale[b] : 0.0));
        known.noise = std::max(known.noise, T[j * (m + 1)] / known.gram[b * (k + 1)]);
    }
    return known;
}

/// Names a row that counts, whose weight is known in the units of the cells.
void FoldMoments::set_units(CentredMoments& known, const std::vector<double>& count) const {
    for (std::size_t c = 0; c < rows_.cells.size(); ++c)
        for (Index i : rows_.cells[c]) {
            known.row = static_cast<std::size_t>(i);
            known.weight = count[c] * (whole_->weights() ? whole_->s[known.row] : 1.0);
            if (known.weight > 0) return;
        }
}

std::optional<FoldPath> FoldMoments::solve(int fold, const double* y, const Request& request,
                                           const PathOptions& options, Control& control) const {
    const auto f = static_cast<std::size_t>(std::max(fold, 0));
    const std::vector<double> count = fold < 0 ? std::vector<double>(rows_.cells.size(), 1.0) : rows_.train[f];
    const LargeVector T = sum(count);
    Team team(1, &control);
    const auto columns = varying(T, request.sample_weight, request, team);
    if (!columns || columns->empty()) return std::nullopt;
    CentredMoments known = centred(T, *columns, request.fit_intercept);
    set_units(known, count);
    MomentsDesign design(design_->rows(), std::move(known));
    const Listed listed(request, *columns);
    Problem problem(design, y, listed.request, team);
    for (double& c : problem.xty) c *= problem.y_unit() / whole_->y_unit();
    PathOptions on_gram = options;
    on_gram.plain = on_gram.whole_gram = true;
    FoldPath out;
    try {
        out.path = solve_path(problem, on_gram, control);
    } catch (const NeedsRows&) {
        return std::nullopt;
    }
    for (Solution& solution : out.path.solutions)
        for (Index& j : solution.features) j = (*columns)[static_cast<std::size_t>(j)];
    if (fold < 0) return out;
    auto loss = losses(out.path.solutions, sum(rows_.test[f]));
    if (!loss) return std::nullopt;
    out.loss = std::move(*loss);
    return out;
}

/// Means of the squared residuals e = y - Xh w - c on the rows whose Gram matrix of [Xh, y, 1] is given, in the units of the
/// whole problem: (-w, 1, -c)' held (-w, 1, -c).
std::optional<std::vector<double>> FoldMoments::losses(const std::vector<Solution>& solutions,
                                                       const LargeVector& held) const {
    const std::size_t p = design_->cols(), m = p + 2;
    const auto &mean = design_->moments().mean, &scale = design_->moments().scale;
    const double unit = whole_->y_unit(), weight = held[(p + 1) * (m + 1)];
    std::vector<double> losses, v;
    std::vector<std::size_t> at;
    for (const Solution& solution : solutions) {
        at.clear();
        v.clear();
        double c = solution.intercept - whole_->y_mean();
        for (std::size_t i = 0; i < solution.features.size(); ++i) {
            const auto j = static_cast<std::size_t>(solution.features[i]);
            at.push_back(j);
            v.push_back(-solution.values[i] / scale[j] * unit);
            c += solution.values[i] * mean[j];
        }
        at.insert(at.end(), {p, p + 1});
        v.insert(v.end(), {1.0, -c * unit});
        double sum = 0, size = 0;
        for (std::size_t b = 0; b < at.size(); ++b) {
            const double* column = held.data() + at[b] * m;
            double product = 0;
            for (std::size_t a = 0; a < at.size(); ++a) product += column[at[a]] * v[a];
            sum += v[b] * product;
            size += std::abs(v[b]) * std::sqrt(column[at[b]]);
        }
        if (!(kRounding * size * size <= kLossError * sum)) return std::nullopt;
        losses.push_back(sum / weight / unit / unit);
    }
    return losses;
}

}  // namespace riata
