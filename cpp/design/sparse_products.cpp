// Products of sparse columns: by the rows that a column touches where a copy by rows exists and is the cheaper way, else
// 8 columns at a time, spread out over interleaved lanes.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "design/sparse.hpp"

namespace riata {

namespace {
constexpr std::size_t kLanes = Panel::kLanes;
constexpr double kWalk = 1.0;   // cost of an entry met by walking rows, of one met by gathering lanes
constexpr double kBuild = 2.0;  // of an entry copied by rows
}  // namespace

template <class T>
void Sparse<T>::products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight, double* out,
                         Team& team) const {
    const double groups = std::ceil(static_cast<double>(B.size()) / kLanes);
    std::vector<Index> covered, other;
    for (Index j : A) (copies_.covers(j) ? covered : other).push_back(j);
    const double in_other = entries(other), in_A = in_other + entries(covered);
    // What walking would cost if the entries of A were spread evenly over the rows, twice over since they are not.
    const double expected = kWalk * 2 * entries(B) * in_A / static_cast<double>(rows_);
    if (expected < groups * in_A &&
        copies_.would_have_paid(groups * in_other, kBuild * in_other + static_cast<double>(rows_))) {
        copies_.add(x_, rows_, shift_, other);
        std::erase_if(other, [&](Index j) { return copies_.covers(j); });
        covered = A;
    }
    if (covered.empty() || kWalk * steps(B) > groups * entries(covered)) {
        gather_products(A, B, weight, out, team);
    } else {
        std::vector<double> part(other.size() * B.size());
        gather_products(other, B, weight, part.data(), team);
        std::size_t next = 0;
        for (std::size_t a = 0; a < A.size() && !other.empty(); ++a)
            if (!copies_.covers(A[a])) std::copy_n(part.data() + B.size() * next++, B.size(), out + a * B.size());
        walk_products(A, B, weight, out, team);
    }
    centre_products(A, B, weight, out, team);
}

/// Entries met by walking the rows of these columns.
template <class T>
double Sparse<T>::steps(const std::vector<Index>& features) const {
    double sum = 0;
    for (const RowCopy& copy : copies_.parts())
        for (Index feature : features) {
            const auto j = static_cast<std::size_t>(feature);
            sum += copy.steps(x_.rows(j), x_.entries(j));
        }
    return sum;
}

/// out[a*B.size() + b] = z_a' diag(weight) z_b scale_b: so that squares of very small or large values stay within range.
template <class T>
void Sparse<T>::gather_products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight,
                                double* out, Team& team) const {
    const auto view = x_.view(shift_.data());
    spread_.resize(rows_ * kLanes, 0.0);
    for (std::size_t first = 0; first < B.size(); first += kLanes) {
        const std::size_t m = std::min(kLanes, B.size() - first);
        for (std::size_t b = 0; b < m; ++b) {
            const auto j = static_cast<std::size_t>(B[first + b]);
            for (std::size_t k = 0; k < x_.entries(j); ++k) {
                const auto i = static_cast<std::size_t>(x_.rows(j)[k]);
                spread_[i * kLanes + b] =
                    (static_cast<double>(x_.values(j)[k]) - shift_[j]) * moments_.scale[j] * (weight ? weight[i] : 1.0);
            }
        }
        team.for_blocks(A.size(), 16, [&](std::size_t begin, std::size_t end) {
            double part[16 * kLanes];
            read_.correlate_compressed(view, A.data(), begin, end, spread_.data(), kLanes, part);
            for (std::size_t a = begin; a < end; ++a)
                std::copy_n(part + (a - begin) * kLanes, m, out + a * B.size() + first);
        });
        for (std::size_t b = 0; b < m; ++b) {
            const auto j = static_cast<std::size_t>(B[first + b]);
            for (std::size_t k = 0; k < x_.entries(j); ++k)
                spread_[static_cast<std::size_t>(x_.rows(j)[k]) * kLanes + b] = 0.0;
        }
    }
}

/// The same for those of A that the copies by rows cover.
template <class T>
void Sparse<T>::walk_products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight,
                              double* out, Team& team) const {
    std::vector<int> line(cols_, -1);
    for (std::size_t a = 0; a < A.size(); ++a) line[static_cast<std::size_t>(A[a])] = static_cast<int>(a);
    team.for_blocks(B.size(), 4, [&](std::size_t begin, std::size_t end) {
        std::vector<double> sums;
        for (std::size_t b = begin; b < end; ++b)
            for (const RowCopy& copy : copies_.parts()) {
                const auto j = static_cast<std::size_t>(B[b]);
                sums.assign(copy.features().size(), 0.0);
                copy.walk(x_.values(j), x_.rows(j), x_.entries(j), shift_[j], moments_.scale[j], weight, sums.data());
                for (std::size_t f = 0; f < sums.size(); ++f)
                    if (const int a = line[static_cast<std::size_t>(copy.features()[f])]; a >= 0)
                        out[static_cast<std::size_t>(a) * B.size() + b] = sums[f];
            }
    });
}

