// cross_validate: arrays in; out for every l1_ratio its grid and a list of (PathSolution, losses, predictions), for several
// tasks with a list of PathSolutions and predictions (tasks, k, rows).
#include "path/folds.hpp"
#include "path/models.hpp"

#include <atomic>

#include "bindings/arrays.hpp"

namespace riata::bindings {

namespace {

using Rows = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast | kAligned>;

/// Row numbers, copied before they are checked: what is written to the caller's array later leads nowhere.
std::vector<std::int64_t> checked_rows(const Rows& given, std::size_t n, const double* weight, const char* name) {
    if (given.ndim() != 1 || given.size() == 0)
        throw py::value_error(std::string(name) + " has to be a vector of rows");
    std::vector<std::int64_t> rows(given.data(), given.data() + given.size());
    bool counts = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] < 0 || static_cast<std::size_t>(rows[i]) >= n)
            throw py::value_error(std::string(name) + "[" + std::to_string(i) + "] is " + std::to_string(rows[i]) +
                                  ": X has " + std::to_string(n) + " rows");
        counts = counts || !weight || weight[rows[i]] > 0;
    }
    if (!counts) throw py::value_error(std::string(name) + " has no row with a positive weight");
    return rows;
}

/// The folds and the rows that they point to.
struct Splits {
    Splits(const std::vector<std::pair<Rows, Rows>>& given, std::size_t n, const double* weight) {
        for (const auto& [train, test] : given) {
            rows.push_back(checked_rows(train, n, weight, "train"));
            rows.push_back(checked_rows(test, n, weight, "test"));
        }
        if (rows.empty()) throw py::value_error("there are no folds");
        for (std::size_t i = 0; i < rows.size(); i += 2)
            folds.push_back({rows[i].data(), rows[i + 1].data(), rows[i].size(), rows[i + 1].size()});
    }
    std::vector<std::vector<std::int64_t>> rows;
    std::vector<Fold> folds;
};

/// Reports how many solutions there are, and asks for signals; both from the calling thread.
std::function<bool()> watch(const py::object& progress, const std::atomic<std::size_t>& done) {
    if (progress.is_none()) return signal_poll();
    return [&progress, &done] {
        py::gil_scoped_acquire acquire;
        try {
            progress(done.load());
        } catch (py::error_already_set& error) {
            error.restore();
            return true;
        }
        return PyErr_CheckSignals() != 0;
    };
}

std::vector<py::ssize_t> shape_of(const Path& path, py::ssize_t size) {
    const auto k = static_cast<py::ssize_t>(path.solutions.size());
    return {k, size / k};
}

std::vector<py::ssize_t> shape_of(const std::vector<Path>& tasks, py::ssize_t size) {
    const auto count = static_cast<py::ssize_t>(tasks.size()), k = static_cast<py::ssize_t>(tasks[0].solutions.size());
    return {count, k, size / count / k};
}

template <class P>
py::list listed(std::vector<OfGrid<P>>& results) {
    py::list out;
    for (OfGrid<P>& result : results) {
        py::list paths;
        for (OfFold<P>& one : result.paths) {
            py::object predictions = py::none();
            if (!one.predictions.empty())
                predictions = to_array(one.predictions)
                                  .reshape(shape_of(one.path, static_cast<py::ssize_t>(one.predictions.size())));
            paths.append(py::make_tuple(py::cast(std::move(one.path)), to_array(one.loss), predictions));
        }
        out.append(py::make_tuple(to_array(result.alphas), paths));
    }
    return out;
}

