// Ridge without a factorisation.
#include <algorithm>

#include "bindings/arrays.hpp"
#include "solver/ridge_cg.hpp"

namespace riata::bindings {

namespace {

using ByColumns = py::array_t<double, py::array::f_style | py::array::forcecast | kAligned>;
constexpr std::size_t kLanes = 8;  // problems solved side by side

/// Answers m of (Y[:, targets[m]], lam[m]), some at a time; neighbours of one target start from one another.
py::tuple ridge_of(const py::object& X, const ByColumns& Y, const Doubles& lam, const std::vector<std::size_t>& targets,
                   const MaybeDoubles& v, const MaybeDoubles& sample_weight, bool fit_intercept, double goal,
                   long max_iter, int n_threads) {
    const Borrowed matrix = borrow(X);
    const std::size_t n = matrix.rows, p = matrix.cols, M = targets.size();
    if (Y.ndim() != 2 || static_cast<std::size_t>(Y.shape(0)) != n)
        throw py::value_error("Y has to have one row for each row of X");
    const double* penalties = vector_of(lam, M, "lam");
    const double *s = vector_of(sample_weight, n, "sample_weight"), *weights = vector_of(v, p, "v");
    for (std::size_t t : targets)
        if (t >= static_cast<std::size_t>(Y.shape(1))) throw py::value_error("targets has to name columns of Y");
    ByColumns W({static_cast<py::ssize_t>(p), static_cast<py::ssize_t>(M)});
    double* to = W.mutable_data();
    const double* y = Y.data();
    Moments moments;
    std::vector<double> loss, bound, kkt;
    std::vector<std::int64_t> iterations;
    Control control;
    control.interrupted = signal_poll();
    unlocked([&] {
        Team team(n_threads, &control);
        const auto design = matrix.design(team);
        design->measure(s, nullptr, fit_intercept, nullptr, team);
        moments = design->moments();
        const RidgeProblem problem{*design, s, weights, goal, max_iter};
        RidgeDescent descent(problem, team);
        for (std::size_t first = 0; first < M; first += kLanes) {
            const std::size_t K = std::min(kLanes, M - first);
            std::vector<double> w(p * K, 0.0), response(n * K);
            for (std::size_t k = 0; k < K; ++k) {
                std::copy_n(y + targets[first + k] * n, n, response.data() + k * n);
                const bool warm = first > 0 && targets[first + k] == targets[first - 1] && penalties[first + k] > 0;
                for (std::size_t j = 0; warm && j < p; ++j) w[j * K + k] = to[(first - 1) * p + j];
            }
            for (const RidgeState& state : descent.solve(response.data(), penalties + first, K, w.data())) {
                loss.push_back(state.loss);
                bound.push_back(state.bound);
                kkt.push_back(state.kkt_max);
                iterations.push_back(state.iterations);
            }
            for (std::size_t k = 0; k < K; ++k)
                for (std::size_t j = 0; j < p; ++j) to[(first + k) * p + j] = w[j * K + k];
        }
        return 0;
    });
    return py::make_tuple(W, py::cast(moments), to_array(loss), to_array(bound), to_array(kkt), to_array(iterations));
}

}  // namespace

void bind_ridge(py::module_& m) {
    m.def("ridge", &ridge_of, py::arg("X"), py::arg("Y"), py::arg("lam"), py::arg("targets"), py::kw_only(),
          py::arg("v") = py::none(), py::arg("sample_weight") = py::none(), py::arg("fit_intercept") = true,
          py::arg("goal") = 1e-12, py::arg("max_iter") = 10000, py::arg("n_threads") = 1);
}

}  // namespace riata::bindings
