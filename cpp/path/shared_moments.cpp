#include "path/shared_moments.hpp"

#include <cmath>
#include <limits>

namespace riata {

namespace {

constexpr std::size_t kMostCells = 16;
constexpr double kEps = std::numeric_limits<double>::epsilon();
/// Least share that squares about the mean of a training set have of those about the common origin: what is less has
/// cancelled, and is measured.
constexpr double kAbout = 1e-2;

struct Sums {
    double v = 0, squares = 0, products = 0;
};

}  // namespace

std::unique_ptr<SharedMoments> SharedMoments::make(const Design& design, const double* y, const Request& request,
                                                   const std::vector<Fold>& folds, Team& team) {
    auto rows = RowCells::make(folds, design.rows(), kMostCells);
    if (!rows) return nullptr;
    std::unique_ptr<SharedMoments> self(new SharedMoments);
    self->rows_ = std::move(*rows);
    self->design_ = design.twin();
    Request lasso = request;
    lasso.l1_ratio = 1;
    self->whole_ = y ? std::make_unique<Problem>(*self->design_, y, lasso, team)
                     : std::make_unique<Problem>(*self->design_, lasso, team);
    const Problem& whole = *self->whole_;
    self->sums_ = self->design_->cell_sums(self->rows_.cells, whole.weights(), y ? whole.y.data() : nullptr, team);
    for (const auto& cell : self->rows_.cells) {
        double weight = 0, sum = 0, squares = 0;
        for (Index row : cell) {
            const auto i = static_cast<std::size_t>(row);
            const double s = whole.s.empty() ? 1.0 : whole.s[i], value = y ? whole.y[i] : 0.0;
            weight += s;
            sum += s * value;
            squares += s * value * value;
        }
        self->weight_.push_back(weight);
        self->y_.push_back(sum);
        self->yy_.push_back(squares);
    }
    return self;
}

SharedMoments::Training::Training(const SharedMoments& all, int fold)
    : all_(all), count_(fold < 0 ? std::vector<double>(all.weight_.size(), 1.0)
                                 : all.rows_.train[static_cast<std::size_t>(fold)]) {}

void SharedMoments::Training::measure(const Problem& problem, double* xty) const {
    const Problem& whole = *all_.whole_;
    const Moments& from = whole.design.moments();
    const bool centre = problem.request.fit_intercept;
    double weight = 0, y = 0, yy = 0;
    for (std::size_t c = 0; c < count_.size(); ++c) {
        weight += count_[c] * all_.weight_[c];
        y += count_[c] * all_.y_[c];
        yy += count_[c] * all_.yy_[c];
    }
    const double* response = xty ? problem.y.data() : nullptr;
    if (xty && !(yy - (centre ? y / weight * y : 0.0) >= kAbout * yy)) {
        problem.design.measure(problem.weights(), response, centre, xty, problem.team);
        return;
    }
    // Both have weights in units that are powers of two, and y as well.
    const double unit = std::exp2(std::round(std::log2(problem.weight / weight)));
    const double y_unit = unit * problem.y_unit() / whole.y_unit();
    Moments known = from;
    std::vector<Index> unknown;
    for (std::size_t j = 0; j < known.norm.size(); ++j) {
        if (from.norm[j] == 0) continue;  // nowhere does it vary
        Sums sum;
        for (std::size_t c = 0; c < count_.size(); ++c) {
            if (count_[c] == 0) continue;
            const double* cell = all_.sums_.sum[c].data() + 3 * j;
            sum.v += count_[c] * cell[0];
            sum.squares += count_[c] * cell[1];
            sum.products += count_[c] * cell[2];
        }
        const double mean = centre ? sum.v / weight : 0.0, squares = sum.squares - mean * sum.v;
        const double rounding = 4 * kEps * (mean + from.scale[j] * all_.sums_.origin[j]);
        if (!(squares >= kAbout * sum.squares) || (centre && squares <= weight * rounding * rounding)) {
            unknown.push_back(static_cast<Index>(j));
            continue;
        }
        const double norm = std::sqrt(unit * squares), factor = squares > 0 ? std::exp2(-std::ilogb(norm)) : 1.0;
        known.mean[j] = centre ? all_.sums_.origin[j] + mean / from.scale[j] : 0.0;
        known.scale[j] = squares > 0 ? from.scale[j] * factor : 1.0;
        known.norm[j] = norm * factor;
        if (xty) xty[j] = y_unit * factor * (sum.products - mean * y);
    }
    problem.design.adopt(std::move(known), unknown, problem.weights(), response, centre, xty);
}

}  // namespace riata
