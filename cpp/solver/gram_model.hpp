// The quadratic model on a working set W: min 1/2 w'Gw - q'w + h(w) with G = Xh_W' S Xh_W and q = Xh_W' S y.
// W only grows; its features are called slots. Columns of G are computed for the slots that need them, the *members*:
// a slot that never becomes free needs none where its gradient is cheaper to read off the residual.
//
// G comes in two shapes. Square: members x members, for a W that grows. Complete, for n >> p: W is all features and a
// member's column has an entry for every feature, so that gradients of all features are free once the columns are there.
#pragma once

#include <cstddef>
#include <vector>

#include "solver/problem.hpp"

namespace riata {

class GramModel {
public:
    explicit GramModel(Problem& problem);
    virtual ~GramModel() = default;

    std::size_t size() const { return features_.size(); }
    std::size_t rows() const { return design_.rows(); }
    const std::vector<Index>& features() const { return features_; }
    /// The slot of a feature, or -1.
    Index slot(Index feature) const { return slot_[static_cast<std::size_t>(feature)]; }
    bool complete() const { return complete_; }

    std::vector<double>& q() { return q_; }
    const std::vector<double>& q() const { return q_; }

    /// Adds features that are not in W yet.
    void grow(const std::vector<Index>& features);
    /// The same for features whose columns are never read one by one.
    void list(const std::vector<Index>& features);
    /// Turns an empty model into the complete one; with `sweep` all features become members in one sweep over X.
    void grow_to_all(bool sweep);
    /// q := c + G w for the members (square) or all slots, where c are the exact correlations at w of all slots, `stride`
    /// apart: takes the rounding out of q.
    void correct(const double* c, std::size_t stride, const double* w);

    /// Makes the listed slots members.
    virtual void admit(const std::vector<std::size_t>& slots);
    std::size_t members() const { return member_.size(); }
    const std::vector<std::size_t>& member() const { return member_; }
    bool is_member(std::size_t slot) const { return member_place_[slot] >= 0; }

    /// Entries of G between members.
    double operator()(std::size_t a, std::size_t b) const { return column(a)[position(b)]; }
    /// The column of a member, to be indexed by position().
    const double* column(std::size_t slot) const { return G_.data() + position(slot) * ld_; }
    std::size_t position(std::size_t slot) const {
        return complete_ ? slot : static_cast<std::size_t>(member_place_[slot]);
    }

    /// g[i] = q_i - (G w)_i for the listed slots, by the cheaper of the Gram matrix and the residual. w has an entry
    /// for every slot.
    virtual void gradient(const double* w, const std::vector<std::size_t>& slots, double* g);

    /// The model as least squares, min 1/2 |t - Z w|^2: columns out[f*rows() + i] of Z for the listed slots, the target t, and
    /// g[i] = z_i' r for them.
    virtual void root_columns(const std::vector<std::size_t>& slots, double* out);
    virtual void root_target(double* t);
    virtual void root_correlate(const std::vector<std::size_t>& slots, const double* r, double* g);
    /// The length of the root weights.
    virtual double root_size() const;

    /// The last resort: coordinate descent on w, an entry per slot. Returns the number of sweeps.
    virtual long descend(std::vector<double>& w, double tolerance, double noise, long max_sweeps, Control& control);

    /// c[m*K + k] = (q - G w_k) of the m-th member, for K solutions that are supported on members.
    void read_off(const std::vector<std::vector<double>>& w, std::vector<double>& c);

    /// Gives the memory of G back; no slot is a member then.
    void drop_gram();
    std::size_t bytes() const { return G_.capacity() * sizeof(double); }
    /// Bytes that G takes for so many members.
    static std::size_t bytes_for(std::size_t members) { return members * members * sizeof(double); }

protected:
    /// out[a*B.size() + b] = the entry of G for features A[a] and B[b].
    virtual void products(const std::vector<Index>& A, const std::vector<Index>& B, double* out);
    /// out[i] = (G w)_i for members; w has an entry for every slot and is supported on members.
    void multiply(const double* w, const std::vector<std::size_t>& slots, double* out);
    void reserve(std::size_t size);
    void admit_square(const std::vector<std::size_t>& fresh);
    void admit_complete(const std::vector<std::size_t>& fresh);
    void gradient_by_residual(const double* w, const std::vector<std::size_t>& slots, double* g);
    void gradient_by_columns(const double* w, const std::vector<std::size_t>& slots, double* g);

    Problem& problem_;
    Design& design_;
    Team& team_;
    bool complete_ = false;
    std::vector<Index> features_, slot_;
    std::vector<Index> member_place_;  ///< per slot: place in member_, or -1
    std::vector<std::size_t> member_;
    std::vector<Index> member_features_;
    LargeVector G_;
    std::vector<double> q_;
    std::size_t ld_ = 0;
    std::vector<double> block_, products_, w_, r_, u_;  // scratch
    std::vector<Index> wanted_, support_;
    std::vector<const double*> columns_;
};

}  // namespace riata
