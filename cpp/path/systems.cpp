// Which form of the inner problem a batch is solved in: on the Gram matrix of the working set, on the samples (n x n), in
// lanes without a matrix, or by coordinate descent on the columns where memory is short.
#include <algorithm>
#include <cmath>

#include "path/driver.hpp"

namespace riata {

namespace {
constexpr double kGrowth = 1.5;                       // room that a growing Gram matrix keeps ahead
constexpr double kRoom = 1 << 30;                     // bytes that a Gram matrix may take whatever the size of sparse X
constexpr double kEntry = 12;                         // bytes of a sparse entry: a value and an index
constexpr double kFewFree = 500, kLaneEntries = 2.5;  // see lanes_pay
constexpr double kGramColumns = 4;                    // of the Gram matrix, that cost a pass of the lanes
constexpr double kLaneWork = 60;                      // see lane_budget
}  // namespace

/// True where the n x n form of the linear algebra is the cheaper one and can be used.
bool Driver::samples_pay() const {
    const auto& l2 = problem_.penalty.l2_factor;
    if (problem_.request.l1_ratio >= 1 || 4 * active_->free_count() < 3 * design_.rows()) return false;
    for (std::size_t j = 0; j < design_.cols(); ++j)
        if (problem_.usable[j] && !(l2[j] > 0)) return false;
    return true;
}

/// True where lanes cost less than the Gram matrix: per alpha, some sweeps over the working set's entries against the
/// squares of the support that solving with a factor and updating it take.
bool Driver::lanes_pay() const {
    if (!design_.interleaves() || model_.complete() || on_samples_ || lanes_tired_) return false;
    const auto m = static_cast<double>(active_->free_count());
    return m > kFewFree && m * m > kLaneEntries * design_.entries(model_.features());
}

/// Passes of the lanes over the support beyond which a Gram matrix and some hundred exchanges on it cost less: columns that are
/// nearly the same are beyond descent and conjugate gradients.
long Driver::lane_budget() const {
    std::vector<Index> support;
    for (std::size_t slot = 0; slot < w_now_.size(); ++slot)
        if (w_now_[slot] != 0) support.push_back(model_.features()[slot]);
    if (!gram_fits(support.size())) return options_.max_solves;
    const double m = std::max(static_cast<double>(support.size()), kFewFree);
    const double passes = kLaneWork * m * m / std::max(design_.entries(support), 1.0) + m / kGramColumns;
    return static_cast<long>(std::min(passes, static_cast<double>(options_.max_solves)));
}

/// True where a Gram matrix for a support of that size, and its factor, have room: in what the caller allows, which has to
/// do for all of W, or, if X is sparse and nothing is said, in what X takes itself.
bool Driver::gram_fits(std::size_t support) const {
    if (!options_.memory_limit && !design_.interleaves()) return true;
    const double room = options_.memory_limit ? static_cast<double>(options_.memory_limit)
                                              : std::max(kRoom, kEntry * design_.entries());
    const double roomy = kGrowth * static_cast<double>(options_.memory_limit ? model_.size() : support);
    return 2 * sizeof(double) * roomy * roomy <= room;
}

/// True where orthogonal factors of the working set's columns have room, and samples do not take their place.
bool Driver::columns_fit() const {
    if (on_samples_ || lean_ || lanes_) return false;
    const double room = options_.memory_limit ? static_cast<double>(options_.memory_limit)
                                              : std::max(kRoom, kEntry * design_.entries());
    const double m = kGrowth * static_cast<double>(active_->free_count() + 64);
    return sizeof(double) * m * (static_cast<double>(design_.rows()) + 2 * m) <= room;
}

/// From here on no Gram matrix: it cannot tell the columns apart.
void Driver::take_columns() {
    on_columns_ = true;
    model_.drop_gram();
    active_->switch_system(make_column_system(model_, problem_));
}

void Driver::take_lanes() {
    w_now_ = active_->w();
    w_before_ = w_now_;
    lanes_ = std::make_unique<Lanes>(problem_, control_);
    active_.reset();
    model_.drop_gram();
}

/// Back to the active set, from the last accepted solution.
void Driver::leave_lanes() {
    lanes_tired_ = true;
    lanes_.reset();
    active_ = std::make_unique<ActiveSet>(model_, make_gram_system(model_), control_);
    w_now_.resize(model_.size(), 0.0);
    active_->start_from(penalty(0), w_now_);
}

/// Coordinate descent on the columns.
void Driver::go_lean() {
    lean_ = true;
    on_columns_ = false;
    lean_w_ = active_->w();
    active_.reset();
    model_.drop_gram();
}

void Driver::choose_system() {
    if (lanes_ && lanes_->passes() > lane_budget()) leave_lanes();
    if (lean_ || lanes_) return;
    if (on_columns_) {
        if (!columns_fit()) go_lean();
        return;
    }
    if (!model_.complete() && !gram_fits(active_->free_count())) {
        if (design_.interleaves())
            take_lanes();
        else
            go_lean();
    } else if (lanes_pay()) {
        take_lanes();
    } else if (!on_samples_ && samples_pay()) {
        active_->switch_system(make_sample_system(model_, problem_));
        on_samples_ = true;
    }
}

}  // namespace riata
