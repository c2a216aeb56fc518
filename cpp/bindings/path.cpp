// solve_path: arrays in, PathSolution out.
#include "path/path.hpp"

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
    const auto columns = responses(y, matrix.rows);
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
    const auto take_start = [&](std::size_t n_classes) {
        if (!start_coefs || !start_intercepts) return;
        const auto size = [](const Doubles& values) { return static_cast<std::size_t>(values.size()); };
        if (size(*start_coefs) != n_classes * matrix.cols || size(*start_intercepts) != n_classes)
            throw py::value_error("a start has a coefficient per column and an intercept for every class");
        options.start_coefs.assign(start_coefs->data(), start_coefs->data() + start_coefs->size());
        options.start_intercepts.assign(start_intercepts->data(), start_intercepts->data() + n_classes);
    };
    if (family == "multinomial") {
        const auto [labels, n_classes] = labels_of(columns[0]);
        if (offset) throw py::value_error("offset is not supported by the multinomial family");
        if (grouped && (lower || upper)) throw py::value_error("bounds are not supported with grouped");
        take_start(static_cast<std::size_t>(n_classes));
        return unlocked([&, &labels = labels, n_classes = n_classes] {
            Team team(n_threads, &control);
            const auto design = matrix.design(team);
            Problem problem(*design, request, team);
            const auto solve_classes = grouped ? solve_grouped_path : solve_multinomial_path;
            return solve_classes(problem, labels, n_classes, options, control);
        });
    }
    if (grouped) throw py::value_error("grouped is for the multinomial family");
    if (family == "multi-gaussian") {
        if (lower || upper) throw py::value_error("bounds are not supported by the multi-gaussian family");
        if (offset) throw py::value_error("an offset of the squared loss is subtracted from y");
        return unlocked([&] {
            Team team(n_threads, &control);
            const auto design = matrix.design(team);
            Problem problem(*design, request, team);
            return solve_multitask_path(problem, columns, options, control);
        });
    }
    const Response response = response_of(family, columns[0], offset);
    if (!response.family.is_quadratic()) {
        if (columns.size() != 1) throw py::value_error("y has to be one response");
        take_start(1);
        return unlocked([&] {
            Team team(n_threads, &control);
            const auto design = matrix.design(team);
            Problem problem(*design, request, team);
            return std::vector<Path>{solve_path(problem, response, options, control)};
        });
    }
    return unlocked([&] {
        Team team(n_threads, &control);
        const auto design = matrix.design(team);
        Problem problem(*design, columns[0].data(), request, team);
        std::vector<Path> paths;
        for (std::size_t t = 0; t < columns.size(); ++t) {
            if (t > 0) problem.set_response(columns[t].data(), team);
            paths.push_back(solve_path(problem, options, control));
        }
        return paths;
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
