// Copies by rows of some columns of a sparse matrix. With them the products of a new column with all of those cost only
// the rows that it touches.
#pragma once

#include <cstdint>
#include <vector>

#include "design/compressed.hpp"
#include "parallel/team.hpp"

namespace riata {

/// Some columns by rows.
class RowCopy {
public:
    /// Copies the listed columns less their shifts.
    template <class T>
    RowCopy(const CompressedColumns<T>& x, std::size_t rows, const std::vector<double>& shift,
            std::vector<Index> features);

    /// What is copied; a feature's place is its position here.
    const std::vector<Index>& features() const { return features_; }
    std::size_t entries() const { return value_.size(); }
    /// Entries met by walking these rows.
    double steps(const int* rows, std::size_t n) const;
    /// sums[place] += sum_k (value[k] - c) scale weight[rows[k]] z_place[rows[k]]; weight null: ones. `rows` can be read 32
    /// entries further.
    template <class T>
    void walk(const T* value, const int* rows, std::size_t n, double c, double scale, const double* weight,
              double* sums) const;
    /// u := c + Z w and, with t = d u, sums := Z't, on one thread in one pass over the rows; returns the sum of t. Rows with
    /// d = 0 are left out, and have u = 0. w and sums have an entry per place.
    double there_and_back(const double* w, double c, const double* d, double* u, double* sums, Team& team) const;
    std::size_t bytes() const;

private:
    static constexpr std::size_t kQuantiles = 64;

    double row(std::size_t i, const double* w, double c) const;
    void add_row(std::size_t i, double t, double* sums) const;
    std::vector<std::size_t> shares(std::size_t parts) const;

    using Start = std::vector<std::uint32_t, HugePages<std::uint32_t>>;
    std::vector<Index> features_;
    LargeVector value_;
    std::vector<int, HugePages<int>> place_;
    Start start_;
    std::vector<std::size_t> quantiles_;  // places up to which shares of all entries go
};

/// Copies that grow: a new one takes in those before it that are not much larger, so that there are always few.
class RowCopies {
public:
    template <class T>
    void add(const CompressedColumns<T>& x, std::size_t rows, const std::vector<double>& shift,
             const std::vector<Index>& features);

    const std::vector<RowCopy>& parts() const { return parts_; }
    bool covers(Index feature) const { return !covered_.empty() && covered_[static_cast<std::size_t>(feature)]; }
    /// Adds to what has been spent on doing without a copy; true when one that costs so much would have paid by now.
    bool would_have_paid(double spent, double cost) {
        spent_ += spent;
        return spent_ > cost;
    }
    std::size_t bytes() const;

private:
    std::vector<RowCopy> parts_;
    std::vector<char> covered_;
    double spent_ = 0;
};

}  // namespace riata
