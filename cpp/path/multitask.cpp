#include "path/multitask.hpp"

#include <algorithm>
#include <cmath>

#include "path/certify.hpp"
#include "path/grid.hpp"

namespace riata {

namespace {
constexpr double kMargin = 0.3;          // of tol: gap over W at which the features beyond are looked at
constexpr double kNullGap = 1e-13;       // of the null model
constexpr double kGramRounding = 4e-15;  // of a residual norm or correlation put together from Gram entries
constexpr std::size_t kSmall = 400;      // slots: so small a W grows by all that violates,
constexpr double kSolvedOut = 1e-5;      // until the gap is this share of tol
constexpr double kTighter = 1e-2;        // what the gap over W is aimed at once it is all that is left
constexpr int kCorrections = 4;          // of one alpha, before its gap is reported as it is

}  // namespace

double alpha_max(const Problem& problem, const Responses& responses, Control& control) {
    if (unpenalised(problem).empty()) return alpha_max_of_rows(problem, responses.xty(), responses.tasks());
    PathOptions first;
    first.n_alphas = 1;
    first.whole_gram = responses.y().empty();
    return MultiTaskDriver(problem, responses, first, control).run()[0].alpha_max;
}

MultiTaskDriver::MultiTaskDriver(const Problem& problem, const Responses& responses, const PathOptions& options,
                                 Control& control)
    : problem_(problem), responses_(responses), options_(options), control_(control), design_(problem.design),
      tasks_(responses.tasks()), model_(problem), null_(0.5 * problem.yy),
      report_(problem, options, control, tasks_, [](double off) { return 0.5 * off * off; }) {
    report_.count_rows();
}

std::vector<Path> MultiTaskDriver::run() {
    const double top = start();
    report_.begin(top, null_);
    const auto solve_at = [this](const Waypoint& at) {
        at_ = problem_.at(at.alpha);
        if (frontier_) grow(frontier_->candidates(at_, room()));
        solve(at.tol);
        used_ = support();
        std::sort(used_.begin(), used_.end());
    };
    const auto alphas = make_alphas(options_, top, design_.cols() > design_.rows());
    return walk(report_, alphas, top, options_, control_, solve_at, [this] { return outcome(); });
}

bool MultiTaskDriver::whole_gram_pays() const {
    const double n = static_cast<double>(design_.rows()), p = static_cast<double>(design_.cols());
    if (options_.whole_gram) return true;
    if (options_.memory_limit && GramModel::bytes_for(design_.cols()) > options_.memory_limit) return false;
    const double n_alphas = static_cast<double>(options_.alphas.empty() ? options_.n_alphas : options_.alphas.size());
    return n >= 4 * p && p <= 1500 && p <= 16 + 4 * std::max(n_alphas, 60.0);
}

/// Solves the null model, with the features that nothing keeps out. Returns the largest alpha.
double MultiTaskDriver::start() {
    const bool whole = whole_gram_pays();
    const auto always = unpenalised(problem_);
    if (whole) {
        model_.grow_to_all(true);
        report_.count_passes(1);
    } else {
        model_.grow(always);
        std::vector<std::size_t> slots(model_.size());
        for (std::size_t slot = 0; slot < slots.size(); ++slot) slots[slot] = slot;
        model_.admit(slots);
    }
    solver_ = std::make_unique<RowSolver>(problem_, model_, responses_, control_);
    std::vector<double> null_c = responses_.xty();
    R_ = responses_.y();
    if (!always.empty()) {
        solver_->solve(problem_.at(kInfinity), kNullGap * null_, options_.max_solves, true);
        find_residual();
        design_.correlate_all(u_.data(), tasks_, null_c.data(), problem_.team);
    }
    const double largest = alpha_max_of_rows(problem_, null_c, tasks_);
    if (!whole)
        frontier_ = std::make_unique<RowFrontier>(problem_, model_, responses_, std::move(R_), std::move(null_c));
    return largest;
}

void MultiTaskDriver::grow(const std::vector<Index>& features) {
    if (features.empty()) return;
    std::vector<std::size_t> slots;
    for (std::size_t i = 0; i < features.size(); ++i) slots.push_back(model_.size() + i);
    model_.grow(features);
    model_.admit(slots);
    report_.count_columns(static_cast<double>(features.size()));
    solver_->follow();
    frontier_->drop_members();
}

/// Solves on W, certifies, and grows W or sharpens the solution until the gap is at most tol or stands still.
void MultiTaskDriver::solve(double tol) {
    steps_ = 0;
    double goal = kMargin * tol;
    const bool polish = tol == options_.tol;  // not on stepping stones
    for (int corrections = 0;;) {
        steps_ += solver_->solve(at_, goal * null_, std::max(1L, options_.max_solves - steps_), polish);
        certify();
        const bool enough = certificate_.rel_gap <= tol || steps_ >= options_.max_solves;
        std::vector<Index> lacking;
        if (frontier_) {
            const bool more = polish && model_.size() <= kSmall && certificate_.rel_gap > kSolvedOut * tol;
            if (!enough || (more && steps_ < options_.max_solves)) lacking = frontier_->violators(room());
            if (lacking.empty()) frontier_->advance();
            frontier_->remember(R_);
        }
        grow(lacking);
        if (!lacking.empty()) continue;
        if (enough || ++corrections > kCorrections) return;
        // Rounding in the Gram matrix, or a stop for lack of progress: the residual's own correlations are exact.
        if (!exact_) {
            find_residual();
            design_.correlate(model_.features(), u_.data(), tasks_, in_model_.data(), problem_.team);
        }
        solver_->correct(in_model_);
        goal *= kTighter;
    }
}

/// What rounding may have done to a dual value made of Gram entries.
double MultiTaskDriver::rounding() const {
    double size = std::sqrt(problem_.yy);
    const auto& norm = design_.moments().norm;
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        for (std::size_t t = 0; t < tasks_; ++t)
            size += std::abs(solver_->w()[slot * tasks_ + t]) * norm[static_cast<std::size_t>(model_.features()[slot])];
    return design_.gram_noise() * kGramRounding * size * size;
}

/// The features whose rows are not zero, in the order of the model.
std::vector<Index> MultiTaskDriver::support() const {
    std::vector<Index> features;
    for (std::size_t slot = 0; slot < model_.size(); ++slot)
        if (solver_->present(slot)) features.push_back(model_.features()[slot]);
    return features;
}

/// The residual of all tasks, its norm and its weighted twin.
void MultiTaskDriver::find_residual() {
    const std::vector<Index> features = support();
    std::vector<double> minus_w;
    for (Index j : features)
        for (std::size_t t = 0; t < tasks_; ++t)
            minus_w.push_back(-solver_->w()[static_cast<std::size_t>(model_.slot(j)) * tasks_ + t]);
    R_ = responses_.y();
    design_.accumulate(features, minus_w.data(), tasks_, R_.data(), problem_.team);
    responses_.recentre(R_);
    responses_.weigh(R_, u_);
    rr_ = responses_.inner(R_.data(), R_.data());
    report_.count_columns(static_cast<double>(features.size()));
}

void MultiTaskDriver::certify() {
    const double noise = rounding();
    const bool settles = !problem_.uneven && noise <= 0.05 * options_.tol * null_;
    exact_ = !settles;
    if (frontier_ || !settles) find_residual();
    in_model_.resize(model_.size() * tasks_);
    if (settles && !frontier_) rr_ = solver_->squares();
    if (!settles) {
        design_.correlate(model_.features(), u_.data(), tasks_, in_model_.data(), problem_.team);
        report_.count_columns(static_cast<double>(model_.size()));
    }
    if (frontier_) report_.count_columns(static_cast<double>(frontier_->look(at_, R_, u_)));

    Certifier certifier(problem_, at_, 0.0);
    if (settles) solver_->judge(certifier);
    for (std::size_t slot = 0; !settles && slot < model_.size(); ++slot)
        if (problem_.usable[static_cast<std::size_t>(model_.features()[slot])])
            solver_->judge(certifier, slot, in_model_.data() + slot * tasks_);
    for (std::size_t i = 0; frontier_ && i < frontier_->listed().size(); ++i)
        certifier.add_row(static_cast<std::size_t>(frontier_->listed()[i]), nullptr, frontier_->exact(i), tasks_);
    certifier.charge(0.5 * rr_);
    const double ry = frontier_ || !settles ? responses_.inner(R_.data(), responses_.y().data()) : solver_->products();
    const double dual = certifier.dual().best(ry, rr_, certifier.primal());
    certificate_ = certifier.finish(dual - (settles ? noise : 0.0), null_);
}

Outcome MultiTaskDriver::outcome() const {
    Outcome out;
    out.loss = 0.5 * rr_;
    out.solves = steps_;
    out.certificate = certificate_;
    for (std::size_t t = 0; t < tasks_; ++t) {
        auto& [w, b] = out.outputs.emplace_back();
        for (Index j : used_) w.emplace_back(j, solver_->w()[static_cast<std::size_t>(model_.slot(j)) * tasks_ + t]);
        b = responses_.mean(t);
    }
    return out;
}

std::vector<Path> solve_multitask_path(Problem& problem, const std::vector<std::vector<double>>& Y,
                                       const PathOptions& options, Control& control) {
    const Responses responses(problem, Y);
    return MultiTaskDriver(problem, responses, options, control).run();
}

}  // namespace riata
