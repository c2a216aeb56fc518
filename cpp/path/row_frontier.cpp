#include "path/row_frontier.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "path/candidates.hpp"

namespace riata {

namespace {
constexpr double kLikely = 0.97;            // of its l1: what an extrapolated row has to reach to be predicted
constexpr double kEntriesPerReference = 8;  // of X, per row
constexpr std::size_t kMostKept = 16;
}  // namespace

RowFrontier::RowFrontier(const Problem& problem, const GramModel& model, const Responses& responses,
                         std::vector<double> null_residual, std::vector<double> null_correlations)
    : problem_(problem), model_(model), responses_(responses), K_(responses.tasks()), null_(std::move(null_residual)),
      null_c_(std::move(null_correlations)), reference_(problem.design.cols(), -1), exact_then_(null_c_.size(), 0.0),
      c_before_(null_c_.size(), 0.0), c_now_(null_c_) {
    const double rows = static_cast<double>(problem.design.rows());
    most_kept_ = std::clamp<std::size_t>(
        static_cast<std::size_t>(problem.design.entries() / kEntriesPerReference / rows), 2, kMostKept);
    const std::size_t n = problem.design.rows();
    for (std::size_t t = 0; t < K_; ++t)
        null_square_.push_back(problem.inner(null_.data() + t * n, null_.data() + t * n));
    for (std::size_t j = 0; j < problem.design.cols(); ++j)
        if (problem.usable[j]) beyond_.push_back(static_cast<Index>(j));
    drop_members();
}

void RowFrontier::drop_members() {
    std::erase_if(beyond_, [&](Index j) { return model_.slot(j) >= 0; });
}

/// The combination of every task's residual with a reference t (null: none) goes to this place.
void RowFrontier::combine_with(std::size_t place, const double* t, const std::vector<double>& R) {
    const std::size_t n = problem_.design.rows();
    double rest = 0;
    for (std::size_t k = 0; k < K_; ++k) {
        const double *r = R.data() + k * n, *y = null_.data() + k * n, *of = t ? t + k * n : nullptr;
        const double rt = of ? problem_.inner(r, of) : 0, tt = of ? problem_.inner(of, of) : 0;
        const double ty = of ? problem_.inner(of, y) : 0;
        const double rr = problem_.inner(r, r), ry = problem_.inner(r, y), yy = null_square_[k];
        Combination c = combine(rr, ry, rt, tt, ty, yy);
        if (!of) {
            c.of_y = yy > 0 ? ry / yy : 0.0;
            c.rest = std::sqrt(std::max(0.0, rr - c.of_y * ry) + 1e-15 * (rr + c.of_y * c.of_y * yy));
        }
        of_reference_[place * K_ + k] = c.of_reference;
        of_null_[place * K_ + k] = c.of_y;
        rest += c.rest * c.rest;
    }
    rest_[place] = std::sqrt(rest);
}

/// c := the best guess at the correlations of feature j. Returns how far off their length may be.
double RowFrontier::estimate(std::size_t j, double* c) const {
    const auto place = static_cast<std::size_t>(reference_[j] + 1);
    const double *a = of_reference_.data() + place * K_, *b = of_null_.data() + place * K_;
    for (std::size_t t = 0; t < K_; ++t) c[t] = a[t] * exact_then_[j * K_ + t] + b[t] * null_c_[j * K_ + t];
    return problem_.design.moments().norm[j] * rest_[place];
}

std::size_t RowFrontier::look(const PenaltyAt& at, const std::vector<double>& R, const std::vector<double>& u) {
    at_ = at;
    listed_.clear();
    if (beyond_.empty()) return 0;
    of_reference_.resize((stored_.size() + 1) * K_);
    of_null_.resize((stored_.size() + 1) * K_);
    rest_.resize(stored_.size() + 1);
    combine_with(0, nullptr, R);
    for (std::size_t i = 0; i < stored_.size(); ++i) combine_with(i + 1, stored_[i].data(), R);
    std::vector<double> c(K_);
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        const double off = estimate(j, c.data());
        if (!(norm_of(c.data(), K_) + off <= at.l1(j))) listed_.push_back(feature);
    }
    exact_.resize(listed_.size() * K_);
    if (!listed_.empty()) problem_.design.correlate(listed_, u.data(), K_, exact_.data(), problem_.team);
    return listed_.size();
}

std::vector<Index> RowFrontier::violators(std::size_t limit) const {
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < listed_.size(); ++i) {
        const double l1 = at_.l1(static_cast<std::size_t>(listed_[i])), size = norm_of(exact(i), K_);
        if (size > l1) candidates.push_back({listed_[i], size / l1});
    }
    return best_of(candidates, limit);
}

void RowFrontier::remember(const std::vector<double>& R) {
    if (listed_.empty()) return;
    if (stored_.size() < most_kept_) {
        newest_ = stored_.size();
        stored_.push_back(R);
    } else {
        newest_ = (newest_ + 1) % most_kept_;
        stored_[newest_] = R;
        for (int& reference : reference_)
            if (reference == static_cast<int>(newest_)) reference = -1;
    }
    for (std::size_t i = 0; i < listed_.size(); ++i) {
        const auto j = static_cast<std::size_t>(listed_[i]);
        reference_[j] = static_cast<int>(newest_);
        std::copy_n(exact(i), K_, exact_then_.data() + j * K_);
    }
}

/// Follows look(), before remember().
void RowFrontier::advance() {
    c_before_.swap(c_now_);
    at_before_ = at_now_;
    at_now_ = at_.l1_scale;
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        estimate(j, c_now_.data() + j * K_);
    }
    for (std::size_t i = 0; i < listed_.size(); ++i)
        std::copy_n(exact(i), K_, c_now_.data() + static_cast<std::size_t>(listed_[i]) * K_);
}

std::vector<Index> RowFrontier::candidates(const PenaltyAt& at, std::size_t limit) const {
    const double ahead = at_now_ - at.l1_scale, run = at_before_ - at_now_;
    const double step = run > 0 && ahead > 0 ? ahead / run : 0.0;
    std::vector<Candidate> candidates;
    std::vector<double> c(K_);
    for (Index feature : beyond_) {
        const auto j = static_cast<std::size_t>(feature);
        const double *now = c_now_.data() + j * K_, *before = c_before_.data() + j * K_;
        for (std::size_t t = 0; t < K_; ++t) c[t] = now[t] + step * (now[t] - before[t]);
        const double score = norm_of(c.data(), K_) / problem_.penalty.l1_factor[j];
        if (score > kLikely * at.l1_scale) candidates.push_back({feature, score});
    }
    return best_of(candidates, limit);
}

}  // namespace riata
