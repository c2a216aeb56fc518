// Single rows: methods called through CPython's vector call, with arrays read through NumPy's own structure. pybind11's argument
// handling would cost several times the scoring.
#include <memory>

#include "bindings/score/scorer.hpp"

namespace riata::bindings {
namespace {

Model& model_of(PyObject* self) {
    return *static_cast<Model*>(reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder().value_ptr());
}

PyObject* not_implemented() {
    Py_INCREF(Py_NotImplemented);
    return Py_NotImplemented;
}

/// NumPy's descriptors of native floats: one object each, which nearly every array carries.
struct Descriptors {
    PyObject* float64 = py::dtype::of<double>().release().ptr();
    PyObject* float32 = py::dtype::of<float>().release().ptr();
};

int fast_type(PyObject* descriptor) {
    static const Descriptors known;
    if (descriptor == known.float64) return RIATA_FLOAT64;
    return descriptor == known.float32 ? RIATA_FLOAT32 : -1;
}

/// The scores of one row, made by `score(out, error)`: a float, or an array of one per output.
template <class Score>
PyObject* scored(const Model& m, const Score& score) {
    riata_error error;
    if (m.outputs == 1) {
        double out;
        if (score(&out, &error) == RIATA_OK) return PyFloat_FromDouble(out);
    } else {
        py::array_t<double> out(static_cast<py::ssize_t>(m.outputs));
        if (score(out.mutable_data(), &error) == RIATA_OK) return out.release().ptr();
    }
    set_error(&m, error);
    return nullptr;
}

/// row(x, flags): the score of a 1-D array of native floats; NotImplemented for anything else.
PyObject* row(PyObject* self, PyObject* const* args, Py_ssize_t n_args) try {
    if (n_args != 2) return PyErr_Format(PyExc_TypeError, "row takes an array and flags");
    if (Py_TYPE(args[0]) != py::detail::npy_api::get().PyArray_Type_) return not_implemented();
    const auto* x = py::detail::array_proxy(args[0]);
    const int type = x->nd == 1 ? fast_type(x->descr) : -1;
    if (type < 0) return not_implemented();
    const auto flags = static_cast<unsigned>(PyLong_AsUnsignedLong(args[1]));
    if (PyErr_Occurred()) return nullptr;
    const Model& m = model_of(self);
    return scored(m, [&](double* out, riata_error* error) {
        return riata_score_row(m.handle, x->data, type, static_cast<size_t>(x->dimensions[0]), x->strides[0], flags,
                               out, error);
    });
} catch (py::error_already_set& error) {
    error.restore();
    return nullptr;
} catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
}

/// Copies the values of the used features out of the dictionary; false with an error set.
bool collect(PyObject* values, PyObject* names, double* out) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
        PyObject* name = PyTuple_GET_ITEM(names, i);
        PyObject* value = PyDict_GetItemWithError(values, name);
        if (!value) {
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_ValueError, "the row lacks the feature %R, which the model uses", name);
            return false;
        }
        out[i] = PyFloat_AsDouble(value);
        if (out[i] == -1.0 && PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "the row's value for %R must be a number; got %R", name, value);
            return false;
        }
    }
    return true;
}

/// Whether all keys are features; false with an error set. Only asked if there are more keys than used features.
bool all_known(const Model& m, PyObject* values) {
    PyObject *key, *value;
    for (Py_ssize_t at = 0; PyDict_Next(values, &at, &key, &value);) {
        Py_ssize_t size;
        const char* text = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, &size) : nullptr;
        if (text && riata_feature_of(m.handle, text, static_cast<size_t>(size)) >= 0) continue;
        PyErr_Format(PyExc_ValueError, "the row has %R, which is no feature of the model", key);
        return false;
    }
    return true;
}

/// named(values, flags): the score of a row given as a dictionary from names to numbers.
PyObject* named(PyObject* self, PyObject* const* args, Py_ssize_t n_args) try {
    if (n_args != 2 || !PyDict_Check(args[0])) return PyErr_Format(PyExc_TypeError, "named takes a dict and flags");
    const Model& m = model_of(self);
    if (!m.names || !PyTuple_Check(m.names.ptr()))
        return PyErr_Format(PyExc_ValueError, "the model has no feature names");
    const auto flags = static_cast<unsigned>(PyLong_AsUnsignedLong(args[1]));
    if (PyErr_Occurred()) return nullptr;
    const auto used = static_cast<size_t>(PyTuple_GET_SIZE(m.names.ptr()));
    constexpr size_t kOnStack = 512;
    double few[kOnStack];
    std::unique_ptr<double[]> many(used > kOnStack ? new double[used] : nullptr);
    double* values = many ? many.get() : few;
    if (!collect(args[0], m.names.ptr(), values)) return nullptr;
    const bool may_be_unknown = riata_names(m.handle) == riata_features(m.handle);
    if (may_be_unknown && static_cast<size_t>(PyDict_GET_SIZE(args[0])) > used && !all_known(m, args[0]))
        return nullptr;
    return scored(m, [&](double* out, riata_error* error) {
        return riata_score_row(m.handle, values, RIATA_FLOAT64, used, sizeof(double), flags | RIATA_PROJECTED, out,
                               error);
    });
} catch (py::error_already_set& error) {
    error.restore();
    return nullptr;
} catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
}

template <auto f>
void add_method(py::object& to, PyMethodDef& definition) {
    definition.ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
    auto* descriptor = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(to.ptr()), &definition);
    if (!descriptor) throw py::error_already_set();
    to.attr(definition.ml_name) = py::reinterpret_steal<py::object>(descriptor);
}

}  // namespace

void add_row_methods(py::object model_class) {
    static PyMethodDef row_method = {"row", nullptr, METH_FASTCALL, "Score of a 1-D array of native floats"};
    static PyMethodDef named_method = {"named", nullptr, METH_FASTCALL, "Score of a dictionary"};
    add_method<row>(model_class, row_method);
    add_method<named>(model_class, named_method);
}

}  // namespace riata::bindings
