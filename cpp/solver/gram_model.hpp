// The explicit quadratic model on a working set W: min 1/2 w'Gw - q'w + h(w) with G = Xh_W' S Xh_W and
// q = Xh_W' S y. W only grows; its members are called slots.
#pragma once

#include <cstddef>
#include <vector>

#include "design/design.hpp"

namespace riata {

class GramModel {
public:
    /// s null: ones. The design has to outlive the model.
    GramModel(Design& design, const double* s, Team& team);

    std::size_t size() const { return features_.size(); }
    const std::vector<Index>& features() const { return features_; }
    /// The slot of a feature, or -1.
    Index slot(Index feature) const { return slot_[feature]; }
    bool complete() const { return size() == slot_.size(); }

    const double* column(std::size_t slot) const { return G_.data() + slot * ld_; }
    double operator()(std::size_t a, std::size_t b) const { return G_[a + b * ld_]; }
    double diagonal(std::size_t slot) const { return (*this)(slot, slot); }
    std::vector<double>& q() { return q_; }
    const std::vector<double>& q() const { return q_; }

    /// Adds features that are not in W yet; xty[j] = xh_j' S y. with_gram = false leaves their part of G unset
    /// (see `fill_gram`).
    void grow(const std::vector<Index>& features, const double* xty, bool with_gram);
    /// Makes W all features, with one sweep over X, when it is empty.
    void grow_to_all(const double* xty, const double* root_s);
    /// Computes what of G `grow` has left unset.
    void fill_gram();

    std::size_t bytes() const { return G_.capacity() * sizeof(double); }
    /// Bytes that G takes for a working set of `size`.
    static std::size_t bytes_for(std::size_t size) { return size * size * sizeof(double); }

private:
    void reserve(std::size_t size);
    void enter(const std::vector<Index>& features, const double* xty);

    Design& design_;
    const double* s_;
    Team& team_;
    std::vector<Index> features_, slot_;
    std::vector<double> G_, q_;
    std::size_t ld_ = 0, filled_ = 0;
};

}  // namespace riata
