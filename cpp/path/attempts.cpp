// What is tried at one alpha until its gap is small enough: the solution on W, corrections of its rounding, the columns in the
// place of their Gram matrix, coordinate descent. All of it counts towards the limit on systems, and what is handed out is the
// best that was seen.
#include <algorithm>
#include <cmath>

#include "path/driver.hpp"
#include "solver/column_descent.hpp"

namespace riata {

namespace {
constexpr double kRestartTolerance = 1e-8;  // of coordinate descent from rest, relative to l1
constexpr long kRestartSweeps = 1000;
constexpr int kCorrections = 4;    // defect corrections of one alpha
constexpr long kUntimed = 100;     // systems that a first solution gets whatever the time
constexpr double kHelps = 0.1;     // of the gap: what a correction leaves that another one is worth trying after
constexpr long kFirstSweeps = 64;  // of coordinate descent, doubled
constexpr double kGains = 0.5;     // of the gap: what sweeps leave at most
}  // namespace

/// Takes the leading solutions of the batch that are certified; returns how many.
std::size_t Driver::accept() {
    std::size_t k = 0;
    while (k < batch_.count && !report_.ended() && accepted(k)) finish(k++);
    if (k == 0) {
        keep_best();
        const bool late = control_.out_of_time(), over = (late && spent_ >= kUntimed) || budget(0) <= 0;
        if (late && !report_.empty()) {  // the path ends with what is certified
            report_.end(Stop::kTimeLimit);
            return 0;
        }
        // Not for want of features: either it is tried harder, or this is as good as it gets.
        if (over || (!frontier_->lacks(0) && !try_harder())) {
            hand_out_best();
            finish(k++);
        }
    }
    if (k > 0) frontier_->remember(k - 1);
    if (k > 0 && lanes_) {
        w_before_ = k > 1 ? batch_.w[k - 2] : w_now_;
        w_now_ = batch_.w[k - 1];
    }
    return k;
}

/// Systems and sweeps that are left for batch member k. A single fit has them for its stepping stones, too, which get half.
long Driver::budget(std::size_t k) const {
    if (!options_.only_last) return options_.max_solves - (k == 0 ? spent_ : 0);
    return (wanted(k) ? options_.max_solves : options_.max_solves / 2) - spent_;
}

/// The alpha at hand is done with.
void Driver::leave_alpha() {
    if (!options_.only_last) spent_ = 0;
    best_ = Best{};
    gap_before_ = kInfinity;
    corrections_ = 0;
    sweeps_ = 0;
}

void Driver::keep_best() {
    if (batch_.certificates[0].rel_gap < best_.gap()) best_ = {batch_.w[0], batch_.loss[0], batch_.certificates[0]};
}

void Driver::hand_out_best() {
    if (best_.gap() < kInfinity) {
        batch_.w[0] = best_.w;
        batch_.w[0].resize(model_.size(), 0.0);
        batch_.loss[0] = best_.loss;
        batch_.certificates[0] = best_.certificate;
    }
    if (!(batch_.certificates[0].primal <= null_)) start_over();  // NaN, too
}

/// Prepares another attempt at the alpha at hand. False where none is left that could help, or that it would take too much
/// for a fit that has met what was asked of it.
bool Driver::try_harder() {
    if (wanted(0) && best_.gap() <= options_.enough) return false;
    if (lean_ || lanes_) {
        lean_tolerance_ *= 0.1;
        lane_tolerance_ *= 0.1;
        return corrections_++ < kCorrections;
    }
    const double gap = batch_.certificates[0].rel_gap, left = gap / gap_before_;
    gap_before_ = gap;
    if (!on_columns_) {
        const bool columns = columns_fit();
        if ((batch_.settled[0] && left <= kHelps) || !columns)
            if (corrections_++ < kCorrections) return correct();
        if (columns) {
            take_columns();
            return true;
        }
    }
    if (batch_.settled[0] || (sweeps_ > 0 && left > kGains)) return false;
    sweeps_ = std::max(kFirstSweeps, 2 * sweeps_);
    return true;
}

/// Replaces q by what the explicit residual says it is, q := X_W'r + G w.
bool Driver::correct() {
    model_.correct(batch_.in_model.data(), batch_.count, batch_.w[0].data());
    active_->refresh();
    return true;
}

/// Replaces the first solution of the batch, which is worse than none, by what coordinate descent makes of rest.
void Driver::start_over() {
    batch_.count = 1;
    std::vector<double> w(model_.size(), 0.0);
    const long sweeps = std::clamp(budget(0), 0L, kRestartSweeps);
    spent_ += descend_columns(problem_, penalty(0), model_.features(), w, kRestartTolerance, problem_.noise(), sweeps,
                              control_);
    batch_.solves[0] = spent_;
    batch_.w[0] = w;
    if (active_) active_->start_from(penalty(0), w);
    find_residuals();
    correlate_model(false);
    look_beyond();
    batch_.certificates[0] = certificate(0);
}

}  // namespace riata
