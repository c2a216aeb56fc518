#include "path/multinomial.hpp"

#include <algorithm>
#include <cmath>

#include "path/candidates.hpp"
#include "path/certify.hpp"
#include "path/grid.hpp"
#include "path/handed_out.hpp"
#include "path/newton_driver.hpp"

namespace riata {

namespace {
constexpr int kMaxCycles = 2000;
constexpr int kPatience = 20;      // cycles that gain nothing before an alpha is left as it is
constexpr int kStuck = 2;          // cycles from which on a step together sets free what is pulled
constexpr double kMargin = 0.7;    // of tol: gap over the working sets at which the features beyond are looked at
constexpr double kFalling = 0.99;  // or what they may leave of the gap
constexpr double kSlow = 0.3;      // of the gap left by a cycle: classes had better step together
constexpr double kGain = 1e-3;     // of the gap: what a cycle has to gain
constexpr double kNullGap = 1e-12;
constexpr double kLeast = 1e-17;  // of the loss: what profiling an intercept may leave at the least
constexpr int kMostPolish = 12;
constexpr double kPolished =
    0.3;  // of the gradient: what a step beyond the tolerance may leave to be followed by another
constexpr double kRounding = 1e-14;  // of the objective
}  // namespace

MultinomialDriver::Class::Class(Problem& problem, std::vector<double> y, Control& control)
    : loss(Family::kBinomial, std::move(y), problem.weights(), problem.team), model(problem, loss),
      newton(problem, loss, nullptr, model, control) {}

MultinomialDriver::MultinomialDriver(Problem& problem, const std::vector<int>& labels, int n_classes,
                                     const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), n_(labels.size()), present_(problem, labels, n_classes),
      softmax_(problem, present_.labels, present_.origin.size()),
      paths_(static_cast<std::size_t>(n_classes), options, control) {
    for (std::size_t k = 0; k < present_.origin.size(); ++k) {
        std::vector<double> y(n_);
        for (std::size_t i = 0; i < n_; ++i) y[i] = static_cast<std::size_t>(present_.labels[i]) == k;
        classes_.push_back(std::make_unique<Class>(problem, std::move(y), control));
    }
}

std::vector<Path> MultinomialDriver::run() {
    begin();
    const bool opened = open();
    const double goal = std::max(options_.tol, options_.enough);
    if (!opened) start();
    double top = 0;
    for (const auto& one : classes_) top = std::max(top, alpha_max(problem_, one->c));
    paths_.begin(top, null_loss_ / problem_.weight);
    auto alphas = make_alphas(options_, top, problem_.design.cols() > n_);
    if (opened || take_start(alphas.back())) alphas = {alphas.back()};
    JointModel model;
    model.solve = [&](const Waypoint& at) {
        if (opened && certificate_.rel_gap <= goal) return;
        grow(at.alpha, at.before);
        solve(at.alpha, at.tol);
        if (at.wanted && certificate_.rel_gap <= at.tol) polish(at.alpha, at.tol);
        if (!at.wanted) stone_solves_ += solves_;
    };
    model.solution = [this](std::size_t k) { return solution(k); };
    model.excess = [this](const std::vector<Path>& paths) { return excess(paths); };
    model.df = [this] { return df(); };
    return paths_.walk(alphas, model);
}

/// The model of intercepts.
void MultinomialDriver::begin() {
    const std::vector<double> b = softmax_.null_intercepts();
    margins_.resize(n_ * classes());
    R_.resize(n_ * classes());
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        one.newton.set_unit(problem_.weight);
        one.newton.set_tolerance(kNullGap);
        one.lane = one.newton.empty_lane(kInfinity);
        one.lane.b = b[k];
        one.offset.assign(n_, 0.0);
        std::fill_n(margins(k), n_, b[k]);
    }
    find_slopes();
    null_loss_ = loss_;
    double squares = 0;
    for (std::size_t k = 0; k < classes(); ++k) {
        squares = std::max(squares, problem_.inner(slopes(k), slopes(k)));
        classes_[k]->newton.set_unit(null_loss_);
    }
    problem_.yy = squares;
}

/// The model of intercepts and of features that nothing keeps out.
void MultinomialDriver::start() {
    const auto always = unpenalised(problem_);
    for (std::size_t k = 0; k < classes(); ++k) {
        classes_[k]->model.grow(always);
        rest_new(*classes_[k], k);
    }
    find_slopes();
    correlate();
    if (always.empty()) return;
    take_start(kInfinity);
    solve(kInfinity, kNullGap);
    if (options_.only_last) stone_solves_ = solves_;
}

