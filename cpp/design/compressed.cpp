#include "design/compressed.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "design/checked.hpp"

namespace riata {

namespace {

constexpr std::size_t kBeyond = 32;        // entries that kernels may read beyond the last row index
constexpr std::size_t kBlock = 1u << 17;   // entries per unit of parallel work
constexpr std::size_t kMinorBlock = 4096;  // columns per unit of parallel work

[[noreturn]] void refuse(const std::string& message) { throw std::invalid_argument(message); }

}  // namespace

template <class T>
CompressedColumns<T>::CompressedColumns(const CompressedArrays<T>& x, Team& team) {
    given_ = x.data;
    n_given_ = x.n_data;
    const std::size_t most = std::numeric_limits<int>::max();
    if (x.rows > most) refuse("X has " + std::to_string(x.rows) + " rows: a sparse matrix can have 2147483647");
    if (x.by_rows && x.cols > most)
        refuse("X has " + std::to_string(x.cols) + " columns: a CSR matrix can have 2147483647");
    if (x.by_rows)
        transpose(x, team);
    else
        borrow(x, team);
    if (!ascending(team)) tidy();
}

template <class T>
void CompressedColumns<T>::borrow(const CompressedArrays<T>& x, Team& team) {
    start_ = checked_pointers(x);
    value_ = x.data;
    row_.resize(entries() + kBeyond);
    team.for_blocks(entries(), kBlock, [&](std::size_t b, std::size_t e) {
        for (std::size_t k = b; k < e; ++k) row_[k] = static_cast<int>(checked_index(x, k));
    });
}

/// Counting transposition of CSR. Every group of rows counts and then places its own entries, group after group within
/// a column, so that rows ascend however many threads there are.
template <class T>
void CompressedColumns<T>::transpose(const CompressedArrays<T>& x, Team& team) {
    const auto line = checked_pointers(x);
    const std::size_t total = line.back(), p = x.cols;
    const std::size_t groups = total < kBlock ? 1 : static_cast<std::size_t>(team.size());
    std::vector<std::size_t> first(groups + 1, x.rows);
    for (std::size_t g = 0; g < groups; ++g)
        first[g] = static_cast<std::size_t>(std::upper_bound(line.begin(), line.end() - 1, g * total / groups) -
                                            line.begin()) -
                   1;
    first[0] = 0;
    std::vector<std::vector<std::size_t>> place(groups);
    team.for_blocks(groups, 1, [&](std::size_t g, std::size_t) {
        place[g].assign(p, 0);
        for (std::size_t k = line[first[g]]; k < line[first[g + 1]]; ++k) {
            const std::size_t j = checked_index(x, k);
            ++place[g][j];
        }
    });
    start_.assign(p + 1, 0);
    for (std::size_t j = 0, at = 0; j < p; ++j) {
        for (auto& group : place) at += std::exchange(group[j], at);
        start_[j + 1] = at;
    }
    own_.resize(total);
    row_.resize(total + kBeyond);
    value_ = own_.data();
    team.for_blocks(groups, 1, [&](std::size_t g, std::size_t) {
        for (std::size_t i = first[g]; i < first[g + 1]; ++i)
            for (std::size_t k = line[i]; k < line[i + 1]; ++k) {
                const std::size_t j = checked_index(x, k);
                const std::size_t at = place[g][j]++;
                if (at >= start_[j + 1]) refuse("X.indices[" + std::to_string(k) + "] changed while it was being read");
                own_[at] = x.data[k];
                row_[at] = static_cast<int>(i);
            }
    });
}

template <class T>
bool CompressedColumns<T>::ascending(Team& team) const {
    std::atomic<bool> yes{true};
    team.for_blocks(cols(), kMinorBlock, [&](std::size_t b, std::size_t e) {
        bool good = true;
        for (std::size_t j = b; j < e; ++j)
            for (std::size_t k = start_[j] + 1; k < start_[j + 1]; ++k) good &= row_[k - 1] < row_[k];
        if (!good) yes = false;
    });
    return yes;
}

/// Sorts every column and adds up what comes twice, in a copy of our own.
template <class T>
void CompressedColumns<T>::tidy() {
    if (own_.empty()) own_.assign(value_, value_ + entries());
    value_ = own_.data();
    std::vector<std::pair<int, T>> column;
    std::size_t to = 0, from = 0;
    for (std::size_t j = 0; j < cols(); ++j) {
        column.clear();
        for (std::size_t k = from; k < start_[j + 1]; ++k) column.emplace_back(row_[k], own_[k]);
        from = start_[j + 1];
        std::stable_sort(column.begin(), column.end(), [](auto& a, auto& b) { return a.first < b.first; });
        const std::size_t begin = to;
        for (const auto& [i, v] : column) {
            if (to > begin && row_[to - 1] == i) {
                own_[to - 1] += v;
                continue;
            }
            row_[to] = i;
            own_[to++] = v;
        }
        start_[j + 1] = to;
    }
    own_.resize(to);
    row_.resize(to);
    row_.resize(to + kBeyond, 0);
}

template <class T>
void CompressedColumns<T>::refuse_non_finite() const {
    for (std::size_t k = 0; k < n_given_; ++k)
        if (const auto v = static_cast<double>(given_[k]); !std::isfinite(v)) refuse_entry(k, v);
    throw NonFinite("X.data has duplicate entries whose sum is not finite");
}

template <class T>
std::size_t CompressedColumns<T>::bytes() const {
    return own_.capacity() * sizeof(T) + row_.capacity() * sizeof(int) + start_.capacity() * sizeof(std::size_t);
}

template <class T>
CompressedColumns<T> CompressedColumns<T>::sample(std::size_t step, std::size_t rows) const {
    CompressedColumns out;
    out.start_.push_back(0);
    for (std::size_t j = 0; j < cols(); ++j) {
        for (std::size_t k = start_[j]; k < start_[j + 1]; ++k) {
            const auto i = static_cast<std::size_t>(row_[k]);
            if (i % step != 0 || i / step >= rows) continue;
            out.own_.push_back(value_[k]);
            out.row_.push_back(static_cast<int>(i / step));
        }
        out.start_.push_back(out.own_.size());
    }
    out.row_.resize(out.own_.size() + kBeyond, 0);
    out.value_ = out.own_.data();
    return out;
}

template class CompressedColumns<float>;
template class CompressedColumns<double>;

}  // namespace riata
