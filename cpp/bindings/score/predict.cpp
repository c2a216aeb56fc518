// The estimators' own prediction: X w + b for float matrices, refusing what is not finite, in one pass over X.
#include <memory>
#include <vector>

#include "bindings/score/scorer.hpp"
#include "score/model.hpp"

namespace riata::bindings {
namespace {

using score::Kernels;
using score::Strided;
using score::Weights;

/// X as rows: contiguous numbers each.
struct Rows {
    const char* data;
    int type;
    size_t rows, columns;
    ptrdiff_t stride;
};

/// The coefficients as float64, without zeros where that saves work.
struct Coefficients {
    std::vector<double> weight;
    std::vector<uint32_t> column;
    Weights view;

    template <class T>
    Coefficients(const T* coef, size_t n, size_t rows) {
        size_t used = n;
        if (rows > 4)
            for (size_t j = 0; j < n; ++j) used -= coef[j] == 0;
        const bool sparse = used < n / 2 && n < UINT32_MAX;
        if (sparse || sizeof(T) != sizeof(double)) take(coef, n, sparse);
        view.features = n;
        view.columns = sparse ? used : n;
        view.outputs = 1;
        view.column = sparse ? column.data() : nullptr;
        view.weight = weight.empty() ? reinterpret_cast<const double*>(coef) : weight.data();
    }

    template <class T>
    void take(const T* coef, size_t n, bool sparse) {
        if (!sparse) {
            weight.assign(coef, coef + n);
            return;
        }
        for (size_t j = 0; j < n; ++j)
            if (coef[j] != 0)
                weight.push_back(static_cast<double>(coef[j])), column.push_back(static_cast<uint32_t>(j));
    }
};

/// False if a number of X is not finite: which, is for the caller to find out.
template <class T>
bool sums(const Rows& X, const Coefficients& w, double intercept, T* out) {
    const Kernels& kernels = *score::choose_kernels();
    for (size_t r = 0; r < X.rows; ++r) {
        const char* x = X.data + static_cast<ptrdiff_t>(r) * X.stride;
        if (!kernels.finite[X.type](x, X.columns)) return false;
        const double eta = kernels.row[X.type](w.view, w.view.column, Strided{x, static_cast<ptrdiff_t>(sizeof(T))});
        out[r] = static_cast<T>(eta + intercept);
    }
    return true;
}

template <class T>
py::object predict_as(const Rows& X, const py::array& coef, double intercept) {
    const Coefficients w(static_cast<const T*>(coef.data()), X.columns, X.rows);
    py::array_t<T> out(static_cast<py::ssize_t>(X.rows));
    T* to = out.mutable_data();
    bool sound = true;
    unlocked(X.rows * X.columns, [&] { return sound = sums(X, w, intercept, to), 0; });
    return sound ? py::object(std::move(out)) : py::none();
}

/// Whether the array is of NumPy's own class with native numbers of a type, contiguous along its last axis.
bool plain(const py::array& a, int type, int ndim) {
    if (Py_TYPE(a.ptr()) != py::detail::npy_api::get().PyArray_Type_ || a.ndim() != ndim || type_of(a) != type)
        return false;
    return a.shape(ndim - 1) > 0 && a.strides(ndim - 1) == a.itemsize() &&
           (reinterpret_cast<uintptr_t>(a.data()) % static_cast<size_t>(a.itemsize())) == 0;
}

/// predict(X, coef, intercept): X coef + intercept in their dtype. None where this route does not serve: other classes, dtypes and
/// layouts, a wrong number of columns, numbers that are not finite.
py::object predict(const py::array& X, const py::array& coef, double intercept) {
    const int type = type_of(X);
    if (type != RIATA_FLOAT64 && type != RIATA_FLOAT32) return py::none();
    if (!plain(X, type, 2) || !plain(coef, type, 1) || X.shape(1) != coef.shape(0)) return py::none();
    const Rows rows{static_cast<const char*>(X.data()), type, static_cast<size_t>(X.shape(0)),
                    static_cast<size_t>(X.shape(1)), X.strides(0)};
    return type == RIATA_FLOAT64 ? predict_as<double>(rows, coef, intercept) : predict_as<float>(rows, coef, intercept);
}

}  // namespace

void add_predict(py::module_& m) { m.def("predict", &predict); }

}  // namespace riata::bindings
