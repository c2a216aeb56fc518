// The quadratic model on a working set W: min 1/2 w'Gw - q'w + h(w) with G = Xh_W' S Xh_W and q = Xh_W' S y.
// W only grows; its features are called slots. Columns of G are computed for the slots that need them, the *members*:
// a slot that never becomes free needs none where its gradient is cheaper to read off the residual.
#pragma once

#include <cstddef>
#include <vector>

#include "solver/problem.hpp"

namespace riata {

class GramModel {
public:
    explicit GramModel(Problem& problem);

    std::size_t size() const { return features_.size(); }
    const std::vector<Index>& features() const { return features_; }
    /// The slot of a feature, or -1.
    Index slot(Index feature) const { return slot_[static_cast<std::size_t>(feature)]; }
    bool complete() const { return size() == slot_.size(); }

    std::vector<double>& q() { return q_; }
    const std::vector<double>& q() const { return q_; }

    /// Adds features that are not in W yet.
    void grow(const std::vector<Index>& features);
    /// Makes W all features and all of them members, with one sweep over X, when W is empty.
    void grow_to_all();

    /// Makes the listed slots members.
    void admit(const std::vector<std::size_t>& slots);
    std::size_t members() const { return member_.size(); }
    const std::vector<std::size_t>& member() const { return member_; }
    bool is_member(std::size_t slot) const { return position_[slot] >= 0; }

    /// Entries of G between members.
    double operator()(std::size_t a, std::size_t b) const { return column(a)[position_[b]]; }
    /// The column of a member: an entry for every member, in the order of member().
    const double* column(std::size_t slot) const { return G_.data() + static_cast<std::size_t>(position_[slot]) * ld_; }
    std::size_t position(std::size_t slot) const { return static_cast<std::size_t>(position_[slot]); }

    /// g[i] = q_i - (G w)_i for the listed slots, by the cheaper of the Gram matrix and the residual. w has an entry
    /// for every slot.
    void gradient(const double* w, const std::vector<std::size_t>& slots, double* g);

    std::size_t bytes() const { return G_.capacity() * sizeof(double); }
    /// Bytes that G takes for so many members.
    static std::size_t bytes_for(std::size_t members) { return members * members * sizeof(double); }

private:
    void reserve(std::size_t size);
    void gradient_by_gram(const double* w, const std::vector<std::size_t>& slots, double* g);
    void gradient_by_residual(const double* w, const std::vector<std::size_t>& slots, double* g);

    Problem& problem_;
    Design& design_;
    Team& team_;
    std::vector<Index> features_, slot_, position_;
    std::vector<std::size_t> member_;
    std::vector<Index> member_features_;
    std::vector<double> G_, q_;
    std::size_t ld_ = 0;
    std::vector<double> block_, products_, w_, r_, u_;  // scratch
    std::vector<Index> wanted_, support_;
    std::vector<const double*> columns_;
};

}  // namespace riata
