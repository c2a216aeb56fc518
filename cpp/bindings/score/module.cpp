// The extension riata._score: the scoring library for Python. Batches here, single rows in rows.cpp.
#include <string_view>
#include <vector>

#include "bindings/score/scorer.hpp"

namespace riata::bindings {

void set_error(const Model* model, const riata_error& error) {
    PyObject* kind = error.code == RIATA_E_MEMORY ? PyExc_MemoryError
                     : error.code == RIATA_E_IO   ? PyExc_OSError
                                                  : PyExc_ValueError;
    std::string text = error.message;
    const bool about_file = error.code >= RIATA_E_FORMAT && error.code <= RIATA_E_VERSION;
    if (about_file && error.position >= 0) text += " (at byte " + std::to_string(error.position) + ")";
    if (model && error.code == RIATA_E_NONFINITE && error.feature >= 0) {
        size_t count, size, i = static_cast<size_t>(error.feature);
        const uint32_t* columns = riata_columns(model->handle, &count);
        if (riata_names(model->handle) != riata_features(model->handle))
            for (i = 0; i < count && columns[i] != static_cast<uint64_t>(error.feature);) ++i;
        if (const char* name = riata_name(model->handle, i, &size)) text += ": '" + std::string(name, size) + "'";
    }
    PyErr_SetString(kind, text.c_str());
}

int type_of(const py::array& array) {
    const py::dtype dtype = array.dtype();
    const char order = dtype.byteorder();
    if (order != '=' && order != '|' && order != '<') return -1;
    const char kind = dtype.kind();
    const auto size = dtype.itemsize();
    if (kind == 'f') return size == 8 ? RIATA_FLOAT64 : size == 4 ? RIATA_FLOAT32 : -1;
    if (kind == 'i') return size == 8 ? RIATA_INT64 : size == 4 ? RIATA_INT32 : -1;
    return -1;
}

namespace {

size_t length(const py::array& a, const char* name) {
    if (a.ndim() == 1 && (a.size() <= 1 || a.strides(0) == a.itemsize())) return static_cast<size_t>(a.size());
    throw py::value_error(std::string(name) + " has to be a contiguous vector");
}

int known_type(const py::array& a, const char* name) {
    const int type = type_of(a);
    if (type >= 0) return type;
    throw py::type_error(std::string(name) + " has a dtype the scorer does not read");
}

py::array_t<double> room(const Model& m, size_t rows) {
    if (m.outputs == 1) return py::array_t<double>(static_cast<py::ssize_t>(rows));
    return py::array_t<double>({static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(m.outputs)});
}

std::unique_ptr<Model> taken(int code, std::unique_ptr<Model> m, const riata_error& error) {
    require(code, nullptr, error);
    m->outputs = riata_outputs(m->handle);
    return m;
}

std::unique_ptr<Model> open_file(const std::string& path, bool map, bool full) {
    auto m = std::make_unique<Model>();
    riata_error error;
    const unsigned flags = (map ? 0 : RIATA_READ) | (full ? RIATA_FULL : 0);
    int code;
    {
        py::gil_scoped_release release;
        code = riata_open(path.c_str(), flags, &m->handle, &error);
    }
    return taken(code, std::move(m), error);
}

std::unique_ptr<Model> open_bytes(const py::bytes& bytes) {
    auto m = std::make_unique<Model>();
    riata_error error;
    m->keeper = bytes;
    const int code =
        riata_open_memory(PyBytes_AS_STRING(bytes.ptr()), static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr())),
                          RIATA_FULL, &m->handle, &error);
    return taken(code, std::move(m), error);
}

