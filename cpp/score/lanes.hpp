// The inner loops of scoring. kernels.cpp includes this file once per instruction set, inside that set's namespace; the
// operations and their order are the same in each, so the results are too. No standard library: nothing here may be shared.
#ifndef RIATA_SCORE_ISA
#error "lanes.hpp is a part of kernels.cpp"
#endif

typedef double Lanes __attribute__((vector_size(8 * sizeof(double))));

template <class T>
struct [[gnu::packed]] Unaligned {
    T value;
};

template <class T>
inline double load(const char* at) {
    return static_cast<double>(reinterpret_cast<const Unaligned<T>*>(at)->value);
}

/// The eight lanes added up as a tree of fixed shape.
inline double total(const double* lane) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/// Address of the row's value for position i; Unit: the values are contiguous, Side: columns side by side.
template <class T, bool Unit, bool Side>
inline const char* place(Strided x, const uint32_t* column, size_t i) {
    const ptrdiff_t j = Side ? static_cast<ptrdiff_t>(i) : static_cast<ptrdiff_t>(column[i]);
    return x.at + j * (Unit ? static_cast<ptrdiff_t>(sizeof(T)) : x.stride);
}

template <class T, bool Unit, bool Side>
double row_of(const Weights& m, const uint32_t* column, Strided x) {
    const size_t n = m.columns;
    const double* w = m.weight;
    Lanes sum = {};
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        Lanes v, u;
        for (size_t l = 0; l < kLanes; ++l) v[l] = load<T>(place<T, Unit, Side>(x, column, i + l));
        __builtin_memcpy(&u, w + i, sizeof u);
        sum += u * v;
    }
    double lane[kLanes];
    __builtin_memcpy(lane, &sum, sizeof sum);
    for (size_t l = 0; i < n; ++i, ++l) lane[l] += w[i] * load<T>(place<T, Unit, Side>(x, column, i));
    return total(lane);
}

template <class T>
double row(const Weights& m, const uint32_t* column, Strided x) {
    if (x.stride == sizeof(T)) return column ? row_of<T, true, false>(m, column, x) : row_of<T, true, true>(m, column, x);
    return column ? row_of<T, false, false>(m, column, x) : row_of<T, false, true>(m, column, x);
}

/// out[k] += weight of output k in column i, times x.
inline void add_column(const Weights& m, size_t i, double x, double* out) {
    if (!m.starts) {
        const double* w = m.weight + i * m.outputs;
        for (size_t k = 0; k < m.outputs; ++k) out[k] += w[k] * x;
        return;
    }
    for (uint64_t e = m.starts[i]; e < m.starts[i + 1]; ++e) out[m.output[e]] += m.weight[e] * x;
}

template <class T>
void row_multi(const Weights& m, const uint32_t* column, Strided x, double* out) {
    for (size_t k = 0; k < m.outputs; ++k) out[k] = 0;
    for (size_t i = 0; i < m.columns; ++i) {
        const ptrdiff_t j = column ? static_cast<ptrdiff_t>(column[i]) : static_cast<ptrdiff_t>(i);
        add_column(m, i, load<T>(x.at + j * x.stride), out);
    }
}

template <class T>
void add(double weight, Strided x, size_t rows, double* sum) {
    if (x.stride == sizeof(T)) {
        const Unaligned<T>* v = reinterpret_cast<const Unaligned<T>*>(x.at);
        for (size_t r = 0; r < rows; ++r) sum[r] += weight * static_cast<double>(v[r].value);
    } else {
        for (size_t r = 0; r < rows; ++r) sum[r] += weight * load<T>(x.at + static_cast<ptrdiff_t>(r) * x.stride);
    }
}

/// The position of a feature known to have an occupied first slot, or kNone.
inline uint32_t position(const Weights& m, uint32_t feature, uint64_t slot) {
    const Lookup& t = m.lookup;
    if (t.shift == 0) return t.slots[slot];
    for (uint32_t p; (p = t.slots[slot]) != kNone; slot = (slot + 1) & (t.size - 1))
        if (m.column[p] == feature) return p;
    return kNone;
}

