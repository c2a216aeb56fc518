// riata._core._kernels: every kernel of every instruction set, for tests. A matrix comes as an array whose
// rows are its vectors (the columns of a column-major matrix), possibly padded; results are written in place.
#include "bindings/kernel_probe.hpp"

#include <cmath>

namespace riata::bindings {

namespace {

std::vector<std::string> isas() {
    std::vector<std::string> names;
    for (const char* const* isa = kernels::compiled(); *isa; ++isa)
        if (kernels::find(*isa)) names.emplace_back(*isa);
    return names;
}

double max_abs(const std::string& isa, const py::array& x) {
    return by_type(x, [&](auto t) {
        const auto v = vector<const decltype(t)>(x);
        require(v.stride == 1 || v.size < 2, "contiguous vector expected");
        return kernels::read<decltype(t)>(table(isa)).max_abs(v.data, v.size);
    });
}

std::vector<double> moments(const std::string& isa, const py::array& x, double c, const Optional& s,
                            const Optional& y) {
    std::vector<double> out(3);
    by_type(x, [&](auto t) {
        const auto v = vector<const decltype(t)>(x);
        kernels::read<decltype(t)>(table(isa))
            .moments(v.data, v.stride, c, contiguous(s, v.size), contiguous(y, v.size), v.size, out.data());
    });
    return out;
}

void gather(const std::string& isa, const py::array& x, double c, double a, const Optional& s, const py::array& out) {
    by_type(x, [&](auto t) {
        const auto v = vector<const decltype(t)>(x);
        kernels::read<decltype(t)>(table(isa))
            .gather(v.data, v.stride, c, a, contiguous(s, v.size), v.size, contiguous<double>(out, v.size));
    });
}

/// X (m vectors of n), U (K of n), out (m of K).
void correlate(const std::string& isa, const py::array& X, const Optional& c, const py::array& U,
               const py::array& out) {
    by_type(X, [&](auto t) {
        const auto x = matrix<const decltype(t)>(X);
        const auto u = matrix(U);
        const auto o = matrix<double>(out);
        require(u.size == x.size && o.count == x.count && o.size == u.count && u.count > 0, "shapes do not match");
        kernels::read<decltype(t)>(table(isa))
            .correlate(pointers(x).data(), contiguous(c, x.count), x.count, u.data, u.ld, u.count, x.size, o.data,
                       o.ld);
    });
}

/// X (m vectors of n), weights (m of K), R (K of n).
void accumulate(const std::string& isa, const py::array& X, const Optional& c, const py::array& weights,
                const py::array& R) {
    by_type(X, [&](auto t) {
        const auto x = matrix<const decltype(t)>(X);
        const auto w = matrix(weights);
        const auto r = matrix<double>(R);
        require(r.size == x.size && w.count == x.count && w.size == r.count && r.count > 0, "shapes do not match");
        kernels::read<decltype(t)>(table(isa))
            .accumulate(pointers(x).data(), contiguous(c, x.count), x.count, w.data, w.ld, r.count, x.size, r.data,
                        r.ld);
    });
}

/// X (n rows of m), U (K of n), out (m of K).
void correlate_rows(const std::string& isa, const py::array& X, const Optional& c, const py::array& U,
                    const py::array& out) {
    by_type(X, [&](auto t) {
        const auto x = matrix<const decltype(t)>(X);
        const auto u = matrix(U);
        const auto o = matrix<double>(out);
        require(u.size == x.count && o.count == x.size && o.size == u.count && u.count > 0, "shapes do not match");
        kernels::read<decltype(t)>(table(isa))
            .correlate_rows(x.data, x.ld, contiguous(c, x.size), x.size, u.data, u.ld, u.count, x.count, o.data, o.ld);
    });
}

/// X (n rows of m), weights (m of K), R (K of n).
void accumulate_rows(const std::string& isa, const py::array& X, const Optional& c, const py::array& weights,
                     const py::array& R) {
    by_type(X, [&](auto t) {
        const auto x = matrix<const decltype(t)>(X);
        const auto w = matrix(weights);
        const auto r = matrix<double>(R);
        require(r.size == x.count && w.count == x.size && w.size == r.count && r.count > 0, "shapes do not match");
        kernels::read<decltype(t)>(table(isa))
            .accumulate_rows(x.data, x.ld, contiguous(c, x.size), x.size, w.data, w.ld, r.count, x.count, r.data, r.ld);
    });
}

/// In entries.
std::ptrdiff_t stride(const py::array& X, py::ssize_t axis) {
    require(X.strides(axis) % X.itemsize() == 0, "unaligned strides");
    return X.strides(axis) / X.itemsize();
}

/// X (n, m) with any strides; returns the panels as (panels, n, gram_panel).
py::array_t<double> pack(const std::string& isa, const py::array& X, const Optional& c, const Optional& s) {
    require(X.ndim() == 2, "matrix expected");
    const Kernels& k = table(isa);
    const std::size_t n = X.shape(0), m = X.shape(1), panels = (m + k.gram_panel - 1) / k.gram_panel;
    py::array_t<double> out({panels, n, k.gram_panel});
    by_type(X, [&](auto t) {
        using T = decltype(t);
        kernels::read<T>(k).pack(static_cast<const T*>(X.data()), stride(X, 0), stride(X, 1), contiguous(c, m),
                                 contiguous(s, n), n, m, out.mutable_data());
    });
    return out;
}

/// X (m, n) with any strides, c and a of n; returns the panels as (panels, n, gram_panel).
py::array_t<double> pack_across(const std::string& isa, const py::array& X, const py::array_t<double>& c,
                                const py::array_t<double>& a, const Optional& s) {
    require(X.ndim() == 2, "matrix expected");
    const Kernels& k = table(isa);
    const std::size_t m = X.shape(0), n = X.shape(1), panels = (m + k.gram_panel - 1) / k.gram_panel;
    py::array_t<double> out({panels, n, k.gram_panel});
    by_type(X, [&](auto t) {
        using T = decltype(t);
        kernels::read<T>(k).pack_across(static_cast<const T*>(X.data()), stride(X, 0), stride(X, 1),
                                        contiguous<const double>(c, n), contiguous<const double>(a, n),
                                        contiguous(s, m), n, m, out.mutable_data(), n * k.gram_panel);
    });
    return out;
}

/// packed (panels, n, gram_panel); G[b] is column b of the Gram matrix.
void gram(const std::string& isa, const py::array_t<double, py::array::c_style>& packed, const py::array& G,
          std::size_t first, std::size_t last) {
    const Kernels& k = table(isa);
    const auto g = matrix<double>(G);
    require(packed.ndim() == 3 && std::size_t(packed.shape(2)) == k.gram_panel, "panels expected");
    const std::size_t panels = packed.shape(0), width = panels * k.gram_panel;
    require(g.count == width && g.size == width && first <= last && last <= panels, "shapes do not match");
    k.gram(packed.data(), panels, packed.shape(1), g.data, g.ld, first, last);
}

double dot(const std::string& isa, const py::array& x, const py::array& y) {
    const std::size_t n = x.size();
    return table(isa).dot(contiguous(x, n), contiguous(y, n), n);
}

void axpy(const std::string& isa, double a, const py::array& x, const py::array& y) {
    const std::size_t n = x.size();
    table(isa).axpy(a, contiguous(x, n), contiguous<double>(y, n), n);
}

Matrix<const double> square(const py::array& L) {
    const auto l = matrix(L);
    require(l.count == l.size, "square matrix expected");
    return l;
}

void solve_lower(const std::string& isa, const py::array& L, const py::array& b) {
    const auto l = square(L);
    table(isa).solve_lower(l.data, l.ld, l.count, contiguous<double>(b, l.count));
}

void solve_lower_transposed(const std::string& isa, const py::array& L, const py::array& b) {
    const auto l = square(L);
    table(isa).solve_lower_transposed(l.data, l.ld, l.count, contiguous<double>(b, l.count));
}

/// B (K vectors of n).
void solve_lower_many(const std::string& isa, const py::array& L, const py::array& B) {
    const auto l = square(L);
    const auto b = matrix<double>(B);
    require(b.size == l.count, "shapes do not match");
    table(isa).solve_lower_many(l.data, l.ld, l.count, b.data, b.ld, b.count);
}

/// A (m vectors of n), C (m of m).
void downdate_square(const std::string& isa, const py::array& A, const py::array& C) {
    const auto a = matrix(A);
    const auto c = matrix<double>(C);
    require(c.count == a.count && c.size == a.count, "shapes do not match");
    table(isa).downdate_square(a.data, a.ld, a.size, a.count, c.data, c.ld);
}

std::size_t cholesky(const std::string& isa, const py::array& G, const Optional& floor) {
    const auto g = matrix<double>(G);
    require(g.count == g.size, "square matrix expected");
    return table(isa).cholesky(g.data, g.ld, g.count, contiguous(floor, g.count));
}

/// buffer = out's gap and x: x starts `gap` entries after out; v as long as x.
void rotate(const std::string& isa, const py::array& buffer, std::size_t gap, const py::array& v, double cs,
            double sn) {
    const std::size_t n = v.size();
    double* out = contiguous<double>(buffer, n + gap);
    require(gap == 0 || gap >= n, "x must not overlap out");
    table(isa).rotate(out + gap, contiguous<double>(v, n), out, cs, sn, n);
}

py::array_t<double> map_to(const py::array& x, const std::function<void(const double*, std::size_t, double*)>& f) {
    py::array_t<double> out(x.size());
    f(contiguous(x, x.size()), x.size(), out.mutable_data());
    return out;
}

const kernels::LossKernels& loss(const std::string& isa, const std::string& name) {
    return name == "poisson" ? table(isa).poisson : table(isa).binomial;
}

/// The rows of a loss, and the best margins that they point to.
struct Rows {
    Rows(const py::array& y, const Optional& s, std::size_t n) : best(n) {
        const double* values = contiguous(y, n);
        for (std::size_t i = 0; i < n; ++i) best[i] = values[i] > 0 ? std::log(values[i]) : 0.0;
        rows = {values, best.data(), contiguous(s, n)};
    }
    std::vector<double> best;
    kernels::LossRows rows;
};

/// (r, [sum s f, sum s r, sum s f'']).
py::tuple evaluate_loss(const std::string& isa, const std::string& name, const py::array& eta, double shift,
                        const py::array& y, const Optional& s) {
    const std::size_t n = eta.size();
    std::vector<double> sums(3);
    py::array_t<double> r(eta.size());
    loss(isa, name).evaluate(contiguous(eta, n), shift, Rows(y, s, n).rows, n, r.mutable_data(), sums.data());
    return py::make_tuple(r, sums);
}

py::array_t<double> loss_curvature(const std::string& isa, const std::string& name, const py::array& r,
                                   const py::array& y, const Optional& s) {
    return map_to(r, [&](const double* x, std::size_t n, double* out) {
        loss(isa, name).curvature(x, Rows(y, s, n).rows, n, out);
    });
}

double loss_divergence(const std::string& isa, const std::string& name, const py::array& eta, double shift,
                       const py::array& r, double t, const py::array& y, const Optional& s) {
    const std::size_t n = r.size();
    return loss(isa, name).divergence(contiguous(eta, n), shift, contiguous(r, n), t, Rows(y, s, n).rows, n);
}

}  // namespace

void bind_kernel_probe(py::module_& parent) {
    auto m = parent.def_submodule("_kernels", "every kernel of every instruction set, for tests");
    m.def("isas", &isas);
    m.def("panel", [](const std::string& isa) { return table(isa).gram_panel; });
    m.def("max_abs", &max_abs);
    m.def("moments", &moments);
    m.def("gather", &gather);
    m.def("correlate", &correlate);
    m.def("accumulate", &accumulate);
    m.def("correlate_rows", &correlate_rows);
    m.def("accumulate_rows", &accumulate_rows);
    m.def("pack", &pack);
    m.def("pack_across", &pack_across);
    m.def("gram", &gram);
    m.def("dot", &dot);
    m.def("axpy", &axpy);
    m.def("solve_lower", &solve_lower);
    m.def("solve_lower_transposed", &solve_lower_transposed);
    m.def("solve_lower_many", &solve_lower_many);
    m.def("downdate_square", &downdate_square);
    m.def("cholesky", &cholesky);
    m.def("rotate", &rotate);
    m.def("exponentials",
          [](const std::string& isa, const py::array& x) { return map_to(x, table(isa).exponentials); });
    m.def("logarithms", [](const std::string& isa, const py::array& x) { return map_to(x, table(isa).logarithms); });
    m.def("evaluate_loss", &evaluate_loss);
    m.def("loss_curvature", &loss_curvature);
    m.def("loss_divergence", &loss_divergence);
    bind_lane_probe(m);
}

}  // namespace riata::bindings
