#include "solver/responses.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace riata {

namespace {
/// The power of two that brings the largest entry to [1, 2); 1 where all are 0.
double unit_of(const std::vector<double>& values) {
    double largest = 0;
    for (double v : values) largest = std::max(largest, std::abs(v));
    return largest > 0 ? std::ldexp(1.0, -std::ilogb(largest)) : 1.0;
}
}  // namespace

std::vector<double> take_columns(Problem& problem, const std::vector<std::vector<double>>& columns,
                                 std::vector<double>& y) {
    const std::size_t n = problem.design.rows();
    std::vector<double> means;
    y.clear();
    for (const auto& column : columns) y.insert(y.end(), column.begin(), column.end());
    const double unit = unit_of(y);
    for (double& v : y) v *= unit;
    for (std::size_t t = 0; t < columns.size(); ++t) {
        double mean = 0;
        problem.centre(y.data() + t * n, mean);
        means.push_back(mean / unit);
    }
    const double again = unit_of(y);  // the spread may be far below the values
    double squares = 0;
    for (double& v : y) v *= again;
    for (std::size_t t = 0; t < columns.size(); ++t) squares += problem.inner(y.data() + t * n, y.data() + t * n);
    problem.set_unit(unit * again, squares);
    return means;
}

Responses::Responses(Problem& problem, const std::vector<std::vector<double>>& columns) : problem_(problem) {
    means_ = take_columns(problem, columns, y_);
    std::vector<double> u;
    weigh(y_, u);
    xty_.resize(problem.design.cols() * tasks());
    problem.design.correlate_all(u.data(), tasks(), xty_.data(), problem.team);
}

Responses::Responses(Problem& problem, const ResponseMoments& known, double unit)
    : problem_(problem), xty_(known.xty), means_(known.mean) {
    problem.set_unit(unit, std::accumulate(known.squares.begin(), known.squares.end(), 0.0));
}

double Responses::inner(const double* R, const double* Q) const {
    const std::size_t n = problem_.design.rows();
    double sum = 0;
    for (std::size_t t = 0; t < tasks(); ++t) sum += problem_.inner(R + t * n, Q + t * n);
    return sum;
}

void Responses::weigh(const std::vector<double>& R, std::vector<double>& out) const {
    const std::size_t n = problem_.design.rows();
    out.resize(R.size());
    for (std::size_t t = 0; t < tasks(); ++t) problem_.weigh(R.data() + t * n, out.data() + t * n);
}

void Responses::recentre(std::vector<double>& R) const {
    for (std::size_t t = 0; t < tasks(); ++t) problem_.recentre(R.data() + t * problem_.design.rows());
}

}  // namespace riata