/// Brings the coefficients of class k to the size of its model: new ones are where they rest.
void MultinomialDriver::rest_new(Class& one, std::size_t k) {
    std::vector<Index> features;
    std::vector<double> w, z(n_, 0.0);
    for (std::size_t slot = one.lane.w.size(); slot < one.model.size(); ++slot) {
        const Index j = one.model.features()[slot];
        one.lane.w.push_back(problem_.penalty[static_cast<std::size_t>(j)].rest());
        if (one.lane.w.back() == 0) continue;
        features.push_back(j);
        w.push_back(one.lane.w.back());
    }
    if (features.empty()) return;
    problem_.design.accumulate(features, w.data(), 1, z.data(), problem_.team);
    for (std::size_t i = 0; i < n_; ++i) {
        one.lane.eta[i] += z[i];
        margins(k)[i] += z[i];
    }
}

/// Moves to the coefficients that the caller starts from. False where the model at hand is better.
bool MultinomialDriver::take_start(double alpha) {
    if (!options_.only_last || options_.start_coefs.empty()) return false;
    const Iterate kept = keep();
    const double without = loss_ + penalty(alpha);
    const std::size_t p = problem_.design.cols();
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        const double* coefs = options_.start_coefs.data() + present_.origin[k] * p;
        double shift = options_.start_intercepts[present_.origin[k]];
        std::vector<Index> fresh;
        for (std::size_t j = 0; j < p; ++j) {
            shift += coefs[j] * problem_.design.moments().mean[j];
            const auto feature = static_cast<Index>(j);
            if (alpha < kInfinity && coefs[j] != 0 && problem_.usable[j] && one.model.slot(feature) < 0)
                fresh.push_back(feature);
        }
        one.model.grow(fresh);
        one.lane.alpha = alpha;
        one.lane.w.resize(one.model.size(), 0.0);
        one.newton.move({&one.lane}, {starting_point(problem_, one.model, coefs, alpha)});
        one.lane.b = problem_.request.fit_intercept ? shift : 0.0;
        take_margins(k);
    }
    find_slopes();
    const bool better = loss_ + penalty(alpha) < without;
    if (!better) {
        restore(kept);
        find_slopes();
    }
    correlate();
    return better;
}

/// The margins of class k from its lane.
void MultinomialDriver::take_margins(std::size_t k) {
    const Class& one = *classes_[k];
    for (std::size_t i = 0; i < n_; ++i) margins(k)[i] = one.lane.eta[i] - one.offset[i] + one.lane.b;
}

MultinomialDriver::Iterate MultinomialDriver::keep() const {
    Iterate kept;
    kept.margins = margins_;
    for (const auto& one : classes_) {
        kept.b.push_back(one->lane.b);
        kept.w.push_back(one->lane.w);
        kept.eta.push_back(one->lane.eta);
    }
    return kept;
}

void MultinomialDriver::restore(const Iterate& kept) {
    margins_ = kept.margins;
    for (std::size_t k = 0; k < classes(); ++k) {
        classes_[k]->lane.b = kept.b[k];
        classes_[k]->lane.w = kept.w[k];
        classes_[k]->lane.eta = kept.eta[k];
    }
}

/// Cycles over the classes until the gap over all features is at most tol or stands still. Features beyond the working sets
/// are looked at when all is well within.
void MultinomialDriver::solve(double alpha, double tol) {
    // Each class leaves its intercept a little off, which the joint dual point sees to first order.
    for (auto& one : classes_) {
        one->newton.set_tolerance(std::max(tol * tol, kLeast));
        one->lane.alpha = alpha;
    }
    solves_ = 0;
    best_dual_ = 0;
    if (is_smooth(alpha) && solve_smoothly(alpha, tol)) return;
    int idle = 0;
    look(alpha, tol, false);
    bool slow = false;
    for (int k = 0; k < kMaxCycles && idle < kPatience && solves_ < options_.max_solves; ++k) {
        bool grown = false;
        if (certificate_.rel_gap <= kMargin * tol) {  // over the working sets: look beyond
            look(alpha, tol, true);
            if (certificate_.rel_gap <= tol) return;
            grown = grow(alpha, alpha);
        }
        if (control_.cancelled()) throw Cancelled{};
        cycle(alpha);
        balance(alpha);
        if (idle >= kStuck) {  // with what the classes' own steps did not set free
            look(alpha, tol, false);
            step_jointly(alpha, 0.0, true);
        }
        if (slow) slow = step_jointly(alpha, 0.0);
        const Certificate before = certificate_;
        look(alpha, tol, false);
        slow = slow || certificate_.gap > kSlow * before.gap;
        const bool gained =
            before.primal - certificate_.primal > kGain * certificate_.gap || certificate_.gap < kFalling * before.gap;
        idle = grown || gained || !sound_ ? 0 : idle + 1;
    }
    refresh();
    look(alpha, tol, true, true);
}

