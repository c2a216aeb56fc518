// The path driver: predict W, solve on W for a batch of alphas, certify the batch, accept its leading part, grow W.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "path/frontier.hpp"
#include "path/path.hpp"
#include "path/report.hpp"
#include "solver/active_set.hpp"
#include "solver/gram_model.hpp"
#include "solver/lanes.hpp"
#include "solver/opening.hpp"

namespace riata {

class Driver {
public:
    Driver(const Problem& problem, const PathOptions& options, Control& control);
    Path run();

private:
    /// Solutions on W for consecutive alphas, waiting for their certificates.
    struct Batch {
        std::size_t first = 0, count = 0;
        std::vector<std::vector<double>> w;  ///< per alpha, an entry per slot
        std::vector<long> solves;
        std::vector<char> settled;
        Panel r, u;                  ///< residuals, and the same times s
        std::vector<double> rr, ry;  ///< r'r and r'y
        std::vector<double> loss;    ///< r'r of the solutions; another r may be looked at for the dual point
        std::vector<std::vector<double>> beside;  ///< such, from the columns' own system; empty: none
        std::vector<double> rounding;             ///< of the dual value, where correlations come off the Gram matrix
        std::vector<double> in_model;             ///< correlations of the slots, slot*count + k
        std::vector<Certificate> certificates;
    };

    bool open();
    double patience(bool l2) const;
    /// Of what has been tried at one alpha, the solution with the smallest gap.
    struct Best {
        std::vector<double> w;
        double loss = 0;
        Certificate certificate;
        double gap() const { return w.empty() ? kInfinity : certificate.rel_gap; }
    };

    void follow_alphas();
    double start();
    bool whole_gram_pays() const;
    std::vector<std::size_t> likely_support();
    std::vector<std::size_t> support_of_sample();
    bool wide() const { return design_.cols() > design_.rows(); }
    bool samples_pay() const;
    void choose_system();
    bool lanes_pay() const;
    long lane_budget() const;
    bool gram_fits(std::size_t support) const;
    bool columns_fit() const;
    void take_columns();
    void take_lanes();
    void leave_lanes();
    void go_lean();
    void draft();
    long solve_one(std::size_t k, long most);
    void solve_in_lanes(double slack = 1);
    std::vector<double> lane_start(std::size_t k) const;
    PenaltyAt penalty(std::size_t k) const { return problem_.at(alphas_[batch_.first + k]); }

    void speculate(std::size_t first, std::size_t count);
    bool read_off_gram();
    bool gram_settles();
    void find_residuals();
    void take_residuals_beside();
    void measure_residuals();
    void recentre_residuals();
    const Panel& weighted_residuals() const { return problem_.weights() ? batch_.u : batch_.r; }
    void correlate_model(bool by_gram);
    void look_beyond();
    void judge();
    void certify();
    void certify_beside();
    Certificate certificate(std::size_t k);
    bool wanted(std::size_t k) const;
    bool accepted(std::size_t k) const;

    std::size_t accept();
    bool finish(std::size_t k);
    void grow(const std::vector<Index>& features);
    std::size_t room() const { return std::max<std::size_t>(64, model_.size() / 2); }
    double last_alpha(std::size_t next) const { return alphas_[std::min(next + width_, alphas_.size()) - 1]; }
    long budget(std::size_t k) const;
    void leave_alpha();
    void keep_best();
    void hand_out_best();
    bool try_harder();
    bool correct();
    void start_over();
    Outcome outcome(std::size_t k) const;
    Certificate judge_numbers(const Solution& s) const;

    const Problem& problem_;
    const PathOptions& options_;
    Control& control_;
    Design& design_;
    GramModel model_;
    std::unique_ptr<Frontier> frontier_;
    std::unique_ptr<ActiveSet> active_;
    bool on_samples_ = false;       ///< the free system in use is the n x n one
    bool on_columns_ = false;       ///< or that on the columns
    bool lean_ = false;             ///< no Gram matrix: memory is short
    std::unique_ptr<Lanes> lanes_;  ///< in place of the active set, for large supports on sparse data
    bool drafts_ = true;            ///< batches in lanes lack features, and rough solutions tell which
    bool lanes_tired_ = false;      ///< they took too many sweeps, and are not to be tried again
    std::vector<double> lean_w_;
    double lean_tolerance_ = 1e-4;          ///< of coordinate descent then, relative to l1
    double lane_tolerance_ = 0.5;           ///< of the lanes, relative to what the gap allows
    std::vector<double> w_before_, w_now_;  ///< the last two accepted solutions, in lanes
    std::vector<double> alphas_;
    Opening opening_;  ///< of a single fit: where coordinate descent came to
    Batch batch_;
    Report report_;
    std::vector<std::size_t> every_slot_;  // scratch
    double null_ = 0;                      ///< objective of the null model
    std::size_t width_ = 8;                ///< alphas per batch
    long spent_ = 0;                       ///< systems and sweeps: of the alpha at hand, or of all with only_last
    Best best_;                            ///< of the alpha at hand,
    double gap_before_ = kInfinity;        ///< the gap of the last attempt at it,
    int corrections_ = 0;                  ///< the corrections made of it,
    long sweeps_ = 0;                      ///< and what coordinate descent is to try next
};

}  // namespace riata
