// The softmax loss in ranges of rows.
#pragma once

#include <vector>

#include "model/margin_loss.hpp"
#include "solver/problem.hpp"

namespace riata {

class SoftmaxMargins : public MarginLoss {
public:
    /// Borrows both.
    SoftmaxMargins(const Problem& problem, const std::vector<int>& labels, std::size_t n_classes)
        : problem_(problem), labels_(labels), classes_(n_classes) {}

    std::size_t margins() const override { return classes_; }
    void evaluate(std::size_t b, std::size_t e, double* z, const double* shift, Sums& sums) const override;

private:
    const Problem& problem_;
    const std::vector<int>& labels_;
    std::size_t classes_;
};

}  // namespace riata
