// The alphas of a path: which there are, how closely each is solved, and how many are solved together.
#pragma once

#include <cstddef>
#include <vector>

#include "path/path.hpp"

namespace riata {

/// The smallest alpha of a geometric grid, relative to the largest; `wide` is a design with more columns than rows.
double lowest_ratio(const PathOptions& options, bool wide);

/// What is given, a geometric grid, or stepping stones to the only alpha asked for.
std::vector<double> make_alphas(const PathOptions& options, double alpha_max, bool wide);

/// Whether alpha k of n is handed out, and is no stepping stone.
inline bool is_wanted(const PathOptions& options, std::size_t k, std::size_t n) {
    return !options.only_last || k + 1 == n;
}

/// The relative gap at which an alpha is done with: stepping stones are left behind early.
double tolerance_of(const PathOptions& options, bool wanted);

/// How many alphas to solve together next, when the first `done` of the last `count` were accepted.
std::size_t next_width(const Design& design, std::size_t done, std::size_t count);

}  // namespace riata
