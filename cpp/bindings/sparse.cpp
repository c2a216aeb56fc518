// What Python needs of compressed matrices beside designs: predictions and single columns.
#include "bindings/arrays.hpp"
#include "design/sparse_predict.hpp"

namespace riata::bindings {

namespace {

using Indices = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast | kAligned>;

/// Distinct features within range, or all.
Columns columns_of(const std::optional<Indices>& features, std::size_t cols) {
    if (!features) return {nullptr, cols};
    if (features->ndim() != 1) throw py::value_error("features has to be a vector");
    const std::int64_t* list = features->data();
    const auto count = static_cast<std::size_t>(features->size());
    for (std::size_t f = 0; f < count; ++f)
        if (list[f] < 0 || static_cast<std::size_t>(list[f]) >= cols || (f > 0 && list[f] <= list[f - 1]))
            throw py::value_error("features[" + std::to_string(f) + "] is " + std::to_string(list[f]) +
                                  ": features have to ascend and lie in [0, " + std::to_string(cols) + ")");
    return {list, count};
}

py::array_t<double> predict_of(const py::object& X, const Doubles& coef, const std::optional<Indices>& features,
                               int n_threads) {
    const auto arrays = compressed(X);
    return std::visit(
        [&](const auto& x) {
            const Columns columns = columns_of(features, x.cols);
            if (coef.ndim() != 2 || static_cast<std::size_t>(coef.shape(0)) != columns.count)
                throw py::value_error("coef has to have one row for each of " + std::to_string(columns.count) +
                                      " features");
            const auto K = static_cast<std::size_t>(coef.shape(1));
            py::array_t<double> out({static_cast<py::ssize_t>(x.rows), static_cast<py::ssize_t>(K)});
            double* to = out.mutable_data();
            const double* w = coef.data();
            unlocked([&] {
                Control control;
                control.interrupted = signal_poll();
                Team team(n_threads, &control);
                predict(x, columns, w, K, to, team);
                return 0;
            });
            return out;
        },
        arrays);
}

py::array_t<double, py::array::f_style> columns_of_matrix(const py::object& X, const Indices& features) {
    const auto arrays = compressed(X);
    return std::visit(
        [&](const auto& x) {
            const Columns columns = columns_of(features, x.cols);
            py::array_t<double, py::array::f_style> out(
                {static_cast<py::ssize_t>(x.rows), static_cast<py::ssize_t>(columns.count)});
            double* to = out.mutable_data();
            unlocked([&] {
                spread(x, columns, to);
                return 0;
            });
            return out;
        },
        arrays);
}

}  // namespace

void bind_sparse(py::module_& m) {
    m.def("predict", &predict_of, py::arg("X"), py::arg("coef"), py::kw_only(), py::arg("features") = py::none(),
          py::arg("n_threads") = 1);
    m.def("columns", &columns_of_matrix, py::arg("X"), py::arg("features"));
}

}  // namespace riata::bindings
