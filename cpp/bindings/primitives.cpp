// What the Python layer needs beside paths: the largest penalty, certificates of given coefficients.
#include "bindings/arrays.hpp"
#include "path/certify.hpp"

namespace riata::bindings {

namespace {

py::array_t<double> alpha_max_of(const py::object& X, const Doubles& y, const MaybeDoubles& sample_weight,
                                 const MaybeDoubles& penalty_weights, const MaybeDoubles& lower,
                                 const MaybeDoubles& upper, double l1_ratio, bool fit_intercept, bool standardize,
                                 const std::string& family, const MaybeDoubles& offset, int n_threads) {
    const Borrowed matrix = borrow(X);
    const auto columns = responses(y, matrix.rows);
    const Request request = request_of(matrix, sample_weight, penalty_weights, std::nullopt, lower, upper, l1_ratio,
                                       fit_intercept, standardize);
    const Response response = response_of(family, columns[0], offset);
    if (!response.family.is_quadratic())
        return to_array(unlocked([&] {
            Team team(n_threads);
            const auto design = matrix.design(team);
            Problem problem(*design, request, team);
            Control control;
            return std::vector<double>{alpha_max(problem, response, control)};
        }));
    return to_array(unlocked([&] {
        Team team(n_threads);
        const auto design = matrix.design(team);
        Problem problem(*design, columns[0].data(), request, team);
        Control control;
        std::vector<double> out;
        for (std::size_t t = 0; t < columns.size(); ++t) {
            if (t > 0) problem.set_response(columns[t].data(), team);
            out.push_back(alpha_max(problem, control));
        }
        return out;
    }));
}

py::dict certificate_of(const py::object& X, const Doubles& y, const Doubles& coef, double intercept, double alpha,
                        const MaybeDoubles& sample_weight, const MaybeDoubles& penalty_weights,
                        const MaybeDoubles& l2_weights, const MaybeDoubles& lower, const MaybeDoubles& upper,
                        double l1_ratio, bool fit_intercept, bool standardize, const std::string& family,
                        const MaybeDoubles& offset, int n_threads) {
    const Borrowed matrix = borrow(X);
    const auto columns = responses(y, matrix.rows);
    const double* w = vector_of(coef, matrix.cols, "coef");
    const Request request = request_of(matrix, sample_weight, penalty_weights, l2_weights, lower, upper, l1_ratio,
                                       fit_intercept, standardize);
    if (!(alpha >= 0)) throw py::value_error("alpha has to be non-negative");
    if (columns.size() != 1) throw py::value_error("y has to be one response");
    const Response response = response_of(family, columns[0], offset);
    const Judgement judged = unlocked([&] {
        Team team(n_threads);
        const auto design = matrix.design(team);
        if (!response.family.is_quadratic()) {
            Problem problem(*design, request, team);
            Control control;
            return certify(problem, response, w, intercept, alpha, control);
        }
        Problem problem(*design, columns[0].data(), request, team);
        return certify(problem, w, intercept, alpha);
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
          py::arg("penalty_weights") = py::none(), py::arg("lower") = py::none(), py::arg("upper") = py::none(),
          py::arg("l1_ratio") = 1.0, py::arg("fit_intercept") = true, py::arg("standardize") = false,
          py::arg("family") = "gaussian", py::arg("offset") = py::none(), py::arg("n_threads") = 1);
    m.def("certify", &certificate_of, py::arg("X"), py::arg("y"), py::arg("coef"), py::arg("intercept"),
          py::arg("alpha"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("penalty_weights") = py::none(), py::arg("l2_weights") = py::none(), py::arg("lower") = py::none(),
          py::arg("upper") = py::none(), py::arg("l1_ratio") = 1.0, py::arg("fit_intercept") = true,
          py::arg("standardize") = false, py::arg("family") = "gaussian", py::arg("offset") = py::none(),
          py::arg("n_threads") = 1);
}

}  // namespace riata::bindings
