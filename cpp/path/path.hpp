// The regularisation path: solutions for a descending sequence of alphas, each with its certificate.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/loss.hpp"
#include "solver/certificate.hpp"
#include "solver/problem.hpp"

namespace riata {

struct Path;

struct PathOptions {
    std::vector<double>
        alphas;  ///< descending and positive; empty: a geometric grid of n_alphas down to eps * alpha_max
    std::size_t n_alphas = 100;
    double eps = 0;          ///< 0: 1e-2 when p > n, else 1e-4
    bool only_last = false;  ///< alphas before the last are stepping stones: they are neither certified nor returned
    /// Where smooth losses start with only_last, in the place of stepping stones, unless the null model is better: an entry
    /// per column for each class in turn, and the intercepts, in the caller's units. Empty for none.
    std::vector<double> start_coefs, start_intercepts;
    /// A path of similar data along the same alphas, or proportional ones, that smooth losses start from; or null. Borrowed.
    const Path* guide = nullptr;
    std::vector<std::int64_t> margins_of;  ///< rows of which a path of a smooth loss keeps the margins
    double tol = 1e-6;                     ///< relative duality gap
    double enough = 0;  ///< the gap that was asked for, where tol goes further as long as that is cheap
    /// Largest violation of the optimality conditions, in units of alpha, that solutions within tol are improved for, as long as each
    /// step brings it clearly down.
    double gradient = kInfinity;
    /// Linear systems and sweeps of coordinate descent for an alpha, with only_last for all of them.
    long max_solves = 1000000;
    std::size_t max_features = 0;  ///< stop after the first solution with more, 0 for no limit
    bool plain = false;            ///< no look at a sample of the rows first
    bool whole_gram = false;       ///< the whole Gram matrix from the start, whatever it costs
    bool early_stop = false;       ///< stop when the fit no longer improves
    std::size_t memory_limit = 0;  ///< bytes beyond X, 0 for none
    /// Called after each solution with (k, alpha, rel_gap, df, dev_ratio); true stops the path.
    std::function<bool(std::size_t, double, double, std::size_t, double)> callback;
};

enum class Status : std::uint8_t { kConverged = 0, kGapAboveTol = 1 };
enum class Stop : std::uint8_t { kCompleted, kMaxFeatures, kEarlyStop, kTimeLimit, kCallback };

/// One point of the path, in the caller's units.
struct Solution {
    double alpha = 0, intercept = 0, dev_ratio = 0, seconds = 0;
    std::vector<Index> features;  ///< ascending
    std::vector<double> values;
    Certificate certificate;
    Status status = Status::kConverged;
    long n_solves = 0;
    double rounding = 0;  ///< what that of the margins may add to the objective
};

struct Path {
    std::vector<Solution> solutions;
    std::vector<double> margins;  ///< without offset, of the rows asked for, one solution after the other
    double alpha_max = 0, null_objective = 0;
    double n_passes = 0;  ///< passes over X, counted in columns read / p
    Stop stop = Stop::kCompleted;
};

Path solve_path(const Problem& problem, const PathOptions& options, Control& control);

/// What a loss needs beside the problem, whose y is empty.
struct Response {
    const Family& family;
    std::vector<double> y;
    const double* offset = nullptr;  ///< rows() entries or null
};

/// The same for any smooth loss, by Newton's method; the problem was made without a response.
Path solve_path(Problem& problem, const Response& response, const PathOptions& options, Control& control);

/// The softmax model: one path per class 0, 1, ..., of which all carry the joint certificates. `labels` holds a class for
/// every row, each of them somewhere.
std::vector<Path> solve_multinomial_path(Problem& problem, const std::vector<int>& labels, int n_classes,
                                         const PathOptions& options, Control& control);

/// The same with a penalty on the lengths of rows, a feature's coefficients of all classes, in the place of their sizes.
std::vector<Path> solve_grouped_path(Problem& problem, const std::vector<int>& labels, int n_classes,
                                     const PathOptions& options, Control& control);

/// Several responses whose rows of coefficients are penalised by their lengths: one path per response, of which all carry
/// the joint certificates. The problem was made without a response.
std::vector<Path> solve_multitask_path(Problem& problem, const std::vector<std::vector<double>>& Y,
                                       const PathOptions& options, Control& control);

}  // namespace riata
