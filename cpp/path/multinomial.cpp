#include "path/multinomial.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "path/candidates.hpp"
#include "path/certify.hpp"
#include "path/grid.hpp"
#include "path/handed_out.hpp"
#include "path/newton_driver.hpp"

namespace riata {

namespace {
constexpr int kMaxCycles = 2000;
constexpr int kPatience = 20;      // cycles that gain nothing before an alpha is left as it is
constexpr double kMargin = 0.7;    // of tol: gap over the working sets at which the features beyond are looked at
constexpr double kFalling = 0.99;  // or what they may leave of the gap
constexpr double kSlow = 0.3;      // of the gap left by a cycle: classes had better step together
constexpr double kGain = 1e-3;     // of the gap: what a cycle has to gain
constexpr double kNullGap = 1e-12;
constexpr double kFarthest = 600;  // above the largest margin: as far as a class is followed within a cycle
constexpr double kLeast = 1e-17;   // of the loss: what profiling an intercept may leave at the least
}  // namespace

MultinomialDriver::Class::Class(Problem& problem, std::vector<double> y, Control& control)
    : loss(Family::kBinomial, std::move(y), problem.weights(), problem.team), model(problem, loss),
      newton(problem, loss, nullptr, model, control) {}

MultinomialDriver::MultinomialDriver(Problem& problem, const std::vector<int>& labels, int n_classes,
                                     const PathOptions& options, Control& control)
    : problem_(problem), options_(options), control_(control), n_(labels.size()),
      softmax_(problem, labels, static_cast<std::size_t>(n_classes)),
      paths_(static_cast<std::size_t>(n_classes), options, control) {
    for (int k = 0; k < n_classes; ++k) {
        std::vector<double> y(n_);
        for (std::size_t i = 0; i < n_; ++i) y[i] = labels[i] == k;
        classes_.push_back(std::make_unique<Class>(problem, std::move(y), control));
    }
}

std::vector<Path> MultinomialDriver::run() {
    start();
    double top = 0;
    for (const auto& one : classes_) top = std::max(top, alpha_max(problem_, one->c));
    paths_.begin(top, null_loss_ / problem_.weight);
    auto alphas = make_alphas(options_, top, problem_.design.cols() > n_);
    if (take_start(alphas.back())) alphas = {alphas.back()};
    JointModel model;
    model.solve = [this](const Waypoint& at) {
        grow(at.alpha, at.before);
        solve(at.alpha, at.tol);
        if (!at.wanted) stone_solves_ += solves_;
    };
    model.solution = [this](std::size_t k) { return solution(k); };
    model.df = [this] { return df(); };
    return paths_.walk(alphas, model);
}

/// The model of intercepts and of features that nothing keeps out.
void MultinomialDriver::start() {
    const auto always = unpenalised(problem_);
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
        classes_[k]->model.grow(always);
    }
    problem_.yy = squares;
    correlate();
    if (always.empty()) return;
    take_start(kInfinity);
    solve(kInfinity, kNullGap);
    if (options_.only_last) stone_solves_ = solves_;
}

/// Moves to the coefficients that the caller starts from. False where the model at hand is better.
bool MultinomialDriver::take_start(double alpha) {
    if (!options_.only_last || options_.start_coefs.empty()) return false;
    const Iterate kept = keep();
    const double without = loss_ + penalty(alpha);
    const std::size_t p = problem_.design.cols();
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        const double* coefs = options_.start_coefs.data() + k * p;
        double shift = options_.start_intercepts[k];
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
    for (auto& one : classes_) one->newton.set_tolerance(std::max(tol * tol, kLeast));
    solves_ = 0;
    if (is_smooth(alpha) && solve_smoothly(alpha, tol)) return;
    int idle = 0;
    correlate_within();
    certificate_ = certify(alpha, false);
    bool slow = false;
    for (int k = 0; k < kMaxCycles && idle < kPatience && solves_ < options_.max_solves; ++k) {
        bool grown = false;
        if (certificate_.rel_gap <= kMargin * tol) {  // over the working sets: look beyond
            correlate();
            certificate_ = certify(alpha, false);
            if (certificate_.rel_gap <= tol) return;
            grown = grow(alpha, alpha);
        }
        if (control_.cancelled()) throw Cancelled{};
        cycle(alpha);
        balance(alpha);
        if (slow) slow = step_jointly(alpha);
        find_slopes();
        correlate_within();
        const Certificate before = certificate_;
        certificate_ = certify(alpha, false);
        slow = slow || certificate_.gap > kSlow * before.gap;
        const bool gained =
            before.primal - certificate_.primal > kGain * certificate_.gap || certificate_.gap < kFalling * before.gap;
        idle = grown || gained || !sound_ ? 0 : idle + 1;
    }
    correlate();
    certificate_ = certify(alpha, true);
}

/// One Newton step of every class.
void MultinomialDriver::cycle(double alpha) {
    begin_cycle();
    for (std::size_t k = 0; k < classes(); ++k) {
        Class& one = *classes_[k];
        find_offset(k);
        one.lane.alpha = alpha;
        one.lane.solves = 0;
        one.lane.w.resize(one.model.size(), 0.0);
        one.newton.rebase(one.lane, one.offset);
        one.newton.step(one.lane, options_.max_solves);
        solves_ += one.lane.solves;
        take_margins(k);
        pass(k);
    }
}

