#include "design/moments_design.hpp"

#include <cmath>

namespace riata {

void MomentsDesign::measure(const double* s, const double*, bool, double* xty, Team&) {
    unit_ = (s ? s[known_.row] : 1.0) / known_.weight;
    factor_.resize(cols_);
    moments_.mean = known_.mean;
    moments_.scale = known_.scale;
    moments_.norm.assign(cols_, 0.0);
    for (std::size_t j = 0; j < cols_; ++j) {
        const double norm = std::sqrt(unit_ * known_.gram[j * cols_ + j]);
        factor_[j] = norm > 0 ? 1.0 / std::ldexp(1.0, std::ilogb(norm)) : 1.0;
        moments_.scale[j] *= factor_[j];
        moments_.norm[j] = norm * factor_[j];
        if (xty) xty[j] = unit_ * factor_[j] * known_.responses.xty[j];
    }
}

ResponseMoments MomentsDesign::responses() const {
    ResponseMoments known = known_.responses;
    const std::size_t K = known.mean.size();
    for (double& square : known.squares) square *= unit_;
    for (std::size_t j = 0; j < cols_; ++j)
        for (std::size_t t = 0; t < K; ++t) known.xty[j * K + t] *= unit_ * factor_[j];
    return known;
}

void MomentsDesign::gram_all(const double*, double* G, Team&) const {
    for (std::size_t b = 0; b < cols_; ++b)
        for (std::size_t a = 0; a < cols_; ++a)
            G[a + b * cols_] = unit_ * factor_[a] * factor_[b] * known_.gram[a + b * cols_];
}

}  // namespace riata
