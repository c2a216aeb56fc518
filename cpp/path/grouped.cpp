#include "path/grouped.hpp"

#include <algorithm>
#include <cmath>

#include "path/candidates.hpp"
#include "path/certify.hpp"
#include "path/grid.hpp"
#include "path/handed_out.hpp"

namespace riata {

namespace {
constexpr int kMaxRounds = 1000;
constexpr int kPatience = 20;       // rounds that gain nothing before an alpha is left as it is
constexpr double kMargin = 0.7;     // of tol: gap over the working set at which the features beyond are looked at
constexpr double kFalling = 0.99;   // of the gap,
constexpr double kGain = 1e-3;      // or of the objective as a share of the gap: what a round has to gain
constexpr double kNullGap = 1e-12;  // of the null model
constexpr double kClearly = 1e-10;  // of l1: what a row that should not be zero pulls more
constexpr int kFewestSweeps = 4;    // over the working set for one look at the loss, one more each time,
constexpr int kMostSweeps = 60;     // at most
constexpr std::size_t kLeast = 64;  // features that a working set may grow by
}  // namespace

GroupedDriver::GroupedDriver(Problem& problem, const std::vector<int>& labels, int n_classes,
                             const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), n_(labels.size()), present_(problem, labels, n_classes),
      C_(present_.origin.size()), softmax_(problem, present_.labels, C_), model_(problem), factors_(problem, softmax_),
      paths_(static_cast<std::size_t>(n_classes), options, control) {}

std::vector<Path> GroupedDriver::run() {
    start();
    const double top = alpha_max_of_rows(problem_, all_, C_);
    paths_.begin(top, null_loss_ / problem_.weight);
    auto alphas = make_alphas(options_, top, problem_.design.cols() > n_);
    if (take_start(alphas.back())) alphas = {alphas.back()};
    JointModel model;
    model.solve = [this](const Waypoint& at) {
        grow_at(at.alpha, at.before);
        solve(at.alpha, at.tol);
        if (!at.wanted) stone_solves_ += solves_;
    };
    model.solution = [this](std::size_t k) { return solution(k); };
    model.excess = [this](const std::vector<Path>& paths) { return excess(paths); };
    model.df = [this] { return df(); };
    return paths_.walk(alphas, model);
}

/// The model of intercepts and of features that nothing keeps out.
void GroupedDriver::start() {
    now_.b = softmax_.null_intercepts();
    now_.eta.resize(n_ * C_);
    for (std::size_t k = 0; k < C_; ++k) std::fill_n(now_.eta.data() + k * n_, n_, now_.b[k]);
    P_.resize(n_ * C_);
    R_.resize(n_ * C_);
    predict();
    null_loss_ = loss_;
    find_slopes();
    for (std::size_t k = 0; k < C_; ++k)
        problem_.yy = std::max(problem_.yy, problem_.inner(R_.data() + k * n_, R_.data() + k * n_));
    const auto always = unpenalised(problem_);
    if (!always.empty()) {
        grow(always);
        solve(kInfinity, kNullGap);
        if (options_.only_last) stone_solves_ = solves_;
    }
    correlate();
}

/// Moves to the coefficients that the caller starts from. False where the model at hand is better.
bool GroupedDriver::take_start(double alpha) {
    if (!options_.only_last || options_.start_coefs.empty()) return false;
    const std::size_t p = problem_.design.cols();
    const auto given = [&](std::size_t k, std::size_t j) { return options_.start_coefs[present_.origin[k] * p + j]; };
    std::vector<double> b;
    for (std::size_t k : present_.origin) b.push_back(options_.start_intercepts[k]);
    std::vector<Index> fresh;
    for (std::size_t j = 0; j < p; ++j) {
        bool any = false;
        for (std::size_t k = 0; k < C_; ++k) {
            b[k] += given(k, j) * problem_.design.moments().mean[j];
            any = any || given(k, j) != 0;
        }
        const auto place = static_cast<Index>(j);
        if (any && problem_.usable[j] && model_.slot(place) < 0) fresh.push_back(place);
    }
    set_penalty(alpha);
    predict();
    const double without = objective();
    grow(fresh);
    const Iterate kept = now_;
    std::vector<double> W(now_.W.size());
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        double mean = 0;  // which no probability depends on, and no solution has
        for (std::size_t k = 0; k < C_; ++k) mean += given(k, feature(slot)) / static_cast<double>(C_);
        for (std::size_t k = 0; k < C_; ++k)
            W[slot * C_ + k] = problem_.normalised(feature(slot), given(k, feature(slot)) - mean);
    }
    move(W);
    for (std::size_t k = 0; k < C_ && problem_.request.fit_intercept; ++k) {
        for (std::size_t i = 0; i < n_; ++i) now_.eta[k * n_ + i] += b[k] - now_.b[k];
        now_.b[k] = b[k];
    }
    find_slopes();
    const bool better = objective() < without;
    if (!better) {
        now_ = kept;
        find_slopes();
    }
    correlate();
    return better;
}

bool GroupedDriver::present(std::size_t slot) const {
    return std::any_of(row(slot), row(slot) + C_, [](double w) { return w != 0; });
}

void GroupedDriver::set_penalty(double alpha) {
    if (alpha < kInfinity)
        problem_.at(alpha);
    else
        problem_.at_infinity();
}

