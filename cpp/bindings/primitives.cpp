// What the Python layer needs beside paths: certificates of given coefficients, Gram matrices, products.
#include "bindings/arrays.hpp"
#include "path/certify.hpp"

namespace riata::bindings {

namespace {

using Columns = py::array_t<double, py::array::f_style | py::array::forcecast | kAligned>;

py::array_t<double> alpha_max_of(const py::object& X, const Doubles& y, const MaybeDoubles& sample_weight,
                                 const MaybeDoubles& penalty_weights, const MaybeDoubles& lower,
                                 const MaybeDoubles& upper, double l1_ratio, bool fit_intercept, bool standardize,
                                 const std::string& family, const MaybeDoubles& offset, int n_threads) {
    const Borrowed matrix = borrow(X);
    const auto columns = responses(y, matrix.rows);
    const Request request = request_of(matrix, sample_weight, penalty_weights, std::nullopt, lower, upper, l1_ratio,
                                       fit_intercept, standardize);
    const Response response = response_of(family, columns[0], offset);
    if (response.family != Family::kGaussian)
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
        if (response.family != Family::kGaussian) {
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
    d["gap"] = judged.certificate.gap;
    d["rel_gap"] = judged.certificate.rel_gap;
    d["kkt_max"] = judged.certificate.kkt_max;
    d["null_objective"] = judged.null_objective;
    return d;
}

/// Normalised columns are an inner matter: what leaves here is in the caller's units. d stands between X and X' on the samples'
/// side.
py::tuple gram_of(const py::object& X, const Doubles& Y, const MaybeDoubles& sample_weight, bool fit_intercept,
                  const std::string& side, const MaybeDoubles& d, int n_threads) {
    const Borrowed matrix = borrow(X);
    const auto columns = responses(Y, matrix.rows);
    const std::size_t n = matrix.rows, p = matrix.cols, targets = columns.size();
    const double* s = vector_of(sample_weight, n, "sample_weight");
    const double* between = vector_of(d, p, "d");
    const bool features = side == "features";
    if (!features && side != "samples") throw py::value_error("side has to be 'features' or 'samples'");
    const auto size = static_cast<py::ssize_t>(features ? p : n);
    Columns G({size, size}), Q({static_cast<py::ssize_t>(p), static_cast<py::ssize_t>(targets)});
    double *g = G.mutable_data(), *q = Q.mutable_data();
    std::vector<double> x_mean, y_mean;
    unlocked([&] {
        Team team(n_threads);
        const auto design = matrix.design(team);
        std::vector<double> root(n), u(n * targets), c(p * targets);
        const double total = [&] {
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) sum += s ? s[i] : 1.0;
            return sum;
        }();
        for (std::size_t i = 0; i < n; ++i) root[i] = s ? std::sqrt(s[i]) : 1.0;
        for (std::size_t t = 0; t < targets; ++t) {
            double mean = 0;
            if (fit_intercept)
                for (std::size_t i = 0; i < n; ++i) mean += (s ? s[i] : 1.0) * columns[t][i];
            mean /= total;
            y_mean.push_back(mean);
            for (std::size_t i = 0; i < n; ++i) u[t * n + i] = (s ? s[i] : 1.0) * (columns[t][i] - mean);
        }
        design->measure(s, nullptr, fit_intercept, nullptr, team);
        const Moments& m = design->moments();
        x_mean = m.mean;
        design->correlate_all(u.data(), targets, c.data(), team);
        for (std::size_t t = 0; t < targets; ++t)
            for (std::size_t j = 0; j < p; ++j) q[t * p + j] = m.norm[j] > 0 ? c[j * targets + t] / m.scale[j] : 0.0;
        if (features) {
            design->gram_all(s ? root.data() : nullptr, g, team);
            for (std::size_t b = 0; b < p; ++b)
                for (std::size_t a = 0; a < p; ++a)
                    g[a + b * p] = m.norm[a] > 0 && m.norm[b] > 0 ? g[a + b * p] / m.scale[a] / m.scale[b] : 0.0;
        } else {
            std::vector<double> unscale(p);
            for (std::size_t j = 0; j < p; ++j)
                unscale[j] = m.norm[j] > 0 ? (between ? between[j] : 1.0) / m.scale[j] / m.scale[j] : 0.0;
            design->outer_all(s ? root.data() : nullptr, unscale.data(), g, team);
        }
        return 0;
    });
    return py::make_tuple(G, Q, to_array(x_mean), to_array(y_mean));
}

/// X' U with X centred by its plain or weighted mean where asked.
py::array correlate_of(const py::object& X, const Columns& U, const MaybeDoubles& sample_weight, bool center,
                       int n_threads) {
    const Borrowed matrix = borrow(X);
    const std::size_t n = matrix.rows, p = matrix.cols;
    if (U.ndim() != 2 || static_cast<std::size_t>(U.shape(0)) != n)
        throw py::value_error("U has to have one row for each row of X");
    const std::size_t K = static_cast<std::size_t>(U.shape(1));
    const double* s = vector_of(sample_weight, n, "sample_weight");
    py::array_t<double> out({static_cast<py::ssize_t>(p), static_cast<py::ssize_t>(K)});
    double* to = out.mutable_data();
    const double* u = U.data();
    unlocked([&] {
        Team team(n_threads);
        const auto design = matrix.design(team);
        design->measure(s, nullptr, center, nullptr, team);
        if (K > 0) design->correlate_all(u, K, to, team);
        for (std::size_t j = 0; j < p; ++j)
            for (std::size_t k = 0; k < K; ++k)
                to[j * K + k] = design->moments().norm[j] > 0 ? to[j * K + k] / design->moments().scale[j] : 0.0;
        return 0;
    });
    return out;
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
    m.def("gram", &gram_of, py::arg("X"), py::arg("Y"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("fit_intercept") = true, py::arg("side") = "features", py::arg("d") = py::none(),
          py::arg("n_threads") = 1);
    m.def("correlate", &correlate_of, py::arg("X"), py::arg("U"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("center") = true, py::arg("n_threads") = 1);
}

}  // namespace riata::bindings
