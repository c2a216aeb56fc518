// A smooth loss of one or several margins a row, in ranges of rows: what a method that goes through X by rows asks of it.
#pragma once

#include <cstddef>
#include <vector>

#include "model/loss.hpp"

namespace riata {

class MarginLoss {
public:
    /// Over rows, with their weights: the loss, and of every margin the slopes -f' and the curvatures.
    struct Sums {
        explicit Sums(std::size_t margins) : slope(margins, 0.0), curvature(margins, 0.0) {}
        double value = 0;
        std::vector<double> slope, curvature;
        Sums& operator+=(const Sums& other) {
            value += other.value;
            for (std::size_t k = 0; k < slope.size(); ++k) {
                slope[k] += other.slope[k];
                curvature[k] += other.curvature[k];
            }
            return *this;
        }
    };

    virtual ~MarginLoss() = default;
    /// Margins a row.
    virtual std::size_t margins() const = 0;
    /// Replaces the margins z_k + shift_k of the rows [b, e), z_k `e - b` apart, by slopes times weights, and adds to the sums.
    virtual void evaluate(std::size_t b, std::size_t e, double* z, const double* shift, Sums& sums) const = 0;
};

/// A loss of one margin, with an offset (or null).
class ScalarLoss : public MarginLoss {
public:
    ScalarLoss(const Loss& loss, const double* offset, const double* s) : loss_(loss), offset_(offset), s_(s) {}
    std::size_t margins() const override { return 1; }
    void evaluate(std::size_t b, std::size_t e, double* z, const double* shift, Sums& sums) const override {
        if (offset_)
            for (std::size_t i = b; i < e; ++i) z[i - b] += offset_[i];
        const Loss::Sums own = loss_.evaluate_rows(b, e, z, shift[0], z);
        sums.value += own.value;
        sums.slope[0] += own.slope;
        sums.curvature[0] += own.curvature;
        if (s_)
            for (std::size_t i = b; i < e; ++i) z[i - b] *= s_[i];
    }

private:
    const Loss& loss_;
    const double *offset_, *s_;
};

}  // namespace riata
