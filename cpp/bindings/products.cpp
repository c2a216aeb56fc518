// Moments of the columns of X, and products with X: Gram matrices of either side, correlations. Normalised columns are an inner
// matter: what leaves here is in the caller's units.
#include "bindings/arrays.hpp"

namespace riata::bindings {

namespace {

using Columns = py::array_t<double, py::array::f_style | py::array::forcecast | kAligned>;
/// As `moments` returned them; null where they have to be measured.
using Known = std::optional<Moments>;

/// Gives the design its moments: those known, or else measured in a pass over X.
void settle(Design& design, const Known& known, const double* s, bool center, Team& team) {
    if (known)
        design.adopt(*known, {}, s, nullptr, center, nullptr);
    else
        design.measure(s, nullptr, center, nullptr, team);
}

void require_columns(const Known& known, std::size_t p) {
    if (known && known->mean.size() != p)
        throw py::value_error("moments are of " + std::to_string(known->mean.size()) + " columns, X has " +
                              std::to_string(p));
}

/// How many vectors over the n rows of X there are in U.
std::size_t count_of(const Columns& U, std::size_t n) {
    if (U.ndim() != 2 || static_cast<std::size_t>(U.shape(0)) != n)
        throw py::value_error("U has to have one row for each row of X");
    return static_cast<std::size_t>(U.shape(1));
}

std::vector<double> roots(const double* s, std::size_t n) {
    std::vector<double> root(s ? n : 0);
    for (std::size_t i = 0; i < root.size(); ++i) root[i] = std::sqrt(s[i]);
    return root;
}

Moments moments_of(const py::object& X, const MaybeDoubles& sample_weight, bool center, int n_threads) {
    const Borrowed matrix = borrow(X);
    const double* s = vector_of(sample_weight, matrix.rows, "sample_weight");
    return unlocked([&] {
        Team team(n_threads);
        const auto design = matrix.design(team);
        design->measure(s, nullptr, center, nullptr, team);
        return design->moments();
    });
}

/// S (y_t - mean of y_t), the mean only if `center`, one after the other.
std::vector<double> weighted_responses(const std::vector<std::vector<double>>& columns, const double* s, bool center) {
    std::vector<double> u;
    for (const auto& y : columns) {
        double sum = 0, total = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
            const double weight = s ? s[i] : 1.0;
            sum += weight * y[i];
            total += weight;
        }
        const double mean = center ? sum / total : 0.0;
        for (std::size_t i = 0; i < y.size(); ++i) u.push_back((s ? s[i] : 1.0) * (y[i] - mean));
    }
    return u;
}

/// X'SX and X'SY of the centred X and Y, and the moments of X.
py::tuple gram_of(const py::object& X, const Doubles& Y, const MaybeDoubles& sample_weight, bool center,
                  const Known& moments, int n_threads) {
    const Borrowed matrix = borrow(X);
    const auto columns = responses(Y, matrix.rows);
    const std::size_t p = matrix.cols, targets = columns.size();
    const double* s = vector_of(sample_weight, matrix.rows, "sample_weight");
    require_columns(moments, p);
    const auto size = static_cast<py::ssize_t>(p);
    Columns G({size, size}), Q({size, static_cast<py::ssize_t>(targets)});
    double *g = G.mutable_data(), *q = Q.mutable_data();
    return py::make_tuple(
        G, Q, py::cast(unlocked([&] {
            Team team(n_threads);
            const auto design = matrix.design(team);
            settle(*design, moments, s, center, team);
            const Moments& m = design->moments();
            std::vector<double> c(p * targets);
            design->correlate_all(weighted_responses(columns, s, center).data(), targets, c.data(), team);
            for (std::size_t t = 0; t < targets; ++t)
                for (std::size_t j = 0; j < p; ++j)
                    q[t * p + j] = m.norm[j] > 0 ? c[j * targets + t] / m.scale[j] : 0.0;
            design->gram_all(s ? roots(s, matrix.rows).data() : nullptr, g, team);
            for (std::size_t b = 0; b < p; ++b)
                for (std::size_t a = 0; a < p; ++a)
                    g[a + b * p] = m.norm[a] > 0 && m.norm[b] > 0 ? g[a + b * p] / m.scale[a] / m.scale[b] : 0.0;
            return m;
        })));
}

/// S^.5 X diag(d) X' S^.5 of the centred X, and the moments of X.
py::tuple outer_of(const py::object& X, const MaybeDoubles& d, const MaybeDoubles& sample_weight, bool center,
                   const Known& moments, int n_threads) {
    const Borrowed matrix = borrow(X);
    const std::size_t p = matrix.cols;
    const double *s = vector_of(sample_weight, matrix.rows, "sample_weight"), *between = vector_of(d, p, "d");
    require_columns(moments, p);
    const auto size = static_cast<py::ssize_t>(matrix.rows);
    Columns K({size, size});
    double* k = K.mutable_data();
    return py::make_tuple(K, py::cast(unlocked([&] {
                              Team team(n_threads);
                              const auto design = matrix.design(team);
                              const auto root = roots(s, matrix.rows);
                              const double* root_s = s ? root.data() : nullptr;
                              if (moments) {
                                  settle(*design, moments, s, center, team);
                                  design->outer_all(root_s, between, k, team);
                              } else {
                                  design->measure_outer(s, root_s, center, between, k, team);
                              }
                              return design->moments();
                          })));
}

/// X'U of the centred X.
py::array correlate_of(const py::object& X, const Columns& U, const MaybeDoubles& sample_weight, bool center,
                       const Known& moments, int n_threads) {
    const Borrowed matrix = borrow(X);
    const std::size_t n = matrix.rows, p = matrix.cols;
    const std::size_t K = count_of(U, n);
    const double* s = vector_of(sample_weight, n, "sample_weight");
    require_columns(moments, p);
    py::array_t<double> out({static_cast<py::ssize_t>(p), static_cast<py::ssize_t>(K)});
    double* to = out.mutable_data();
    const double* u = U.data();
    unlocked([&] {
        Team team(n_threads);
        const auto design = matrix.design(team);
        settle(*design, moments, s, center, team);
        const Moments& m = design->moments();
        if (K > 0) design->correlate_all(u, K, to, team);
        for (std::size_t j = 0; j < p; ++j)
            for (std::size_t k = 0; k < K; ++k) to[j * K + k] = m.norm[j] > 0 ? to[j * K + k] / m.scale[j] : 0.0;
        return 0;
    });
    return out;
}

/// W = diag(d) X'U and X W of the centred X.
py::tuple represent_of(const py::object& X, const Columns& U, const Doubles& d, const MaybeDoubles& sample_weight,
                       bool center, const Known& moments, int n_threads) {
    const Borrowed matrix = borrow(X);
    const std::size_t n = matrix.rows, p = matrix.cols;
    const std::size_t K = count_of(U, n);
    const double *s = vector_of(sample_weight, n, "sample_weight"), *between = vector_of(d, p, "d");
    require_columns(moments, p);
    py::array_t<double> W({static_cast<py::ssize_t>(p), static_cast<py::ssize_t>(K)});
    Columns E({static_cast<py::ssize_t>(n), static_cast<py::ssize_t>(K)});
    double *w = W.mutable_data(), *e = E.mutable_data();
    const double* u = U.data();
    unlocked([&] {
        Team team(n_threads);
        const auto design = matrix.design(team);
        settle(*design, moments, s, center, team);
        if (K > 0) design->represent(u, K, between, w, e, team);
        return 0;
    });
    return py::make_tuple(W, E);
}

}  // namespace