py::list solve(const py::object& X, const Doubles& y, const std::vector<std::pair<Rows, Rows>>& splits,
               const std::vector<double>& l1_ratios, const MaybeDoubles& sample_weight,
               const MaybeDoubles& penalty_weights, const MaybeDoubles& l2_weights, const MaybeDoubles& lower,
               const MaybeDoubles& upper, const MaybeDoubles& alphas, std::size_t n_alphas, double eps,
               bool fit_intercept, bool standardize, double tol, long max_iter, double time_limit,
               std::size_t memory_limit, bool predictions, const py::object& progress, const std::string& family,
               const MaybeDoubles& offset, const MaybeDoubles& stretch, int n_threads) {
    const Borrowed matrix = borrow(X);
    const auto columns = responses(y, matrix.rows);
    const bool tasks = family == "multi-gaussian";
    if (tasks && (lower || upper || offset)) throw py::value_error("several tasks have neither bounds nor an offset");
    if (!tasks && columns.size() != 1) throw py::value_error("y has to be one response");
    const Response response =
        make_response(tasks ? "gaussian" : family, columns[0], vector_of(offset, matrix.rows, "offset"));
    const Request request =
        request_of(matrix, sample_weight, penalty_weights, l2_weights, lower, upper, 1.0, fit_intercept, standardize);
    FoldOptions options;
    const Splits own(splits, matrix.rows, request.sample_weight);
    options.folds = own.folds;
    options.l1_ratios = l1_ratios;
    const bool zero_fine = alphas && !response.family.is_quadratic();
    for (double ratio : l1_ratios)
        if (!(ratio >= 0 && ratio <= 1) || (ratio == 0 && !zero_fine))
            throw py::value_error("l1_ratios have to lie in (0, 1]");
    if (stretch) options.stretch.assign(stretch->data(), stretch->data() + stretch->size());
    if (!options.stretch.empty() && options.stretch.size() != splits.size())
        throw py::value_error("stretch has to have one entry per fold");
    for (double factor : options.stretch)
        if (!(factor > 0 && factor < kInfinity)) throw py::value_error("stretch has to be positive and finite");
    if (alphas) options.path.alphas.assign(alphas->data(), alphas->data() + alphas->size());
    if (alphas && options.path.alphas.empty()) throw py::value_error("alphas is empty");
    for (double alpha : options.path.alphas)
        if (!(alpha > 0 && alpha < kInfinity)) throw py::value_error("alphas have to be positive and finite");
    if (n_alphas == 0 || n_alphas > 100'000'000) throw py::value_error("n_alphas has to lie between 1 and 1e8");
    if (!(eps >= 0 && eps <= 1)) throw py::value_error("eps has to lie in [0, 1]");
    if (!(tol >= 0)) throw py::value_error("tol has to be non-negative");
    options.predictions = predictions;
    options.path.n_alphas = n_alphas;
    options.path.eps = eps;
    options.path.tol = tol;
    options.path.max_solves = max_iter;
    options.path.memory_limit = memory_limit;
    std::atomic<std::size_t> done{0};
    if (!progress.is_none())
        options.path.callback = [&done](std::size_t, double, double, std::size_t, double) {
            ++done;
            return false;
        };
    Control control;
    control.interrupted = watch(progress, done);
    control.time_limit = time_limit;
    const auto run = [&](const auto& y_or_tasks) {
        auto results = unlocked([&] {
            Team team(n_threads, &control);
            const auto design = matrix.design(team);
            return cross_validate(*design, y_or_tasks, request, options, n_threads, control);
        });
        return listed(results);
    };
    return tasks ? run(columns) : run(response);
}

}  // namespace

void bind_folds(py::module_& m) {
    m.def("cross_validate", &solve, py::arg("X"), py::arg("y"), py::arg("splits"), py::arg("l1_ratios"), py::kw_only(),
          py::arg("sample_weight") = py::none(), py::arg("penalty_weights") = py::none(),
          py::arg("l2_weights") = py::none(), py::arg("lower") = py::none(), py::arg("upper") = py::none(),
          py::arg("alphas") = py::none(), py::arg("n_alphas") = 100, py::arg("eps") = 0.0,
          py::arg("fit_intercept") = true, py::arg("standardize") = false, py::arg("tol") = 1e-6,
          py::arg("max_iter") = 1000000, py::arg("time_limit") = 0.0, py::arg("memory_limit") = 0,
          py::arg("predictions") = false, py::arg("progress") = py::none(), py::arg("family") = "gaussian",
          py::arg("offset") = py::none(), py::arg("stretch") = py::none(), py::arg("n_threads") = 1);
}

}  // namespace riata::bindings
