// Which features no bound settles. Included by kernels.cpp inside its anonymous namespace.
#pragma once

size_t unsettled(const Feature* list, size_t count, const BoundTable& t, const double* limit, Feature* out) {
    constexpr int V = 8 / W;
    size_t found = 0;
    for (size_t i = 0; i < count; ++i) {
        const size_t j = size_t(list[i]);
        const double* row = t.rows + 32 * (t.reference[j] + 1);
        const double exact = t.exact[j], xty = t.xty[j], norm = t.norm[j];
        whole beyond{};
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            const vec guess = load(row + v * W) * exact + load(row + 8 + v * W) * xty;
            const vec rest = load(row + 16 + v * W) * norm;
            const vec least = t.size ? smaller(load(row + 24 + v * W) * t.size[j], rest) : rest;
            beyond |= ~(absolute(guess) + least <= all(limit[j]));
        }
        out[found] = list[i];
        found += any(beyond);
    }
    return found;
}
