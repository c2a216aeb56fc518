#include "bindings/arrays.hpp"

#include <algorithm>
#include <cstdint>

namespace riata::bindings {

namespace {

template <class T>
std::unique_ptr<Design> borrow_as(const py::array& X) {
    const auto size = static_cast<py::ssize_t>(sizeof(T));
    const auto rows = X.shape(0), cols = X.shape(1);
    if (reinterpret_cast<std::uintptr_t>(X.data()) % alignof(T) != 0) throw py::value_error("X has to be aligned");
    if (X.strides(0) % size != 0 || X.strides(1) % size != 0)
        throw py::value_error("X has strides that are no multiple of its item size");
    py::ssize_t row_stride = X.strides(0) / size, col_stride = X.strides(1) / size;
    if (rows == 1) row_stride = col_stride == 1 && cols > 1 ? cols : 1;
    if (cols == 1 && row_stride == 1) col_stride = rows;
    const bool column_major = row_stride == 1 && (cols == 1 || col_stride >= rows);
    const bool row_major = col_stride == 1 && (rows == 1 || row_stride >= cols);
    if (!column_major && !row_major) throw py::value_error("X has to be contiguous along its rows or its columns");
    return make_dense<T>(static_cast<const T*>(X.data()), rows, cols, column_major ? 1 : row_stride,
                         column_major ? col_stride : 1);
}

void check(const Request& request, std::size_t n, std::size_t p) {
    const auto each = [](const double* values, std::size_t size, const char* name, bool infinite) {
        for (std::size_t i = 0; values && i < size; ++i)
            if (!(values[i] >= 0) || (!infinite && values[i] == kInfinity))
                throw py::value_error(std::string(name) + "[" + std::to_string(i) + "] is " +
                                      std::to_string(values[i]) + ": it has to be non-negative");
    };
    each(request.sample_weight, n, "sample_weight", false);
    each(request.penalty_weights, p, "penalty_weights", true);
    each(request.l2_weights, p, "l2_weights", true);
    if (request.sample_weight &&
        std::all_of(request.sample_weight, request.sample_weight + n, [](double s) { return s == 0; }))
        throw py::value_error("sample_weight is zero everywhere");
    for (std::size_t j = 0; j < p; ++j) {
        const double lower = request.lower ? request.lower[j] : -kInfinity;
        const double upper = request.upper ? request.upper[j] : kInfinity;
        if (!(lower <= upper) || lower == kInfinity || upper == -kInfinity)
            throw py::value_error("lower[" + std::to_string(j) + "] and upper leave no value");
    }
    if (!(request.l1_ratio >= 0 && request.l1_ratio <= 1)) throw py::value_error("l1_ratio has to lie in [0, 1]");
}

}  // namespace

std::unique_ptr<Design> borrow(const py::array& X) {
    if (X.ndim() != 2) throw py::value_error("X has to be two-dimensional");
    if (X.shape(0) == 0 || X.shape(1) == 0) throw py::value_error("X has to have at least one row and one column");
    if (py::isinstance<py::array_t<double>>(X)) return borrow_as<double>(X);
    if (py::isinstance<py::array_t<float>>(X)) return borrow_as<float>(X);
    throw py::type_error("X has to be float32 or float64 in native byte order");
}

std::vector<std::vector<double>> responses(const Doubles& y, std::size_t n) {
    if ((y.ndim() != 1 && y.ndim() != 2) || static_cast<std::size_t>(y.shape(0)) != n)
        throw py::value_error("y has to have one row for each of the " + std::to_string(n) + " rows of X");
    const std::size_t targets = y.ndim() == 2 ? y.shape(1) : 1;
    if (targets == 0) throw py::value_error("y has to have at least one column");
    std::vector<std::vector<double>> columns(targets, std::vector<double>(n));
    for (std::size_t t = 0; t < targets; ++t)
        for (std::size_t i = 0; i < n; ++i) columns[t][i] = y.data()[i * targets + t];
    return columns;
}

Request request_of(const Design& design, const MaybeDoubles& sample_weight, const MaybeDoubles& penalty_weights,
                   const MaybeDoubles& l2_weights, const MaybeDoubles& lower, const MaybeDoubles& upper,
                   double l1_ratio, bool fit_intercept, bool standardize) {
    const std::size_t n = design.rows(), p = design.cols();
    const Request request{vector_of(sample_weight, n, "sample_weight"),
                          vector_of(penalty_weights, p, "penalty_weights"),
                          vector_of(l2_weights, p, "l2_weights"),
                          vector_of(lower, p, "lower"),
                          vector_of(upper, p, "upper"),
                          l1_ratio,
                          fit_intercept,
                          standardize};
    check(request, n, p);
    return request;
}

std::function<bool()> signal_poll() {
    return [] {
        py::gil_scoped_acquire acquire;
        return PyErr_CheckSignals() != 0;
    };
}

}  // namespace riata::bindings
