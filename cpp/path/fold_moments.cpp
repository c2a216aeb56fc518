#include "path/fold_moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "path/multitask.hpp"

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

PathOptions on_gram(PathOptions options) {
    options.plain = options.whole_gram = true;
    return options;
}

}  // namespace

struct FoldMoments::TrainingSet {
    std::vector<Index> columns;
    Listed listed;
    std::unique_ptr<MomentsDesign> design;
};

/// Takes the cells where moments pay, as far as shapes tell.
std::unique_ptr<FoldMoments> FoldMoments::begin(const Design& design, std::size_t n_responses, const Request& request,
                                                const FoldOptions& options) {
    const std::size_t n = design.rows(), p = design.cols(), side = p + 1 + n_responses;
    if (request.standardize && !request.fit_intercept) return nullptr;  // they are about 0, standard deviations are not
    if (n < 4 * p || std::max(p, n_responses) > kMostColumns || design.interleaves()) return nullptr;
    std::unique_ptr<FoldMoments> self(new FoldMoments);
    auto rows = RowCells::make(options.folds, n, std::min<std::size_t>(100, n / 64));
    if (!rows) return nullptr;
    self->rows_ = std::move(*rows);
    // Those of two folds at work, and of the whole, besides.
    const std::size_t entries = (self->rows_.cells.size() + 6) * side * side;
    if (entries > n * (p + n_responses) ||
        (options.path.memory_limit && entries * sizeof(double) > options.path.memory_limit))
        return nullptr;
    self->design_ = design.twin();
    return self;
}

std::unique_ptr<FoldMoments> FoldMoments::make(const Design& design, const double* y, const Request& request,
                                               const FoldOptions& options, Team& team) {
    auto self = begin(design, 1, request, options);
    if (!self) return nullptr;
    Request lasso = request;
    lasso.l1_ratio = 1;
    self->whole_ = std::make_unique<Problem>(*self->design_, y, lasso, team);
    self->y_ = self->whole_->y;
    self->means_ = {self->whole_->y_mean()};
    return self->gather(team) ? std::move(self) : nullptr;
}

std::unique_ptr<FoldMoments> FoldMoments::make(const Design& design, const std::vector<std::vector<double>>& Y,
                                               const Request& request, const FoldOptions& options, Team& team) {
    auto self = begin(design, Y.size(), request, options);
    if (!self) return nullptr;
    self->whole_ = std::make_unique<Problem>(*self->design_, request, team);
    self->means_ = take_columns(*self->whole_, Y, self->y_);
    return self->gather(team) ? std::move(self) : nullptr;
}