/// The shift t that minimises sum_k h(w_k - t) for an unbounded h: the one with the least value among breakpoints and the
/// stationary points between them; 0 where that is as good.
double best_shift(const ScalarPenalty& h, const std::vector<double>& w) {
    const auto value = [&](double t) {
        double sum = 0;
        for (double v : w) sum += h.value(v - t);
        return sum;
    };
    const double C = static_cast<double>(w.size());
    double best = 0, least = value(0) * (1 - 1e-14), total = 0;
    for (double v : w) total += v;
    for (double v : w) {
        double below = 0;
        for (double other : w) below += other <= v ? 1 : -1;
        const double inside = h.l2 > 0 ? (total - h.l1 * below / h.l2) / C : v;
        for (double t : {v, inside})
            if (value(t) < least) best = t, least = value(t);
    }
    return best;
}

/// Moves all classes' coefficients of a feature by the same amount, which changes no probability, to where the penalty is
/// least: classes in turn are slow to find that.
void MultinomialDriver::balance(double alpha) {
    if (problem_.penalty.bounded() || alpha == kInfinity) return;
    problem_.at(alpha);
    std::vector<std::size_t> used(problem_.design.cols(), 0);
    for (const auto& one : classes_)
        for (std::size_t slot = 0; slot < one->lane.w.size(); ++slot)
            used[static_cast<std::size_t>(one->model.features()[slot])] += one->lane.w[slot] != 0;
    std::vector<Index> features;
    std::vector<double> shifts, w(classes());
    for (std::size_t j = 0; j < used.size(); ++j) {
        const ScalarPenalty h = problem_.penalty[j];
        if (used[j] == 0 || (h.l2 == 0 && 2 * used[j] <= classes())) continue;
        for (std::size_t k = 0; k < classes(); ++k) {
            const Index slot = classes_[k]->model.slot(static_cast<Index>(j));
            w[k] = slot < 0 ? 0.0 : classes_[k]->lane.w[static_cast<std::size_t>(slot)];
        }
        const double t = best_shift(h, w);
        if (t == 0) continue;
        features.push_back(static_cast<Index>(j));
        shifts.push_back(-t);
    }
    if (features.empty()) return;
    std::vector<double> z(n_, 0.0);
    for (auto& one : classes_) {
        std::vector<Index> fresh;
        for (Index j : features)
            if (one->model.slot(j) < 0) fresh.push_back(j);
        one->model.grow(fresh);
        one->lane.w.resize(one->model.size(), 0.0);
        for (std::size_t i = 0; i < features.size(); ++i)
            one->lane.w[static_cast<std::size_t>(one->model.slot(features[i]))] += shifts[i];
    }
    problem_.design.accumulate(features, shifts.data(), 1, z.data(), problem_.team);
    for (std::size_t k = 0; k < classes(); ++k)
        for (std::size_t i = 0; i < n_; ++i) {
            margins(k)[i] += z[i];
            classes_[k]->lane.eta[i] += z[i];
        }
}

/// Takes the largest margins, and for every class what those after it add up to.
void MultinomialDriver::begin_cycle() {
    top_.assign(n_, -kInfinity);
    passed_.assign(n_, 0.0);
    e_.resize(n_);
    for (std::size_t k = 0; k < classes(); ++k)
        for (std::size_t i = 0; i < n_; ++i) top_[i] = std::max(top_[i], margins(k)[i]);
    classes_.back()->after.assign(n_, 0.0);
    for (std::size_t k = classes() - 1; k > 0; --k) {
        for (std::size_t i = 0; i < n_; ++i) e_[i] = margins(k)[i] - top_[i];
        kernels::active().exponentials(e_.data(), n_, e_.data());
        auto& after = classes_[k - 1]->after;
        after.resize(n_);
        for (std::size_t i = 0; i < n_; ++i) after[i] = classes_[k]->after[i] + e_[i];
    }
}

/// offset_k = -log sum_{l != k} e^{eta_l}: classes before k have moved, those after it have not.
void MultinomialDriver::find_offset(std::size_t k) {
    Class& one = *classes_[k];
    for (std::size_t i = 0; i < n_; ++i) e_[i] = passed_[i] + one.after[i];
    kernels::active().logarithms(e_.data(), n_, e_.data());
    for (std::size_t i = 0; i < n_; ++i) one.offset[i] = -top_[i] - e_[i];
}

/// Class k has moved.
void MultinomialDriver::pass(std::size_t k) {
    for (std::size_t i = 0; i < n_; ++i) e_[i] = std::min(margins(k)[i] - top_[i], kFarthest);
    kernels::active().exponentials(e_.data(), n_, e_.data());
    for (std::size_t i = 0; i < n_; ++i) passed_[i] += e_[i];
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

Solution MultinomialDriver::solution(std::size_t k) const {
    const Class& one = *classes_[k];
    Solution s;
    s.n_solves = solves_ + stone_solves_;
    s.dev_ratio = null_loss_ > 0 ? 1.0 - loss_ / null_loss_ : 0.0;
    std::vector<std::pair<Index, double>> entries;
    for (std::size_t slot = 0; slot < one.lane.w.size(); ++slot) {
        const Index j = one.model.features()[slot];
        if (one.lane.w[slot] != 0)
            entries.emplace_back(j, problem_.coefficient(static_cast<std::size_t>(j), one.lane.w[slot]));
    }
    // Intercepts are free up to a constant: they sum to zero.
    double mean = 0;
    for (const auto& other : classes_) mean += other->lane.b / static_cast<double>(classes());
    const double off = hand_out(problem_, std::move(entries), one.lane.b - mean, s);
    s.rounding = 0.5 * off * off;  // curvatures are at most 1/2
    s.certificate = certificate_;
    for (double* value : {&s.certificate.primal, &s.certificate.dual, &s.certificate.gap}) *value /= problem_.weight;
    return s;
}

std::vector<Path> solve_multinomial_path(Problem& problem, const std::vector<int>& labels, int n_classes,
                                         const PathOptions& options, Control& control) {
    return MultinomialDriver(problem, labels, n_classes, options, control).run();
}

}  // namespace riata
