// What every scoring call does before and after the sums: checks of its arguments, intercepts, links.
#include <cmath>
#include <cstring>

#include "parts.hpp"

namespace riata::score {
namespace {

double logistic(double eta) {
    if (eta >= 0) return 1 / (1 + std::exp(-eta));
    const double e = std::exp(eta);
    return e / (1 + e);
}

void softmax(double* eta, size_t n) {
    double top = eta[0], sum = 0;
    for (size_t k = 1; k < n; ++k) top = eta[k] > top ? eta[k] : top;
    for (size_t k = 0; k < n; ++k) sum += eta[k] = std::exp(eta[k] - top);
    for (size_t k = 0; k < n; ++k) eta[k] /= sum;
}

}  // namespace

int bad_argument(riata_error* error, const char* what) { return fail(error, RIATA_E_ARGUMENT, -1, -1, "%s", what); }

double value_at(const void* values, int type, ptrdiff_t byte) {
    const char* at = static_cast<const char*>(values) + byte;
    double d;
    float f;
    int32_t i;
    int64_t l;
    switch (type) {
        case RIATA_FLOAT64:
            return std::memcpy(&d, at, 8), d;
        case RIATA_FLOAT32:
            return std::memcpy(&f, at, 4), static_cast<double>(f);
        case RIATA_INT32:
            return std::memcpy(&i, at, 4), static_cast<double>(i);
        default:
            return std::memcpy(&l, at, 8), static_cast<double>(l);
    }
}

int check_call(const riata_model* m, const void* data, bool needed, unsigned flags, unsigned known, const double* out,
               riata_error* error) {
    if (!m) return bad_argument(error, "model is NULL");
    if (needed && (!data || !out)) return bad_argument(error, data ? "out is NULL" : "the data pointer is NULL");
    if (flags & ~known) return fail(error, RIATA_E_ARGUMENT, -1, -1, "flags %#x are unknown here", flags & ~known);
    return RIATA_OK;
}

int check_length(const riata_model& m, size_t n, unsigned flags, riata_error* error) {
    const uint64_t due = flags & RIATA_PROJECTED ? m.weights.columns : m.weights.features;
    if (n == due) return RIATA_OK;
    return fail(error, RIATA_E_SHAPE, -1, -1, "a row has %llu values, the model %s %llu", ull(n),
                flags & RIATA_PROJECTED ? "uses" : "is for", ull(due));
}

int nonfinite(riata_error* error, size_t row, int64_t feature, double x) {
    return fail(error, RIATA_E_NONFINITE, int64_t(row), feature,
                "row %llu has %s in feature %lld, which the model uses", ull(row), x == x ? "infinity" : "NaN",
                static_cast<long long>(feature));
}

bool add_intercepts(const Weights& w, double* eta, size_t rows) {
    bool sound = true;
    for (size_t r = 0; r < rows; ++r)
        for (size_t k = 0; k < w.outputs; ++k, ++eta) {
            *eta += w.intercept[k];
            sound &= is_finite(*eta);
        }
    return sound;
}

void apply_link(const riata_model& m, double* eta, size_t rows) {
    const size_t outputs = m.weights.outputs, n = rows * outputs;
    if (m.link == RIATA_LOGIT)
        for (size_t i = 0; i < n; ++i) eta[i] = logistic(eta[i]);
    else if (m.link == RIATA_LOG)
        for (size_t i = 0; i < n; ++i) eta[i] = std::exp(eta[i]);
    else if (m.link == RIATA_SOFTMAX)
        for (size_t r = 0; r < rows; ++r) softmax(eta + r * outputs, outputs);
}

}  // namespace riata::score
