// What the Python layer needs beside paths: the largest penalty, certificates of given coefficients.
#include "bindings/arrays.hpp"
#include "path/models.hpp"

namespace riata::bindings {

namespace {

py::array_t<double> alpha_max_of(const py::object& X, const Doubles& y, const MaybeDoubles& sample_weight,
                                 const MaybeDoubles& penalty_weights, const MaybeDoubles& l2_weights,
                                 const MaybeDoubles& lower, const MaybeDoubles& upper, double l1_ratio,
                                 bool fit_intercept, bool standardize, const std::string& family,
                                 const MaybeDoubles& offset, bool grouped, int n_threads) {
    const Borrowed matrix = borrow(X);
    const Request request = request_of(matrix, sample_weight, penalty_weights, l2_weights, lower, upper, l1_ratio,
                                       fit_intercept, standardize);
    const auto model = make_model(family, grouped, responses(y, matrix.rows), vector_of(offset, matrix.rows, "offset"),
                                  lower || upper);
    return to_array(unlocked([&] {
        Team team(n_threads);
        Control control;
        return model->alpha_max(*matrix.design(team), request, team, control);
    }));
}

py::dict certificate_of(const py::object& X, const Doubles& y, const Doubles& coef, const Doubles& intercept,
                        double alpha, const MaybeDoubles& sample_weight, const MaybeDoubles& penalty_weights,
                        const MaybeDoubles& l2_weights, const MaybeDoubles& lower, const MaybeDoubles& upper,
                        double l1_ratio, bool fit_intercept, bool standardize, const std::string& family,
                        const MaybeDoubles& offset, bool grouped, int n_threads) {
    const Borrowed matrix = borrow(X);
    const Request request = request_of(matrix, sample_weight, penalty_weights, l2_weights, lower, upper, l1_ratio,
                                       fit_intercept, standardize);
    const auto model = make_model(family, grouped, responses(y, matrix.rows), vector_of(offset, matrix.rows, "offset"),
                                  lower || upper);
    const std::size_t outputs = model->outputs();
    const auto length = [&](int axis) { return static_cast<std::size_t>(coef.shape(axis)); };
    if (outputs == 1 && coef.ndim() != 2)
        vector_of(coef, matrix.cols, "coef");
    else if (coef.ndim() != 2 || length(0) != outputs || length(1) != matrix.cols)
        throw py::value_error(
            (outputs == 1 ? "coef has to be a vector of length " : "coef has to have rows of length ") +
            std::to_string(matrix.cols) + ", one for each of " + std::to_string(outputs) + " outputs");
    if (static_cast<std::size_t>(intercept.size()) != outputs)
        throw py::value_error("intercept has to have an entry for each of " + std::to_string(outputs) + " outputs");
    if (!(alpha >= 0)) throw py::value_error("alpha has to be non-negative");
    const Judgement judged = unlocked([&] {
        Team team(n_threads);
        Control control;
        const Coefficients given{coef.data(), intercept.data(), outputs};
        return model->certify(*matrix.design(team), request, given, alpha, team, control);
    });
    py::dict d;
    d["primal"] = judged.certificate.primal;
    d["dual"] = judged.certificate.dual;
    d["gap"] = judged.certificate.primal - judged.certificate.dual;
    d["rel_gap"] = judged.certificate.rel_gap;
    d["kkt_max"] = judged.certificate.kkt_max;
    d["null_objective"] = judged.null_objective;
    return d;
}

}  // namespace

void bind_primitives(py::module_& m) {
    m.def("alpha_max", &alpha_max_of, py::arg("X"), py::arg("y"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("penalty_weights") = py::none(), py::arg("l2_weights") = py::none(), py::arg("lower") = py::none(),
          py::arg("upper") = py::none(), py::arg("l1_ratio") = 1.0, py::arg("fit_intercept") = true,
          py::arg("standardize") = false, py::arg("family") = "gaussian", py::arg("offset") = py::none(),
          py::arg("grouped") = false, py::arg("n_threads") = 1);
    m.def("certify", &certificate_of, py::arg("X"), py::arg("y"), py::arg("coef"), py::arg("intercept"),
          py::arg("alpha"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("penalty_weights") = py::none(), py::arg("l2_weights") = py::none(), py::arg("lower") = py::none(),
          py::arg("upper") = py::none(), py::arg("l1_ratio") = 1.0, py::arg("fit_intercept") = true,
          py::arg("standardize") = false, py::arg("family") = "gaussian", py::arg("offset") = py::none(),
          py::arg("grouped") = false, py::arg("n_threads") = 1);
}

}  // namespace riata::bindings
