// What the kernel probes share: the arrays of the tests as the pointers and lengths that kernels take.
#pragma once

#include "bindings/arrays.hpp"
#include "kernels/kernels.hpp"

namespace riata::bindings {

using kernels::Kernels;
using kernels::ReadKernels;

inline void require(bool fact, const char* what) {
    if (!fact) throw py::value_error(what);
}

inline const Kernels& table(const std::string& isa) {
    const Kernels* found = kernels::find(isa.c_str());
    if (!found) throw py::value_error("no kernels for '" + isa + "' here");
    return *found;
}

/// f(a value of the array's type), for float32 and float64.
template <class F>
auto by_type(const py::array& x, F&& f) {
    if (py::isinstance<py::array_t<double>>(x)) return f(double{});
    if (py::isinstance<py::array_t<float>>(x)) return f(float{});
    throw py::type_error("float32 or float64 expected");
}

/// A borrowed vector, `stride` entries apart.
template <class T>
struct Vector {
    T* data;
    std::size_t size;
    py::ssize_t stride;
};

template <class T = const double>
Vector<T> vector(const py::array& a) {
    require(py::isinstance<py::array_t<std::remove_const_t<T>>>(a) && a.ndim() == 1,
            "a vector of the right type expected");
    require(std::is_const_v<T> || a.writeable(), "a writable vector expected");
    require(a.strides(0) % a.itemsize() == 0, "unaligned stride");
    return {const_cast<T*>(static_cast<const T*>(a.data())), std::size_t(a.shape(0)), a.strides(0) / a.itemsize()};
}

template <class T = const double>
T* contiguous(const py::array& a, std::size_t size) {
    const auto v = vector<T>(a);
    require(v.size == size && (v.stride == 1 || size < 2), "a contiguous vector of another length expected");
    return v.data;
}

using Optional = std::optional<py::array>;
inline const double* contiguous(const Optional& a, std::size_t size) { return a ? contiguous(*a, size) : nullptr; }

/// A borrowed matrix: `count` contiguous vectors of `size` entries, `ld` entries apart.
template <class T>
struct Matrix {
    T* data;
    std::size_t count, size, ld;
};

template <class T = const double>
Matrix<T> matrix(const py::array& a) {
    require(py::isinstance<py::array_t<std::remove_const_t<T>>>(a) && a.ndim() == 2,
            "a matrix of the right type expected");
    require(std::is_const_v<T> || a.writeable(), "a writable matrix expected");
    const std::size_t count = a.shape(0), size = a.shape(1);
    require(a.size() == 0 || size < 2 || a.strides(1) == a.itemsize(), "contiguous rows expected");
    require(a.size() == 0 || count < 2 || (a.strides(0) >= 0 && a.strides(0) % a.itemsize() == 0),
            "padded rows expected");
    const std::size_t ld = a.size() == 0 || count < 2 ? size : a.strides(0) / a.itemsize();
    require(ld >= size, "rows must not overlap");
    return {const_cast<T*>(static_cast<const T*>(a.data())), count, size, ld};
}

template <class T>
std::vector<const T*> pointers(const Matrix<const T>& x) {
    std::vector<const T*> p(x.count);
    for (std::size_t j = 0; j < x.count; ++j) p[j] = x.data + j * x.ld;
    return p;
}

void bind_lane_probe(py::module_& m);

}  // namespace riata::bindings