/// Calls use(position, value) for the row's entries that the model has a weight for, in their order. Candidates are collected
/// first, without a branch: most entries of a row are of no interest, at random.
template <class I, class T, class Use>
inline void each_hit(const Weights& m, Entries row, const Use& use) {
    constexpr size_t kChunk = 256;
    const Unaligned<I>* index = static_cast<const Unaligned<I>*>(row.index);
    const Unaligned<T>* value = static_cast<const Unaligned<T>*>(row.value);
    const uint32_t* slots = m.lookup.slots;
    const unsigned shift = m.lookup.shift;
    if (m.columns == 0) return;
    for (size_t from = 0; from < row.count; from += kChunk) {
        const size_t n = row.count - from < kChunk ? row.count - from : kChunk;
        uint32_t slot[kChunk];
        uint16_t entry[kChunk];
        size_t hits = 0;
        for (size_t k = 0; k < n; ++k) {
            const uint32_t feature = static_cast<uint32_t>(index[from + k].value);
            const uint32_t s = shift ? hash_of(feature, shift) : feature;
            slot[hits] = s, entry[hits] = static_cast<uint16_t>(k);
            hits += slots[s] != kNone;
        }
        for (size_t h = 0; h < hits; ++h) {
            const size_t k = from + entry[h];
            const uint32_t p = position(m, static_cast<uint32_t>(index[k].value), slot[h]);
            if (p != kNone) use(p, static_cast<double>(value[k].value));
        }
    }
}

template <class I, class T>
void sparse(const Weights& m, Entries row, double* out) {
    if (m.outputs == 1) {
        double lane[kLanes] = {};
        each_hit<I, T>(m, row, [&](uint32_t p, double x) { lane[p % kLanes] += m.weight[p] * x; });
        out[0] = total(lane);
        return;
    }
    for (size_t k = 0; k < m.outputs; ++k) out[k] = 0;
    each_hit<I, T>(m, row, [&](uint32_t p, double x) { add_column(m, p, x, out); });
}

template <class I, class U>
size_t out_of_range(const void* index, size_t count, uint64_t n) {
    const Unaligned<I>* v = static_cast<const Unaligned<I>*>(index);
    U top = 0;  // a negative index is a huge one
    for (size_t k = 0; k < count; ++k) top = static_cast<U>(v[k].value) > top ? static_cast<U>(v[k].value) : top;
    if (count == 0 || top < n) return count;
    size_t k = 0;
    while (static_cast<U>(v[k].value) < n) ++k;
    return k;
}

/// NaN and infinity have all bits of the exponent set.
template <class T, class U>
bool finite(const void* x, size_t count) {
    constexpr U kExponent = sizeof(T) == 8 ? static_cast<U>(0x7ff0000000000000) : static_cast<U>(0x7f800000);
    const Unaligned<U>* v = static_cast<const Unaligned<U>*>(x);
    U bad = 0;
    for (size_t k = 0; k < count; ++k) bad |= static_cast<U>((v[k].value & kExponent) == kExponent);
    return bad == 0;
}

const Kernels table = {
    RIATA_SCORE_ISA,
    {row<double>, row<float>, row<int32_t>, row<int64_t>},
    {row_multi<double>, row_multi<float>, row_multi<int32_t>, row_multi<int64_t>},
    {add<double>, add<float>, add<int32_t>, add<int64_t>},
    {{sparse<int32_t, double>, sparse<int32_t, float>, sparse<int32_t, int32_t>, sparse<int32_t, int64_t>},
     {sparse<int64_t, double>, sparse<int64_t, float>, sparse<int64_t, int32_t>, sparse<int64_t, int64_t>}},
    {out_of_range<int32_t, uint32_t>, out_of_range<int64_t, uint64_t>},
    {finite<double, uint64_t>, finite<float, uint32_t>},
};
