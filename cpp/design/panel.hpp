// Several vectors over the rows of X, in the order in which a design reads them best: one after the other, or interleaved
// so that the entries of a row share a cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "parallel/huge_pages.hpp"
#include "parallel/team.hpp"

namespace riata {

class Panel {
public:
    static constexpr std::size_t kLanes = 8;  ///< of an interleaved panel, whether in use or not

    void shape(std::size_t rows, std::size_t count, bool interleaved);

    std::size_t rows() const { return rows_; }
    std::size_t count() const { return count_; }
    bool interleaved() const { return interleaved_; }
    double* data() { return values_.data(); }
    const double* data() const { return values_.data(); }

    /// v_k := y + constant[k]; constant null: 0.
    void fill(const double* y, const double* constant, Team& team);
    /// Becomes the vectors of `other` times s; sums() follow.
    void weigh(const Panel& other, const double* s, Team& team);
    /// v_k -= constant[k].
    void shift(const double* constant, Team& team);
    /// squares[k] = sum_i s_i v_ki^2, product[k] = sum_i s_i v_ki y_i and sums()[k] = sum_i s_i v_ki; s null: ones.
    void measure(const double* s, const double* y, double* squares, double* product, Team& team);
    /// The sums of the vectors as they were put or weighed, or, if they have been measured since, of the vectors times s.
    const double* sums() const { return sums_; }
    /// out[k] = v_k' t.
    void products(const double* t, double* out) const;
    /// out[k] = max_i |v_ki - a[k] t_i - b[k] y_i| of an interleaved panel, for kLanes numbers a, b and out; t may be null.
    void peaks(const double* t, const double* a, const double* y, const double* b, double* out) const;
    /// to[i] = v_ki.
    void copy(std::size_t k, double* to) const;
    /// to[i] = v_k at the i-th of n listed rows.
    void pick(std::size_t k, const std::int64_t* rows, std::size_t n, double* to) const;
    /// v_ki := from[k][i] * (s ? s[i] : 1); sums() follow.
    void put(const std::vector<const double*>& from, const double* s, Team& team);

private:
    template <class F>
    void set_sums(Team& team, const F& f);

    std::size_t rows_ = 0, count_ = 0;
    bool interleaved_ = false;
    double sums_[kLanes] = {};
    LargeVector values_;
};

}  // namespace riata
