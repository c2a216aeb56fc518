// The kernels of compressed columns and of 8 interleaved vectors, for tests. Interleaved vectors come as arrays of
// 8 columns, one vector each.
#include "bindings/kernel_probe.hpp"

namespace riata::bindings {

namespace {

constexpr std::size_t kLanes = 8, kPadding = 32;

/// Compressed columns over copies of the row numbers, padded as the kernels want them.
template <class T>
struct Columns {
    std::vector<int> row;
    std::vector<std::size_t> start;
    kernels::Compressed<T> x;

    Columns(const py::array& data, const std::vector<int>& rows, std::vector<std::size_t> starts, const double* shift)
        : row(rows), start(std::move(starts)) {
        require(data.size() == py::ssize_t(row.size()) && !start.empty() && start.back() <= row.size(),
                "shapes do not match");
        row.resize(row.size() + kPadding);
        x = {contiguous<const T>(data, rows.size()), row.data(), start.data(), shift};
    }
    std::size_t count() const { return start.size() - 1; }
};

/// The data of an array of `rows` lines of 8.
double* lanes(const py::array& a, py::ssize_t rows) {
    require(a.ndim() == 2 && a.shape(0) == rows && a.shape(1) == kLanes, "lines of 8 entries expected");
    return matrix<double>(a).data;
}

/// u (n lines of 8, or n numbers), out (as many lines as the list has columns).
void correlate_compressed(const std::string& isa, const py::array& data, const std::vector<int>& rows,
                          const std::vector<std::size_t>& starts, const py::array& shift,
                          const std::vector<kernels::Feature>& list, const py::array& u, const py::array& out) {
    by_type(data, [&](auto t) {
        const Columns<decltype(t)> c(data, rows, starts, contiguous(shift, starts.size() - 1));
        const bool wide = u.ndim() == 2;
        kernels::read<decltype(t)>(table(isa))
            .correlate_compressed(c.x, list.data(), 0, list.size(),
                                  wide ? lanes(u, u.shape(0)) : contiguous<double>(u, u.size()), wide ? kLanes : 1,
                                  wide ? lanes(out, list.size()) : contiguous<double>(out, list.size()));
    });
}

void dot_compressed(const std::string& isa, const py::array& data, const std::vector<int>& rows, const py::array& u,
                    const py::array& out) {
    by_type(data, [&](auto t) {
        const Columns<decltype(t)> c(data, rows, {0, rows.size()}, nullptr);
        kernels::read<decltype(t)>(table(isa))
            .dot_compressed(c.x.value, c.x.row, rows.size(), lanes(u, u.shape(0)), contiguous<double>(out, kLanes));
    });
}

void accumulate_compressed(const std::string& isa, const py::array& data, const std::vector<int>& rows, double shift,
                           const py::array& w, const py::array& r) {
    by_type(data, [&](auto t) {
        const Columns<decltype(t)> c(data, rows, {0, rows.size()}, nullptr);
        const bool wide = r.ndim() == 2;
        kernels::read<decltype(t)>(table(isa))
            .accumulate_compressed(c.x.value, c.x.row, rows.size(), shift, contiguous(w, wide ? kLanes : 1),
                                   wide ? kLanes : 1, wide ? lanes(r, r.shape(0)) : contiguous<double>(r, r.size()));
    });
}

void lane_moments(const std::string& isa, const py::array& v, const Optional& s, const py::array& y,
                  const py::array& out) {
    const std::size_t n = y.size();
    table(isa).lane_moments(lanes(v, n), contiguous(s, n), contiguous(y, n), n, contiguous<double>(out, 3 * kLanes));
}

void lane_products(const std::string& isa, const py::array& v, const py::array& t, const py::array& out) {
    const std::size_t n = t.size();
    table(isa).lane_products(lanes(v, n), contiguous(t, n), n, contiguous<double>(out, kLanes));
}

/// per_column: 5 or 7 vectors (square, sum, rest, l1 factor, l2 factor, then the bounds); per_lane: l1 scale, l2 scale, on.
void lane_descent(const std::string& isa, const py::array& data, const std::vector<int>& rows,
                  const std::vector<std::size_t>& starts, const std::vector<std::size_t>& order,
                  const std::vector<py::array>& per_column, const std::vector<py::array>& per_lane, double floor,
                  const py::array& w, const py::array& r, const py::array& offset, const py::array& moved) {
    const Columns<double> c(data, rows, starts, nullptr);
    require((per_column.size() == 5 || per_column.size() == 7) && per_lane.size() == 3, "vectors are missing");
    const auto column = [&](std::size_t k) {
        return k < per_column.size() ? contiguous(per_column[k], c.count()) : nullptr;
    };
    const auto lane = [&](std::size_t k) { return contiguous(per_lane[k], kLanes); };
    table(isa).lane_descent({c.x, order.data(), order.size(), column(0), column(1), column(2), column(3), column(4),
                             column(5), column(6), lane(0), lane(1), lane(2), floor, lanes(w, c.count()),
                             lanes(r, r.shape(0)), contiguous<double>(offset, kLanes),
                             contiguous<double>(moved, kLanes)});
}

void lane_peaks(const std::string& isa, const py::array& v, const Optional& t, const py::array& a, const py::array& y,
                const py::array& b, const py::array& out) {
    const std::size_t n = y.size();
    table(isa).lane_peaks(lanes(v, n), contiguous(t, n), contiguous(a, kLanes), contiguous(y, n), contiguous(b, kLanes),
                          n, contiguous<double>(out, kLanes));
}

/// rows: 32 numbers for no reference and for each one; per_feature: exact, xty, norm, and size or not.
std::vector<kernels::Feature> unsettled(const std::string& isa, const std::vector<kernels::Feature>& list,
                                        const py::array& rows, const std::vector<int>& reference,
                                        const std::vector<py::array>& per_feature, const py::array& limit) {
    require(rows.ndim() == 2 && rows.shape(1) == 4 * kLanes && (per_feature.size() == 3 || per_feature.size() == 4),
            "shapes do not match");
    const std::size_t p = limit.size();
    std::vector<kernels::Feature> out(list.size() + 1);
    out.resize(table(isa).unsettled(
        list.data(), list.size(),
        {matrix(rows).data, reference.data(), contiguous(per_feature[0], p), contiguous(per_feature[1], p),
         contiguous(per_feature[2], p), per_feature.size() > 3 ? contiguous(per_feature[3], p) : nullptr},
        contiguous(limit, p), out.data()));
    return out;
}

}  // namespace

void bind_lane_probe(py::module_& m) {
    m.def("correlate_compressed", &correlate_compressed);
    m.def("dot_compressed", &dot_compressed);
    m.def("accumulate_compressed", &accumulate_compressed);
    m.def("lane_moments", &lane_moments);
    m.def("lane_products", &lane_products);
    m.def("lane_peaks", &lane_peaks);
    m.def("lane_descent", &lane_descent);
    m.def("unsettled", &unsettled);
}

}  // namespace riata::bindings
