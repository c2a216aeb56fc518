// solve_path: arrays in, PathSolution out.
#include "path/models.hpp"

#include "bindings/arrays.hpp"

namespace riata::bindings {

namespace {

const char* name_of(Stop stop) {
    switch (stop) {
        case Stop::kMaxFeatures:
            return "max_features";
        case Stop::kEarlyStop:
            return "early_stop";
        case Stop::kTimeLimit:
            return "time_limit";
        case Stop::kCallback:
            return "callback";
        default:
            return "completed";
    }
}

template <class T, class F>
py::array_t<T> each(const Path& path, F&& f) {
    py::array_t<T> out(static_cast<py::ssize_t>(path.solutions.size()));
    T* to = out.mutable_data();
    for (const Solution& s : path.solutions) *to++ = static_cast<T>(f(s));
    return out;
}

py::array_t<std::int64_t> index_pointers(const Path& path) {
    py::array_t<std::int64_t> out(static_cast<py::ssize_t>(path.solutions.size()) + 1);
    std::int64_t *to = out.mutable_data(), sum = 0;
    *to++ = 0;
    for (const Solution& s : path.solutions) *to++ = sum += static_cast<std::int64_t>(s.features.size());
    return out;
}

template <class T, class F>
py::array_t<T> joined(const Path& path, F&& f) {
    std::size_t size = 0;
    for (const Solution& s : path.solutions) size += s.features.size();
    py::array_t<T> out(static_cast<py::ssize_t>(size));
    T* to = out.mutable_data();
    for (const Solution& s : path.solutions)
        for (auto value : f(s)) *to++ = static_cast<T>(value);
    return out;
}

/// Wraps the user's callback so that it can be called from a solve that holds no interpreter lock. A Python error in
/// it stops the path and is raised afterwards.
auto wrap_callback(const py::object& callback, Control& control) {
    using Callback = std::function<bool(std::size_t, double, double, std::size_t, double)>;
    if (callback.is_none()) return Callback{};
    return Callback{[&callback, &control](std::size_t k, double alpha, double gap, std::size_t df, double dev_ratio) {
        py::gil_scoped_acquire acquire;
        try {
            return py::cast<bool>(py::bool_(callback(k, alpha, gap, df, dev_ratio)));
        } catch (py::error_already_set& error) {
            error.restore();
            control.cancel();
            throw Cancelled{};
        }
    }};
}

std::vector<Path> solve(const py::object& X, const Doubles& y, const MaybeDoubles& sample_weight,
                        const MaybeDoubles& penalty_weights, const MaybeDoubles& l2_weights, const MaybeDoubles& lower,
                        const MaybeDoubles& upper, const MaybeDoubles& alphas, std::size_t n_alphas, double eps,
                        double l1_ratio, bool fit_intercept, bool standardize, double tol, double gradient,
                        long max_iter, std::size_t max_features, bool early_stop, double time_limit,
                        std::size_t memory_limit, bool single, double enough, const py::object& callback,
                        const std::string& family, const MaybeDoubles& offset, const MaybeDoubles& start_coefs,
                        const MaybeDoubles& start_intercepts, bool grouped, int n_threads) {
    const Borrowed matrix = borrow(X);
    const auto model = make_model(family, grouped, responses(y, matrix.rows), vector_of(offset, matrix.rows, "offset"),
                                  lower || upper);
    const Request request = request_of(matrix, sample_weight, penalty_weights, l2_weights, lower, upper, l1_ratio,
                                       fit_intercept, standardize);
    Control control;
    control.interrupted = signal_poll();
    control.time_limit = time_limit;
    PathOptions options;
    if (alphas) options.alphas.assign(alphas->data(), alphas->data() + alphas->size());
    for (double alpha : options.alphas)
        if (!(alpha > 0 && alpha < kInfinity)) throw py::value_error("alphas have to be positive and finite");
    if (alphas && options.alphas.empty()) throw py::value_error("alphas is empty");
    if (n_alphas == 0 || n_alphas > 100'000'000) throw py::value_error("n_alphas has to lie between 1 and 1e8");
    if (!(eps >= 0 && eps < 1)) throw py::value_error("eps has to lie in [0, 1)");
    if (!(tol >= 0)) throw py::value_error("tol has to be non-negative");
    options.n_alphas = n_alphas;
    options.eps = eps;
    options.only_last = single;
    options.tol = tol;
    options.gradient = gradient;
    options.enough = enough;
    options.max_solves = max_iter;
    options.max_features = max_features;
    options.early_stop = early_stop;
    options.memory_limit = memory_limit;
    options.callback = wrap_callback(callback, control);
    if (start_coefs && start_intercepts) {
        const auto coefs = static_cast<std::size_t>(start_coefs->size()),
                   intercepts = static_cast<std::size_t>(start_intercepts->size());
        if (coefs != model->outputs() * matrix.cols || intercepts != model->outputs())
            throw py::value_error("a start has a coefficient per column and an intercept for every class");
        options.start_coefs.assign(start_coefs->data(), start_coefs->data() + coefs);
        options.start_intercepts.assign(start_intercepts->data(), start_intercepts->data() + intercepts);
    }
    return unlocked([&] {
        Team team(n_threads, &control);
        return model->paths(*matrix.design(team), request, options, team, control);
    });
}

}  // namespace

void bind_path(py::module_& m) {
    py::class_<Path>(m, "PathSolution")
        .def_property_readonly("alphas", [](const Path& p) { return each<double>(p, [](auto& s) { return s.alpha; }); })
        .def_property_readonly("indptr", index_pointers)
        .def_property_readonly(
            "indices",
            [](const Path& p) { return joined<std::int32_t>(p, [](auto& s) -> auto& { return s.features; }); })
        .def_property_readonly(
            "data", [](const Path& p) { return joined<double>(p, [](auto& s) -> auto& { return s.values; }); })
        .def_property_readonly("intercepts",
                               [](const Path& p) { return each<double>(p, [](auto& s) { return s.intercept; }); })
        .def_property_readonly(
            "primal", [](const Path& p) { return each<double>(p, [](auto& s) { return s.certificate.primal; }); })
        .def_property_readonly(
            "dual", [](const Path& p) { return each<double>(p, [](auto& s) { return s.certificate.dual; }); })
        .def_property_readonly("gap",
                               [](const Path& p) {
                                   return each<double>(
                                       p, [](auto& s) { return s.certificate.primal - s.certificate.dual; });
                               })
        .def_property_readonly(
            "rel_gap", [](const Path& p) { return each<double>(p, [](auto& s) { return s.certificate.rel_gap; }); })
        .def_property_readonly(
            "kkt_max", [](const Path& p) { return each<double>(p, [](auto& s) { return s.certificate.kkt_max; }); })
        .def_property_readonly("status",
                               [](const Path& p) { return each<std::uint8_t>(p, [](auto& s) { return s.status; }); })
        .def_property_readonly("n_iter",
                               [](const Path& p) { return each<std::int64_t>(p, [](auto& s) { return s.n_solves; }); })
        .def_property_readonly("dev_ratio",
                               [](const Path& p) { return each<double>(p, [](auto& s) { return s.dev_ratio; }); })
        .def_property_readonly("seconds",
                               [](const Path& p) { return each<double>(p, [](auto& s) { return s.seconds; }); })
        .def_readonly("n_passes", &Path::n_passes)
        .def_readonly("null_objective", &Path::null_objective)
        .def_readonly("alpha_max", &Path::alpha_max)
        .def_property_readonly("stop", [](const Path& p) { return name_of(p.stop); });

    m.def("solve_path", &solve, py::arg("X"), py::arg("y"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("penalty_weights") = py::none(), py::arg("l2_weights") = py::none(), py::arg("lower") = py::none(),
          py::arg("upper") = py::none(), py::arg("alphas") = py::none(), py::arg("n_alphas") = 100,
          py::arg("eps") = 0.0, py::arg("l1_ratio") = 1.0, py::arg("fit_intercept") = true,
          py::arg("standardize") = false, py::arg("tol") = 1e-6, py::arg("gradient") = kInfinity,
          py::arg("max_iter") = 1000000, py::arg("max_features") = 0, py::arg("early_stop") = false,
          py::arg("time_limit") = 0.0, py::arg("memory_limit") = 0, py::arg("single") = false, py::arg("enough") = 0.0,
          py::arg("callback") = py::none(), py::arg("family") = "gaussian", py::arg("offset") = py::none(),
          py::arg("start_coefs") = py::none(), py::arg("start_intercepts") = py::none(), py::arg("grouped") = false,
          py::arg("n_threads") = 1);
}

}  // namespace riata::bindings
