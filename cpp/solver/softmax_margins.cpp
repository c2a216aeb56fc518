#include "solver/softmax_margins.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"

namespace riata {

void SoftmaxMargins::evaluate(std::size_t b, std::size_t e, double* z, const double* shift, Sums& sums) const {
    const kernels::Kernels& leaf = kernels::active();
    const std::size_t rows = e - b, C = classes_;
    const double* s = problem_.weights() ? problem_.weights() + b : nullptr;
    const auto own = [&](std::size_t i) { return static_cast<std::size_t>(labels_[b + i]) * rows + i; };
    std::vector<double> top(rows, -kInfinity), total(rows, 0.0), logs(rows);
    for (std::size_t k = 0; k < C; ++k)
        for (std::size_t i = 0; i < rows; ++i) top[i] = std::max(top[i], z[k * rows + i] += shift[k]);
    for (std::size_t i = 0; i < rows; ++i) logs[i] = top[i] - z[own(i)];
    for (std::size_t i = 0; i < rows; ++i) sums.value += (s ? s[i] : 1.0) * logs[i];
    for (std::size_t k = 0; k < C; ++k) {
        double* own_z = z + k * rows;
        for (std::size_t i = 0; i < rows; ++i) own_z[i] -= top[i];
        leaf.exponentials(own_z, rows, own_z);
        for (std::size_t i = 0; i < rows; ++i) total[i] += own_z[i];
    }
    leaf.logarithms(total.data(), rows, logs.data());
    for (std::size_t i = 0; i < rows; ++i) {
        sums.value += (s ? s[i] : 1.0) * logs[i];
        total[i] = 1 / total[i];
    }
    for (std::size_t k = 0; k < C; ++k) {
        double slope = 0, curvature = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            const double weight = s ? s[i] : 1.0, p = z[k * rows + i] * total[i];
            curvature += weight * p * (1 - p);
            slope += z[k * rows + i] = weight * (static_cast<double>(labels_[b + i] == static_cast<int>(k)) - p);
        }
        sums.slope[k] += slope;
        sums.curvature[k] += curvature;
    }
}

}  // namespace riata
