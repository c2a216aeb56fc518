#include "solver/row_solver.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/kernels.hpp"

namespace riata {

namespace {
constexpr int kPatience = 8;           // steps that hardly gain before the solver gives up
constexpr double kGain = 0.9;          // of the least gap so far: what a step has to reach to have gained
constexpr double kDear = 400;          // sweeps, as the price of a Newton step
constexpr std::size_t kFewRows = 400;  // for which a Newton step always pays
constexpr double kPolished =
    1e-4;  // of the gap aimed at: what is not to be improved, being as the distance from the solution,
constexpr double kPolishedL2 = 1e-7;  // and with an L2 part, where it is as its square
constexpr int kPolishing = 5;         // steps
}  // namespace

RowSolver::RowSolver(const Problem& problem, GramModel& model, const Responses& responses, Control& control)
    : problem_(problem), model_(model), responses_(responses), control_(control), K_(responses.tasks()) {
    follow();
}

void RowSolver::follow() {
    const std::size_t before = m_;
    std::vector<double> q(model_.size() * K_);
    m_ = model_.size();
    for (std::size_t t = 0; t < K_; ++t) {
        std::copy_n(q_.data() + t * before, before, q.data() + t * m_);
        for (std::size_t slot = before; slot < m_; ++slot)
            q[slot + t * m_] = responses_.xty()[static_cast<std::size_t>(model_.features()[slot]) * K_ + t];
    }
    q_.swap(q);
    for (std::size_t slot = before; slot < m_; ++slot)
        if (problem_.usable[static_cast<std::size_t>(model_.features()[slot])]) slots_.push_back(slot);
    w_.resize(m_ * K_, 0.0);
    present_.resize(m_, 0);
    fresh_ = false;
    refresh();
}

/// What a row's new coefficients leave to be found again.
void RowSolver::moved(std::size_t slot) {
    present_[slot] = std::any_of(row(slot), row(slot) + K_, [](double v) { return v != 0; });
    fresh_ = pulls_known_ = false;
}

void RowSolver::clear(std::size_t slot) {
    std::fill_n(row(slot), K_, 0.0);
    moved(slot);
}

void RowSolver::restore(const std::vector<double>& w) {
    w_ = w;
    for (std::size_t slot : slots_) moved(slot);
    refresh();
}

void RowSolver::find_support() {
    support_.clear();
    for (std::size_t slot : slots_)
        if (present(slot)) support_.push_back(slot);
}

/// Finds the support and, afresh, C = Q - G W: steps carry C along, and their rounding with it.
void RowSolver::refresh() {
    if (fresh_) return;
    find_support();
    fresh_ = true;
    pulls_known_ = false;
    std::vector<const double*> columns;
    std::vector<double> minus_w;
    for (std::size_t slot : support_) {
        columns.push_back(model_.column(slot));
        for (std::size_t t = 0; t < K_; ++t) minus_w.push_back(-row(slot)[t]);
    }
    c_ = q_;
    kernels::active().f64.accumulate(columns.data(), nullptr, columns.size(), minus_w.data(), K_, K_, m_, c_.data(),
                                     m_);
}

void RowSolver::correlations(std::size_t slot, double* c) const {
    for (std::size_t t = 0; t < K_; ++t) c[t] = c_[slot + t * m_];
}

double RowSolver::products() const {
    double qw = 0;
    for (std::size_t slot : support_)
        for (std::size_t t = 0; t < K_; ++t) qw += q_[slot + t * m_] * row(slot)[t];
    return problem_.yy - qw;
}

/// <C, W>.
double RowSolver::slope() const {
    double sum = 0;
    for (std::size_t slot : support_)
        for (std::size_t t = 0; t < K_; ++t) sum += c_[slot + t * m_] * row(slot)[t];
    return sum;
}

void RowSolver::correct(const std::vector<double>& exact) {
    refresh();
    for (std::size_t slot : slots_)
        for (std::size_t t = 0; t < K_; ++t) q_[slot + t * m_] += exact[slot * K_ + t] - c_[slot + t * m_];
    fresh_ = false;
    refresh();
}

void RowSolver::judge(Certifier& certifier, std::size_t slot, const double* c) const {
    certifier.add_row(static_cast<std::size_t>(model_.features()[slot]), row(slot), c, K_);
}

void RowSolver::find_pulls() {
    if (pulls_known_) return;
    pulls_known_ = true;
    pull_squares_.assign(m_, 0.0);
    for (std::size_t t = 0; t < K_; ++t) {
        const double* c = c_.data() + t * m_;
        for (std::size_t slot = 0; slot < m_; ++slot) pull_squares_[slot] += c[slot] * c[slot];
    }
}

void RowSolver::judge(Certifier& certifier) {
    find_pulls();
    std::vector<double> c(K_);
    for (std::size_t slot : slots_) {
        if (!present(slot) && pull_squares_[slot] <= l1_squares_[slot]) continue;  // at rest
        correlations(slot, c.data());
        judge(certifier, slot, c.data());
    }
}

double RowSolver::gap() {
    Certifier certifier(problem_, at_, 0.0);
    judge(certifier);
    certifier.charge(0.5 * squares());
    return certifier.primal() - certifier.dual().best(products(), squares(), certifier.primal());
}

/// The exact minimum over one row.
void RowSolver::descend(std::size_t slot) {
    const double* column = model_.column(slot);
    const double square = column[model_.position(slot)];
    if (!(square > 0)) return;
    const ScalarPenalty h = penalty(slot);
    std::vector<double> b(K_), minus(K_);
    double* w = row(slot);
    for (std::size_t t = 0; t < K_; ++t) b[t] = c_[slot + t * m_] + square * w[t];
    const double factor = h.shrink(norm_of(b.data(), K_), square);
    bool moves = false;
    for (std::size_t t = 0; t < K_; ++t) {
        const double to = factor * b[t];
        minus[t] = w[t] - to;
        moves = moves || minus[t] != 0;
        w[t] = to;
    }
    if (!moves) return;
    kernels::active().f64.accumulate(&column, nullptr, 1, minus.data(), K_, K_, m_, c_.data(), m_);
    moved(slot);
}

void RowSolver::sweep() {
    for (std::size_t slot : slots_) descend(slot);
}

/// Steps on the zero rows that do not want to be zero.
void RowSolver::enter() {
    find_pulls();
    std::vector<double> c(K_);
    for (std::size_t slot : slots_) {
        if (present(slot) || (pulls_known_ && pull_squares_[slot] <= l1_squares_[slot])) continue;
        correlations(slot, c.data());
        if (norm_of(c.data(), K_) > penalty(slot).l1) descend(slot);
    }
}

/// The objective less yy / 2.
double RowSolver::objective() const {
    double sum = 0;
    for (std::size_t slot : support_) sum += penalty(slot).value(norm_of(row(slot), K_));
    return sum - 0.5 * slope() - 0.5 * (problem_.yy - products());
}

/// At a new l1_scale: goes on from the last two solutions as far as they tell, if that gains, and rows enter.
void RowSolver::extrapolate() {
    const double to = at_.l1_scale;
    if (to == at_now_) return;
    const double ahead = at_now_ - to, run = at_before_ - at_now_;
    const std::vector<double> w = w_, c = c_;
    if (run > 0 && ahead > 0) {
        const double before = objective(), step = ahead / run;
        w_before_.resize(w.size(), 0.0);
        bool linear = c_before_.size() == c.size();  // in all rows, and so in the correlations
        for (std::size_t slot : slots_) {
            double along = 0, square = 0;
            for (std::size_t i = slot * K_; i < (slot + 1) * K_; ++i) {
                w_[i] += step * (w[i] - w_before_[i]);
                along += w_[i] * w[i];
                square += w_[i] * w_[i];
            }
            if (along <= 0 && square > 0) {
                std::fill_n(row(slot), K_, 0.0);
                linear = false;
            }
            moved(slot);
        }
        for (std::size_t i = 0; linear && i < c.size(); ++i) c_[i] += step * (c[i] - c_before_[i]);
        linear ? find_support() : refresh();
        if (!(objective() < before)) restore(w);
        enter();
        find_support();
    }
    w_before_ = w;
    c_before_ = c;
    at_before_ = at_now_;
    at_now_ = to;
}

long RowSolver::solve(const PenaltyAt& at, double goal, long max_steps, bool polish) {
    at_ = at;
    l1_squares_.resize(m_);
    for (std::size_t slot : slots_) l1_squares_[slot] = penalty(slot).l1 * penalty(slot).l1;
    refresh();
    extrapolate();
    if (newton_cost() > kDear) by_newton_ = false;  // sweeps are worth a try
    double now = gap(), least = now;
    int idle = 0;
    long steps = 0;
    while (now > goal && steps < max_steps && idle < kPatience) {
        if (control_.cancelled()) throw Cancelled{};
        ++steps;
        const double before = now;
        const Outcome outcome = by_newton_ ? newton_step() : Outcome::kNone;
        if (outcome == Outcome::kNone) {
            sweep();
            refresh();
        }
        if (outcome == Outcome::kFull) enter();
        find_support();
        now = gap();
        if (!by_newton_) by_newton_ = newton_pays(before, now);
        idle = now < kGain * least ? 0 : idle + 1;
        if (idle >= kPatience && !by_newton_) {  // sweeps cost less, but get nowhere
            by_newton_ = true;
            idle = 0;
        }
        least = std::min(least, now);
    }
    // Further where that costs little: Newton steps about square what is left of the gap.
    const bool reached = now <= goal;
    const double enough = (at_.l2_scale > 0 ? kPolishedL2 : kPolished) * goal;
    idle = 0;
    for (int k = 0; polish && reached && k < kPolishing && now > enough && support_.size() <= kFewRows; ++k) {
        const double before = now;
        const Outcome outcome = newton_step();
        if (outcome == Outcome::kFull) enter();
        find_support();
        now = gap();
        ++steps;
        idle = now < kGain * before ? 0 : idle + 1;
        if (outcome == Outcome::kNone || idle == 2) break;
    }
    refresh();
    return steps;
}

}  // namespace riata