void bind_products(py::module_& m) {
    py::class_<Moments>(m, "Moments")
        .def_property_readonly("mean", [](const Moments& of) { return to_array(of.mean); })
        .def_property_readonly("norm", [](const Moments& of) {
            std::vector<double> norm(of.norm);
            for (std::size_t j = 0; j < norm.size(); ++j) norm[j] /= of.scale[j];
            return to_array(norm);
        });
    m.def("moments", &moments_of, py::arg("X"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("center") = true, py::arg("n_threads") = 1);
    m.def("gram", &gram_of, py::arg("X"), py::arg("Y"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("center") = true, py::arg("moments") = py::none(), py::arg("n_threads") = 1);
    m.def("outer", &outer_of, py::arg("X"), py::arg("d") = py::none(), py::kw_only(),
          py::arg("sample_weight") = py::none(), py::arg("center") = true, py::arg("moments") = py::none(),
          py::arg("n_threads") = 1);
    m.def("represent", &represent_of, py::arg("X"), py::arg("U"), py::arg("d"), py::kw_only(),
          py::arg("sample_weight") = py::none(), py::arg("center") = true, py::arg("moments") = py::none(),
          py::arg("n_threads") = 1);
    m.def("correlate", &correlate_of, py::arg("X"), py::arg("U"), py::kw_only(), py::arg("sample_weight") = py::none(),
          py::arg("center") = true, py::arg("moments") = py::none(), py::arg("n_threads") = 1);
}

}  // namespace riata::bindings
