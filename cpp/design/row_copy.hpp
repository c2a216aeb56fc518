// A copy by rows of some columns of a sparse matrix. With it the products of a new column with all of those cost only
// the rows that it touches.
#pragma once

#include <vector>

#include "design/compressed.hpp"

namespace riata {

class RowCopy {
public:
    /// Copies the listed columns, less their shifts.
    template <class T>
    void build(const CompressedColumns<T>& x, std::size_t rows, const std::vector<double>& shift,
               const std::vector<Index>& features);

    std::size_t size() const { return size_; }
    std::size_t entries() const { return value_.size(); }
    /// The place of a feature among those copied, or -1.
    Index place(Index feature) const {
        return place_.empty() ? Index{-1} : Index{place_[static_cast<std::size_t>(feature)]};
    }
    /// Entries met by walking the rows of one column.
    double steps(const int* rows, std::size_t n) const {
        std::size_t sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += start_[rows[k] + 1] - start_[rows[k]];
        return static_cast<double>(sum);
    }
    /// sums[place] += sum_k (value[k] - c) weight[rows[k]] z_place[rows[k]]; weight null: ones.
    template <class T>
    void walk(const T* value, const int* rows, std::size_t n, double c, const double* weight, double* sums) const;

    /// Adds to what has been spent on doing without; true when a copy would have paid by now.
    bool would_have_paid(double spent, double cost) {
        spent_ += spent;
        return spent_ > cost;
    }
    std::size_t bytes() const {
        return value_.capacity() * sizeof(double) + (column_.capacity() + place_.capacity()) * sizeof(int) +
               start_.capacity() * sizeof(std::size_t);
    }

private:
    std::size_t size_ = 0;
    double spent_ = 0;
    std::vector<double> value_;
    std::vector<int> column_, place_;
    std::vector<std::size_t> start_;
};

}  // namespace riata
