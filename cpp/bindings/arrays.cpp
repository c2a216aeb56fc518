#include "bindings/arrays.hpp"

#include <algorithm>
#include <cstdint>

#include "solver/problem.hpp"

namespace riata::bindings {

namespace {

template <class T>
Borrowed borrow_as(const py::array& X) {
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
    if (column_major)
        row_stride = 1;
    else
        col_stride = 1;
    const auto* x = static_cast<const T*>(X.data());
    return {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols),
            [=](Team&) { return make_dense<T>(x, rows, cols, row_stride, col_stride); }};
}

void check_vector(const py::array& array, const char* name) {
    if (array.ndim() != 1) throw py::value_error(std::string(name) + " has to be one-dimensional");
    const bool contiguous = array.size() < 2 || array.strides(0) == array.itemsize();
    if (!contiguous || reinterpret_cast<std::uintptr_t>(array.data()) % array.itemsize() != 0)
        throw py::value_error(std::string(name) + " has to be contiguous and aligned");
}

/// Whether a vector of indices is int64; everything but int32 and int64 is refused.
bool is_wide(const py::array& array, const char* name) {
    const bool wide = py::isinstance<py::array_t<std::int64_t>>(array);
    if (!wide && !py::isinstance<py::array_t<std::int32_t>>(array))
        throw py::type_error(std::string(name) + " has to be int32 or int64 in native byte order");
    check_vector(array, name);
    return wide;
}

template <class T>
CompressedArrays<T> compressed_as(const py::array& data, const py::array& indices, const py::array& indptr,
                                  std::pair<std::size_t, std::size_t> shape, bool by_rows) {
    check_vector(data, "X.data");
    const bool wide_indices = is_wide(indices, "X.indices"), wide_indptr = is_wide(indptr, "X.indptr");
    return {shape.first,
            shape.second,
            by_rows,
            static_cast<const T*>(data.data()),
            static_cast<std::size_t>(data.size()),
            indices.data(),
            indptr.data(),
            static_cast<std::size_t>(indices.size()),
            static_cast<std::size_t>(indptr.size()),
            wide_indices,
            wide_indptr};
}

void check_shape(std::size_t rows, std::size_t cols) {
    if (rows == 0 || cols == 0) throw py::value_error("X has to have at least one row and one column");
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
    for (std::size_t j = 0; (request.lower || request.upper) && j < p; ++j) {
        const double lower = request.lower ? request.lower[j] : -kInfinity;
        const double upper = request.upper ? request.upper[j] : kInfinity;
        if (!(lower <= upper) || lower == kInfinity || upper == -kInfinity)
            throw py::value_error("lower[" + std::to_string(j) + "] and upper leave no value");
    }
    if (!(request.l1_ratio >= 0 && request.l1_ratio <= 1)) throw py::value_error("l1_ratio has to lie in [0, 1]");
}

}  // namespace

std::variant<CompressedArrays<float>, CompressedArrays<double>> compressed(const py::object& X) {
    if (!py::isinstance<py::tuple>(X) || py::len(X) != 5)
        throw py::type_error("X has to be a tuple (data, indices, indptr, shape, by_rows)");
    const auto parts = py::reinterpret_borrow<py::tuple>(X);
    for (std::size_t i = 0; i < 3; ++i)
        if (!py::isinstance<py::array>(parts[i]))
            throw py::type_error("X has to be a tuple that starts with three arrays");
    const auto data = py::reinterpret_borrow<py::array>(parts[0]),
               indices = py::reinterpret_borrow<py::array>(parts[1]),
               indptr = py::reinterpret_borrow<py::array>(parts[2]);
    const auto shape = parts[3].cast<std::pair<std::size_t, std::size_t>>();
    const auto by_rows = parts[4].cast<bool>();
    check_shape(shape.first, shape.second);
    if (py::isinstance<py::array_t<double>>(data)) return compressed_as<double>(data, indices, indptr, shape, by_rows);
    if (py::isinstance<py::array_t<float>>(data)) return compressed_as<float>(data, indices, indptr, shape, by_rows);
    throw py::type_error("X.data has to be float32 or float64 in native byte order");
}

Borrowed borrow(const py::object& X) {
    if (py::isinstance<py::tuple>(X))
        return std::visit(
            [](const auto& x) { return Borrowed{x.rows, x.cols, [x](Team& team) { return make_sparse(x, team); }}; },
            compressed(X));
    if (!py::isinstance<py::array>(X)) throw py::type_error("X has to be an array or the parts of a sparse matrix");
    const auto array = py::reinterpret_borrow<py::array>(X);
    if (array.ndim() != 2) throw py::value_error("X has to be two-dimensional");
    check_shape(array.shape(0), array.shape(1));
    if (py::isinstance<py::array_t<double>>(array)) return borrow_as<double>(array);
    if (py::isinstance<py::array_t<float>>(array)) return borrow_as<float>(array);
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

Request request_of(const Borrowed& X, const MaybeDoubles& sample_weight, const MaybeDoubles& penalty_weights,
                   const MaybeDoubles& l2_weights, const MaybeDoubles& lower, const MaybeDoubles& upper,
                   double l1_ratio, bool fit_intercept, bool standardize) {
    const std::size_t n = X.rows, p = X.cols;
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