py::array_t<double> dense(const Model& m, const py::array& X, unsigned flags) {
    if (X.ndim() != 2) throw py::value_error("X has to be 2-D");
    const int type = known_type(X, "X");
    const auto rows = static_cast<size_t>(X.shape(0)), n = static_cast<size_t>(X.shape(1));
    py::array_t<double> out = room(m, rows);
    double* to = out.mutable_data();
    riata_error error;
    const auto score = [&, data = X.data(), row = X.strides(0), stride = X.strides(1)] {
        return riata_score_dense(m.handle, data, type, rows, n, row, stride, flags, to, &error);
    };
    require(unlocked(rows * riata_entries(m.handle), score), &m, error);
    return out;
}

py::array_t<double> columns(const Model& m, const py::list& arrays, size_t rows, unsigned flags) {
    std::vector<const void*> data;
    std::vector<int> types;
    std::vector<ptrdiff_t> strides;
    for (const py::handle item : arrays) {
        if (!py::isinstance<py::array>(item)) throw py::type_error("columns have to be arrays");
        const auto a = py::reinterpret_borrow<py::array>(item);
        if (a.ndim() != 1 || static_cast<size_t>(a.size()) != rows) throw py::value_error("columns differ in length");
        data.push_back(a.data());
        types.push_back(known_type(a, "a column"));
        strides.push_back(a.strides(0));
    }
    py::array_t<double> out = room(m, rows);
    double* to = out.mutable_data();
    riata_error error;
    const auto score = [&] {
        return riata_score_columns(m.handle, data.data(), types.data(), strides.data(), data.size(), rows, flags, to,
                                   &error);
    };
    require(unlocked(rows * riata_entries(m.handle), score), &m, error);
    return out;
}

py::array_t<double> csr(const Model& m, const py::array& starts, const py::array& indices, const py::array& values,
                        size_t n, unsigned flags) {
    const size_t count = length(starts, "indptr"), entries = length(indices, "indices");
    if (count == 0) throw py::value_error("indptr is empty");
    if (length(values, "data") != entries) throw py::value_error("data and indices differ in length");
    const int types[] = {known_type(starts, "indptr"), known_type(indices, "indices"), known_type(values, "data")};
    py::array_t<double> out = room(m, count - 1);
    double* to = out.mutable_data();
    riata_error error;
    const auto score = [&, s = starts.data(), i = indices.data(), v = values.data()] {
        return riata_score_csr(m.handle, s, types[0], i, types[1], v, types[2], entries, count - 1, n, flags, to,
                               &error);
    };
    require(unlocked(entries + count, score), &m, error);
    return out;
}

py::array_t<double> project(const Model& m, const py::array& X) {
    if (X.ndim() != 2) throw py::value_error("X has to be 2-D");
    const int type = known_type(X, "X");
    size_t count;
    riata_columns(m.handle, &count);
    const auto rows = static_cast<size_t>(X.shape(0)), n = static_cast<size_t>(X.shape(1));
    py::array_t<double> out({X.shape(0), static_cast<py::ssize_t>(count)});
    double* to = out.mutable_data();
    riata_error error;
    const auto copy = [&, data = X.data(), row = X.strides(0), stride = X.strides(1)] {
        return riata_project(m.handle, data, type, rows, n, row, stride, to, &error);
    };
    require(unlocked(rows * count, copy), &m, error);
    return out;
}

void verify(const Model& m) {
    riata_error error;
    require(unlocked(SIZE_MAX, [&] { return riata_verify(m.handle, &error); }), &m, error);
}

template <class T>
py::array_t<T> copied(const T* from, size_t n) {
    return py::array_t<T>(static_cast<py::ssize_t>(n), from);
}

/// (weights, starts, outputs) as copies; the last two are None for a full matrix.
py::tuple weights(const Model& m) {
    const uint64_t* starts;
    const uint32_t* outputs;
    size_t count;
    riata_columns(m.handle, &count);
    const size_t entries = riata_entries(m.handle);
    const double* w = riata_weights(m.handle, &starts, &outputs);
    if (!starts) return py::make_tuple(copied(w, entries), py::none(), py::none());
    return py::make_tuple(copied(w, entries), copied(starts, count + 1), copied(outputs, entries));
}