/// The sweep. False where the moments would not do.
bool FoldMoments::gather(Team& team) {
    const auto& usable = whole_->usable;
    if (whole_->uneven || !(whole_->yy > 0) || std::find(usable.begin(), usable.end(), 0) != usable.end()) return false;
    grams_ = design_->cell_grams(rows_.cells, whole_->root_weights(), y_.data(), means_.size(), team);
    all_.assign(rows_.cells.size(), 1.0);
    y_.clear();
    return !grams_.empty();
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
    const std::size_t p = design_->cols(), m = side();
    const double* ones = T.data() + p * m;  // products with the column of ones
    std::vector<Index> columns;
    for (std::size_t j = 0; j < p; ++j) {
        const double squares = T[j * (m + 1)];
        const double about_mean = squares - (request.fit_intercept ? ones[j] / ones[p] * ones[j] : 0.0);
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

/// The moments of those columns, and of the responses, about the means of the rows that T sums up.
CentredMoments FoldMoments::centred(const LargeVector& T, const std::vector<Index>& columns, bool centre) const {
    const std::size_t p = design_->cols(), m = side(), k = columns.size(), K = means_.size();
    const double* ones = T.data() + p * m;
    const double weight = ones[p];
    const auto about_mean = [&](std::size_t a, std::size_t b) {
        return T[a + b * m] - (centre ? ones[a] / weight * ones[b] : 0.0);
    };
    CentredMoments known;
    known.gram.resize(k * k);
    for (std::size_t b = 0; b < k; ++b) {
        const auto j = static_cast<std::size_t>(columns[b]);
        for (std::size_t a = 0; a < k; ++a) known.gram[a + b * k] = about_mean(static_cast<std::size_t>(columns[a]), j);
        for (std::size_t t = 0; t < K; ++t) known.responses.xty.push_back(about_mean(p + 1 + t, j));
        known.scale.push_back(design_->moments().scale[j]);
        known.mean.push_back(design_->moments().mean[j] + (centre ? ones[j] / weight / known.scale[b] : 0.0));
        known.noise = std::max(known.noise, T[j * (m + 1)] / known.gram[b * (k + 1)]);
    }
    double squares = 0, about = 0;
    for (std::size_t t = p + 1; t < m; ++t) {
        known.responses.squares.push_back(about_mean(t, t));
        known.responses.mean.push_back(means_[t - p - 1] + (centre ? ones[t] / weight / whole_->y_unit() : 0.0));
        squares += T[t * (m + 1)];
        about += known.responses.squares.back();
    }
    known.noise = std::max(known.noise, about > 0 ? squares / about : kInfinity);
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

std::optional<FoldMoments::TrainingSet> FoldMoments::training_set(int fold, const Request& request, Team& team) const {
    const LargeVector T = sum(counts(fold));
    auto columns = varying(T, request.sample_weight, request, team);
    if (!columns || columns->empty()) return std::nullopt;
    CentredMoments known = centred(T, *columns, request.fit_intercept);
    if (!(known.noise <= 1 / kAbout)) return std::nullopt;  // the responses hardly vary
    set_units(known, counts(fold));
    Listed listed(request, *columns);
    auto design = std::make_unique<MomentsDesign>(design_->rows(), std::move(known));
    return TrainingSet{std::move(*columns), std::move(listed), std::move(design)};
}

std::optional<TaskFoldPath> FoldMoments::solve(int fold, const Request& request, Control& control,
                                               const PathsOf& paths) const {
    Team team(1, &control);
    auto set = training_set(fold, request, team);
    if (!set) return std::nullopt;
    TaskFoldPath out;
    try {
        out.path = paths(*set, team);
    } catch (const NeedsRows&) {
        return std::nullopt;
    }
    for (Path& path : out.path)
        for (Solution& solution : path.solutions)
            for (Index& j : solution.features) j = set->columns[static_cast<std::size_t>(j)];
    if (fold < 0) return out;
    auto loss = losses(out.path, sum(rows_.test[static_cast<std::size_t>(fold)]));
    if (!loss) return std::nullopt;
    out.loss = std::move(*loss);
    return out;
}

std::optional<FoldPath> FoldMoments::solve(int fold, const double* y, const Request& request,
                                           const PathOptions& options, Control& control) const {
    auto out = solve(fold, request, control, [&](TrainingSet& set, Team& team) {
        Problem problem(*set.design, y, set.listed.request, team);
        for (double& c : problem.xty) c *= problem.y_unit() / whole_->y_unit();
        return std::vector<Path>{solve_path(problem, on_gram(options), control)};
    });
    if (!out) return std::nullopt;
    return FoldPath{std::move(out->path[0]), std::move(out->loss), {}};
}

std::optional<TaskFoldPath> FoldMoments::solve(int fold, const Request& request, const PathOptions& options,
                                               Control& control) const {
    return solve(fold, request, control, [&](TrainingSet& set, Team& team) {
        Problem problem(*set.design, set.listed.request, team);
        const Responses responses(problem, set.design->responses(), whole_->y_unit());
        return MultiTaskDriver(problem, responses, on_gram(options), control).run();
    });
}

std::optional<double> FoldMoments::alpha_max(const Request& request, Control& control) const {
    Team team(1, &control);
    auto set = training_set(-1, request, team);
    if (!set) return std::nullopt;
    Problem problem(*set->design, set->listed.request, team);
    const Responses responses(problem, set->design->responses(), whole_->y_unit());
    try {
        return riata::alpha_max(problem, responses, control);
    } catch (const NeedsRows&) {
        return std::nullopt;
    }
}

/// Means over the rows and responses of the squared residuals e = y - Xh w - c, in the units of the whole problem, on the rows
/// whose Gram matrix of [Xh, 1, Y] is given: (-w, -c, 1)' held (-w, -c, 1). All responses use the same features.
std::optional<std::vector<double>> FoldMoments::losses(const std::vector<Path>& paths, const LargeVector& held) const {
    const std::size_t p = design_->cols(), m = side(), K = paths.size();
    const auto &mean = design_->moments().mean, &scale = design_->moments().scale;
    const double unit = whole_->y_unit(), weight = held[p * (m + 1)];
    std::vector<double> losses, v, product(K), size(K);
    std::vector<std::size_t> at;
    for (std::size_t k = 0; k < paths[0].solutions.size(); ++k) {
        const auto& features = paths[0].solutions[k].features;
        at.assign(features.begin(), features.end());
        at.push_back(p);
        v.resize(at.size() * K);
        for (std::size_t t = 0; t < K; ++t) {
            const Solution& solution = paths[t].solutions[k];
            double c = solution.intercept - means_[t];
            for (std::size_t i = 0; i < features.size(); ++i) {
                v[i * K + t] = -solution.values[i] / scale[at[i]] * unit;
                c += solution.values[i] * mean[at[i]];
            }
            v[features.size() * K + t] = -c * unit;
        }
        double sum = 0, squares = 0;
        for (std::size_t t = 0; t < K; ++t) {
            const double* y = held.data() + (p + 1 + t) * m;
            sum += y[p + 1 + t];
            size[t] = std::sqrt(y[p + 1 + t]);
            for (std::size_t b = 0; b < at.size(); ++b) sum += 2 * v[b * K + t] * y[at[b]];
        }
        for (std::size_t b = 0; b < at.size(); ++b) {
            const double *column = held.data() + at[b] * m, *vb = v.data() + b * K, root = std::sqrt(column[at[b]]);
            for (std::size_t t = 0; t < K; ++t) product[t] = 0.5 * column[at[b]] * vb[t];
            for (std::size_t a = 0; a < b; ++a)
                for (std::size_t t = 0; t < K; ++t) product[t] += column[at[a]] * v[a * K + t];
            for (std::size_t t = 0; t < K; ++t) {
                sum += 2 * vb[t] * product[t];
                size[t] += std::abs(vb[t]) * root;
            }
        }
        for (double root : size) squares += root * root;
        if (!(kRounding * squares <= kLossError * sum)) return std::nullopt;
        losses.push_back(sum / weight / static_cast<double>(K) / unit / unit);
    }
    return losses;
}

}  // namespace riata