/// Newton steps beyond the tolerance, as long as each brings the gradient down to what the caller asks for.
void MultinomialDriver::polish(double alpha, double tol) {
    for (int k = 0; k < kMostPolish && certificate_.kkt_max > options_.gradient; ++k) {
        if (solves_ >= options_.max_solves) return;
        const Iterate kept = keep();
        const Certificate before = certificate_;
        if (!step_jointly(alpha, kRounding)) cycle(alpha);
        balance(alpha);
        look(alpha, tol, true);
        if (certificate_.rel_gap <= tol && certificate_.kkt_max <= kPolished * before.kkt_max) continue;
        if (certificate_.rel_gap <= tol && certificate_.kkt_max < before.kkt_max) return;
        restore(kept);
        find_slopes();
        correlate();
        certificate_ = before;
        return;
    }
}

/// Adds to each class's working set the features whose correlation exceeds their l1 at alpha, or would if it went on to
/// change as the penalty does from `before` to alpha. True when there were any.
bool MultinomialDriver::grow(double alpha, double before) {
    if (alpha == kInfinity) return false;
    problem_.at(before);
    const double l1_before = problem_.penalty.l1_scale;
    problem_.at(alpha);
    const double threshold = 2 * problem_.penalty.l1_scale - l1_before;
    bool any = false;
    for (auto& one : classes_) {
        std::vector<Candidate> found;
        for (std::size_t j = 0; j < one->c.size(); ++j) {
            if (!problem_.usable[j] || one->model.slot(static_cast<Index>(j)) >= 0) continue;
            const double size = std::abs(one->c[j]);
            if (size > threshold * problem_.penalty.l1_factor[j] * (1 + 1e-12))
                found.push_back({static_cast<Index>(j), size / problem_.penalty.l1_factor[j]});
        }
        const auto features = best_of(found, std::max<std::size_t>(64, one->model.size() / 2));
        one->model.grow(features);
        any = any || !features.empty();
    }
    return any;
}

/// Non-zero coefficients of all classes.
std::size_t MultinomialDriver::df() const {
    std::size_t count = 0;
    for (const auto& one : classes_)
        for (double w : one->lane.w) count += w != 0;
    return count;
}

/// What all classes' coefficients of a feature that no penalty holds have in common, which changes no probability: without
/// it they have the least norm.
double MultinomialDriver::common(std::size_t feature) const {
    const Problem& p = problem_;
    if (p.penalty.l1_factor[feature] != 0 || p.penalty.l2_factor[feature] != 0) return 0;
    const ScalarPenalty h = p.penalty[feature];
    if (h.lower > -kInfinity || h.upper < kInfinity) return 0;
    double sum = 0;
    for (const auto& one : classes_)
        if (const Index slot = one->model.slot(static_cast<Index>(feature)); slot >= 0)
            sum += one->lane.w[static_cast<std::size_t>(slot)];
    return sum / static_cast<double>(classes());
}

/// See JointModel.
double MultinomialDriver::excess(const std::vector<Path>& paths) const {
    std::vector<double> E(n_ * classes()), P(E.size());
    for (std::size_t k = 0; k < classes(); ++k) {
        const auto eta = margins_of(problem_, paths[present_.origin[k]].solutions.back());
        std::copy(eta.begin(), eta.end(), E.begin() + static_cast<std::ptrdiff_t>(k * n_));
    }
    return (softmax_.predict(E.data(), P.data()) - loss_) / problem_.weight;
}

Solution MultinomialDriver::solution(std::size_t caller) const {
    Solution s;
    s.n_solves = solves_ + stone_solves_;
    s.dev_ratio = null_loss_ > 0 ? 1.0 - loss_ / null_loss_ : 0.0;
    s.certificate = certificate_;
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap}) *value /= problem_.weight;
    const double constants =
        problem_.constant_cost(classes_[0]->lane.alpha) * static_cast<double>(present_.place.size());
    s.certificate.primal += constants;
    s.certificate.dual += constants;
    // Intercepts are free up to a constant: they sum to zero.
    double mean = 0;
    for (const auto& other : classes_) mean += other->lane.b / static_cast<double>(classes());
    if (present_.place[caller] < 0) {
        s.intercept = present_.impossible_intercept(margins_.data()) - mean;
        return s;
    }
    const Class& one = *classes_[static_cast<std::size_t>(present_.place[caller])];
    std::vector<std::pair<Index, double>> entries = problem_.displaced_constants;
    for (std::size_t slot = 0; slot < one.lane.w.size(); ++slot) {
        const auto j = static_cast<std::size_t>(one.model.features()[slot]);
        const double w = one.lane.w[slot] - common(j);
        if (w != 0) entries.emplace_back(one.model.features()[slot], problem_.coefficient(j, w));
    }
    const double off = hand_out(problem_, std::move(entries), one.lane.b - mean, s);
    s.rounding = 0.5 * off * off;  // curvatures are at most 1/2
    return s;
}

std::vector<Path> solve_multinomial_path(Problem& problem, const std::vector<int>& labels, int n_classes,
                                         const PathOptions& options, Control& control) {
    return MultinomialDriver(problem, labels, n_classes, options, control).run();
}

}  // namespace riata