void GroupedDriver::grow(const std::vector<Index>& features) {
    if (features.empty()) return;
    std::vector<std::size_t> slots;
    for (std::size_t i = 0; i < features.size(); ++i) slots.push_back(model_.size() + i);
    model_.grow(features);
    model_.admit(slots);
    now_.W.resize(model_.size() * C_, 0.0);
    paths_.count_passes(static_cast<double>(features.size()) / static_cast<double>(problem_.design.cols()));
}

/// Adds the features whose correlations exceed their l1 at alpha, or would if they went on to change as the penalty does
/// from `before` to alpha. True when there were any.
bool GroupedDriver::grow_at(double alpha, double before) {
    if (alpha == kInfinity) return false;
    problem_.at(before);
    const double l1_before = problem_.penalty.l1_scale;
    problem_.at(alpha);
    const double threshold = 2 * problem_.penalty.l1_scale - l1_before;
    std::vector<Candidate> found;
    for (std::size_t j = 0; j < problem_.design.cols(); ++j) {
        if (!problem_.usable[j] || model_.slot(static_cast<Index>(j)) >= 0) continue;
        const double size = norm_of(all_.data() + j * C_, C_), factor = problem_.penalty.l1_factor[j];
        if (size > threshold * factor * (1 + 1e-12)) found.push_back({static_cast<Index>(j), size / factor});
    }
    const auto features = best_of(found, std::max(kLeast, model_.size() / 2));
    grow(features);
    return !features.empty();
}

/// Whether a row of the working set is zero and should not be.
bool GroupedDriver::unsettled() const {
    for (std::size_t slot = 0; slot < model_.size(); ++slot) {
        if (!problem_.usable[feature(slot)] || present(slot)) continue;
        const double l1 = problem_.penalty.l1(feature(slot));
        if (norm_of(c_.data() + slot * C_, C_) > l1 * (1 + kClearly)) return true;
    }
    return false;
}

/// Steps until the gap over all features is at most tol or stands still. Features beyond the working set are looked at
/// when all is well within.
void GroupedDriver::solve(double alpha, double tol) {
    set_penalty(alpha);
    solves_ = 0;
    best_dual_ = 0;
    stepped_ = true;
    int idle = 0;
    for (int round = 0; round < kMaxRounds; ++round) {
        if (control_.cancelled()) throw Cancelled{};
        const Certificate before = certificate_;
        look(tol, false);
        bool grown = false;
        if (certificate_.rel_gap <= kMargin * tol) {
            look(tol, true);
            if (certificate_.rel_gap <= tol) return;
            grown = grow_at(alpha, alpha);
            if (grown) correlate_within();
        }
        const bool gained = round == 0 || before.primal - certificate_.primal > kGain * certificate_.gap ||
                            certificate_.gap < kFalling * before.gap;
        idle = grown || gained ? 0 : idle + 1;
        if (idle > kPatience || solves_ >= options_.max_solves) break;
        // A whole sweep unsettles the other rows a little, but finds the support where Newton steps end at corners.
        const bool all = round == 0 || !stepped_ || idle > 0;
        if ((unsettled() || !stepped_) && sweep(all ? std::min(kFewestSweeps + round, kMostSweeps) : 0)) {
            find_slopes();
            correlate_within();
        }
        stepped_ = newton_step();
    }
    look(tol, true, true);
}

/// Coefficients of all classes in rows that are not zero.
std::size_t GroupedDriver::df() const {
    std::size_t rows = 0;
    for (std::size_t slot = 0; slot < model_.size(); ++slot) rows += present(slot);
    return rows * C_;
}

/// See JointModel.
double GroupedDriver::excess(const std::vector<Path>& paths) const {
    std::vector<double> E(n_ * C_), P(E.size());
    for (std::size_t k = 0; k < C_; ++k) {
        const auto eta = margins_of(problem_, paths[present_.origin[k]].solutions.back());
        std::copy(eta.begin(), eta.end(), E.begin() + static_cast<std::ptrdiff_t>(k * n_));
    }
    return (softmax_.predict(E.data(), P.data()) - loss_) / problem_.weight;
}

Solution GroupedDriver::solution(std::size_t caller) const {
    Solution s;
    s.n_solves = solves_ + stone_solves_;
    s.dev_ratio = null_loss_ > 0 ? 1.0 - loss_ / null_loss_ : 0.0;
    s.certificate = certificate_;
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap}) *value /= problem_.weight;
    // Intercepts are free up to a constant: they sum to zero.
    double mean = 0;
    for (double b : now_.b) mean += b / static_cast<double>(C_);
    if (present_.place[caller] < 0) {
        s.intercept = present_.impossible_intercept(now_.eta.data()) - mean;
        return s;
    }
    const auto k = static_cast<std::size_t>(present_.place[caller]);
    std::vector<std::pair<Index, double>> entries;
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (present(slot))
            entries.emplace_back(model_.features()[slot], problem_.coefficient(feature(slot), row(slot)[k]));
    const double off = hand_out(problem_, std::move(entries), now_.b[k] - mean, s);
    s.rounding = 0.5 * off * off;  // curvatures are at most 1/2
    return s;
}

std::vector<Path> solve_grouped_path(Problem& problem, const std::vector<int>& labels, int n_classes,
                                     const PathOptions& options, Control& control) {
    return GroupedDriver(problem, labels, n_classes, options, control).run();
}

}  // namespace riata