py::object name(const Model& m, size_t i) {
    size_t size;
    const char* at = riata_name(m.handle, i, &size);
    if (!at) return py::none();
    return py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(at, static_cast<Py_ssize_t>(size), "replace"));
}

/// (slots, -1) for the file's name table, or (slots so far, number) of a name that is there twice.
py::tuple name_slots(const py::bytes& text, const py::array_t<uint64_t, py::array::c_style>& ends) {
    const char* at = PyBytes_AS_STRING(text.ptr());
    const auto n = static_cast<size_t>(ends.size());
    size_t size = 2;
    while (size < 2 * n) size *= 2;
    std::vector<uint32_t> slots(size);
    const auto name = [&](size_t i) {
        const uint64_t from = i ? ends.data()[i - 1] : 0;
        return std::string_view(at + from, ends.data()[i] - from);
    };
    py::ssize_t twin = -1;
    for (size_t i = 0; i < n && twin < 0; ++i) {
        size_t slot = riata_crc32c(0, name(i).data(), name(i).size()) & (size - 1);
        for (; slots[slot] && twin < 0; slot = (slot + 1) & (size - 1))
            if (name(slots[slot] - 1) == name(i)) twin = static_cast<py::ssize_t>(i);
        slots[slot] = static_cast<uint32_t>(i + 1);
    }
    return py::make_tuple(copied(slots.data(), size), twin);
}

py::bytes file_bytes(const Model& m) {
    size_t size;
    const void* at = riata_bytes(m.handle, &size);
    return py::bytes(static_cast<const char*>(at), size);
}

py::bytes metadata(const Model& m) {
    size_t size;
    const char* at = riata_metadata(m.handle, &size);
    return py::bytes(at ? at : "", size);
}

}  // namespace
}  // namespace riata::bindings

PYBIND11_MODULE(_score, m) {
    using namespace riata::bindings;
    m.doc() = "riata's scoring library";
    py::class_<Model> model(m, "Model");
    model.def("dense", &dense)
        .def("columns", &columns)
        .def("csr", &csr)
        .def("project", &project)
        .def("verify", &verify)
        .def("weights", &weights)
        .def("name", &name)
        .def("metadata", &metadata)
        .def("file_bytes", &file_bytes)
        .def_readwrite("names", &Model::names)
        .def("feature_of",
             [](const Model& s, const std::string& n) { return riata_feature_of(s.handle, n.data(), n.size()); })
        .def_property_readonly("n_features", [](const Model& s) { return riata_features(s.handle); })
        .def_property_readonly("n_outputs", [](const Model& s) { return riata_outputs(s.handle); })
        .def_property_readonly("n_names", [](const Model& s) { return riata_names(s.handle); })
        .def_property_readonly("link", [](const Model& s) { return riata_link_of(s.handle); })
        .def_property_readonly("isa", [](const Model& s) { return riata_isa(s.handle); })
        .def_property_readonly("intercepts",
                               [](const Model& s) { return copied(riata_intercepts(s.handle), s.outputs); })
        .def_property_readonly("used", [](const Model& s) {
            size_t count;
            const uint32_t* at = riata_columns(s.handle, &count);
            return copied(at, count);
        });
    add_row_methods(model);
    add_predict(m);
    m.def("open_file", &open_file);
    m.def("open_bytes", &open_bytes);
    m.def("name_slots", &name_slots);
    m.def("crc32c", [](const py::bytes& b) {
        return riata_crc32c(0, PyBytes_AS_STRING(b.ptr()), static_cast<size_t>(PyBytes_GET_SIZE(b.ptr())));
    });
    m.attr("FILE_VERSION") = RIATA_FILE_VERSION;
    m.attr("LINEAR") = RIATA_LINEAR;
    m.attr("PROPAGATE") = RIATA_PROPAGATE;
    m.attr("PROJECTED") = RIATA_PROJECTED;
}
