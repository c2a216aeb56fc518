// What the sources of the extension riata._score share: a handle as a Python object and NumPy arrays as strided memory.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

#include "score/score.h"

namespace riata::bindings {

namespace py = pybind11;

/// An open model file, and the object whose memory it borrows.
struct Model {
    riata_model* handle = nullptr;
    py::object keeper;
    py::object names;  // tuple of the used features' names, for rows given as dictionaries
    size_t outputs = 1;

    Model() = default;
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    ~Model() { riata_close(handle); }
};

/// Sets the Python error that stands for a code: MemoryError, OSError or ValueError, with the feature's name where known.
void set_error(const Model* model, const riata_error& error);

/// Raises it, if the code is one.
inline void require(int code, const Model* model, const riata_error& error) {
    if (code == RIATA_OK) return;
    set_error(model, error);
    throw py::error_already_set();
}

/// enum riata_type of an array, or -1.
int type_of(const py::array& array);

/// Calls f without the interpreter lock where the work is worth the exchange.
template <class F>
int unlocked(size_t work, const F& f) {
    if (work < 20000) return f();
    py::gil_scoped_release release;
    return f();
}

/// The calls of a few dozen nanoseconds, as methods without pybind11's argument handling.
void add_row_methods(py::object model_class);
void add_predict(py::module_& m);

}  // namespace riata::bindings
