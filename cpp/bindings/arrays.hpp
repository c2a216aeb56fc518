// The door to pybind11: how NumPy arrays come in and go out.
#pragma once

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "design/design.hpp"
#include "parallel/control.hpp"

namespace riata {
struct Request;
}  // namespace riata

namespace riata::bindings {

namespace py = pybind11;
constexpr int kAligned = py::detail::npy_api::NPY_ARRAY_ALIGNED_;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast | kAligned>;
using MaybeDoubles = std::optional<Doubles>;

/// The vector's data after checking its length; null for None.
inline const double* vector_of(const MaybeDoubles& array, std::size_t length, const char* name) {
    if (!array) return nullptr;
    if (array->ndim() != 1 || static_cast<std::size_t>(array->size()) != length)
        throw py::value_error(std::string(name) + " has to be a vector of length " + std::to_string(length));
    return array->data();
}

template <class T>
py::array_t<T> to_array(const std::vector<T>& values) {
    return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

/// X as it came in: its shape, and the way to a design that borrows its arrays. They have to be kept alive by the caller;
/// making the design needs no interpreter lock.
struct Borrowed {
    std::size_t rows, cols;
    std::function<std::unique_ptr<Design>(Team&)> design;
};

/// X is an ndarray, or a compressed sparse matrix as the tuple (data, indices, indptr, (rows, cols), by_rows).
Borrowed borrow(const py::object& X);

/// The arrays of such a tuple. Their types and the shape are checked, what they hold is not.
std::variant<CompressedArrays<float>, CompressedArrays<double>> compressed(const py::object& X);

/// The columns of y, (n,) or (n, t), as contiguous vectors.
std::vector<std::vector<double>> responses(const Doubles& y, std::size_t n);

/// The request for a problem of this matrix, borrowing the vectors. Throws ValueError, naming the argument, for what no
/// problem can be made of.
Request request_of(const Borrowed& X, const MaybeDoubles& sample_weight, const MaybeDoubles& penalty_weights,
                   const MaybeDoubles& l2_weights, const MaybeDoubles& lower, const MaybeDoubles& upper,
                   double l1_ratio, bool fit_intercept, bool standardize);

/// Polls Python's pending signals from a solve that has released the interpreter lock.
std::function<bool()> signal_poll();

/// Runs f without the interpreter lock; a cancelled solve becomes the pending Python error.
template <class F>
auto unlocked(F&& f) {
    try {
        py::gil_scoped_release release;
        return f();
    } catch (const Cancelled&) {
        throw py::error_already_set();
    }
}

void bind_path(py::module_& m);
void bind_folds(py::module_& m);
void bind_primitives(py::module_& m);
void bind_products(py::module_& m);
void bind_ridge(py::module_& m);
void bind_sparse(py::module_& m);
void bind_kernel_probe(py::module_& m);

}  // namespace riata::bindings