/// From products of z_a and scale_b z_b to products of xh: with e = rest and D = sum of the weights,
/// (z_a - e_a)' W (z_b - e_b) = z_a'W z_b - e_a 1'W z_b - e_b 1'W z_a + e_a e_b D.
template <class T>
void Sparse<T>::centre_products(const std::vector<Index>& A, const std::vector<Index>& B, const double* weight,
                                double* out, Team& team) const {
    const std::vector<double> ones(weight || !s_ ? 0 : rows_, 1.0);
    if (!ones.empty()) weight = ones.data();
    const auto sums = [&](const std::vector<Index>& list) {
        std::vector<double> of(list.size());
        if (weight == s_)  // those of measure(): z_j then sums up to weight * rest_j
            for (std::size_t f = 0; f < list.size(); ++f) of[f] = weight_ * rest_[static_cast<std::size_t>(list[f])];
        else
            read_.correlate_compressed(x_.view(shift_.data()), list.data(), 0, list.size(), weight, 1, of.data());
        return of;
    };
    const double total = weight == s_ ? weight_ : std::accumulate(weight, weight + rows_, 0.0);
    const auto of_A = sums(A), of_B = sums(B);
    team.for_blocks(A.size(), 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t a = begin; a < end; ++a) {
            const auto i = static_cast<std::size_t>(A[a]);
            for (std::size_t b = 0; b < B.size(); ++b) {
                const auto j = static_cast<std::size_t>(B[b]);
                const double scale = moments_.scale[j], rest = scale * rest_[j];
                double& entry = out[a * B.size() + b];
                entry += rest_[i] * (rest * total - scale * of_B[b]) - rest * of_A[a];
                entry *= moments_.scale[i];
            }
        }
    });
}

template <class T>
void Sparse<T>::gram_all(const double*, double* G, Team& team) const {
    std::vector<Index> all(cols_);
    std::iota(all.begin(), all.end(), Index{0});
    products(all, all, s_, G, team);
}

/// K = (Z - 1 e') D (Z - 1 e')' with rows and columns times root_s.
template <class T>
void Sparse<T>::outer_all(const double* root_s, const double* d, double* K, Team& team) const {
    std::fill(K, K + rows_ * rows_, 0.0);
    std::vector<double> across(rows_, 0.0);  // Z D e
    double both = 0;                         // e' D e
    for (std::size_t j = 0; j < cols_; ++j) {
        const double f = moments_.norm[j] > 0 ? (d ? d[j] : 1.0) : 0.0;
        const int* row = x_.rows(j);
        both += f * rest_[j] * rest_[j];
        for (std::size_t k = 0; k < x_.entries(j); ++k) {
            const double z = static_cast<double>(x_.values(j)[k]) - shift_[j];
            double* column = K + static_cast<std::size_t>(row[k]) * rows_;
            across[static_cast<std::size_t>(row[k])] += f * z * rest_[j];
            for (std::size_t l = 0; l < x_.entries(j); ++l)
                column[row[l]] += f * z * (static_cast<double>(x_.values(j)[l]) - shift_[j]);
        }
    }
    team.for_blocks(rows_, 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b)
            for (std::size_t a = 0; a < rows_; ++a) {
                double& entry = K[a + b * rows_];
                entry += both - across[a] - across[b];
                if (root_s) entry *= root_s[a] * root_s[b];
            }
    });
}

#define RIATA_INSTANTIATE(T)                                                                                        \
    template void Sparse<T>::products(const std::vector<Index>&, const std::vector<Index>&, const double*, double*, \
                                      Team&) const;                                                                 \
    template double Sparse<T>::steps(const std::vector<Index>&) const;                                              \
    template void Sparse<T>::gram_all(const double*, double*, Team&) const;                                         \
    template void Sparse<T>::outer_all(const double*, const double*, double*, Team&) const;
RIATA_INSTANTIATE(float)
RIATA_INSTANTIATE(double)
#undef RIATA_INSTANTIATE

}  // namespace riata
