// Compressed columns that can be trusted: every index has been checked and is a copy of our own, the rows of a column
// ascend and none comes twice. Values are the caller's where his arrays are like that already.
#pragma once

#include <vector>

#include "design/design.hpp"
#include "kernels/kernels.hpp"

namespace riata {

template <class T>
class CompressedColumns {
public:
    /// Throws std::invalid_argument naming X.indices or X.indptr and the position.
    CompressedColumns(const CompressedArrays<T>& x, Team& team);
    CompressedColumns(CompressedColumns&&) = default;

    std::size_t cols() const { return start_.size() - 1; }
    std::size_t entries() const { return start_.back(); }
    std::size_t entries(std::size_t j) const { return start_[j + 1] - start_[j]; }
    const T* values(std::size_t j) const { return value_ + start_[j]; }
    const int* rows(std::size_t j) const { return row_.data() + start_[j]; }
    const std::size_t* start() const { return start_.data(); }
    kernels::Compressed<T> view(const double* shift) const { return {value_, row_.data(), start_.data(), shift}; }
    std::size_t bytes() const;
    /// Throws NonFinite, naming the first entry of the caller's data that is not.
    [[noreturn]] void refuse_non_finite() const;

    /// Every step-th row, `rows` of them.
    CompressedColumns sample(std::size_t step, std::size_t rows) const;

private:
    CompressedColumns() = default;
    void borrow(const CompressedArrays<T>& x, Team& team);
    void transpose(const CompressedArrays<T>& x, Team& team);
    bool ascending(Team& team) const;
    void tidy();

    const T *value_ = nullptr, *given_ = nullptr;
    std::size_t n_given_ = 0;
    std::vector<T> own_;
    std::vector<int> row_;
    std::vector<std::size_t> start_;
};

}  // namespace riata
