// The inner loops of scoring. kernels.cpp includes this file once per instruction set, inside that set's namespace; the
// operations and their order are the same in each, so the results are too. No standard library: nothing here may be shared.
#ifndef RIATA_SCORE_ISA
#error "lanes.hpp is a part of kernels.cpp"
#endif

constexpr size_t kWidth = RIATA_SCORE_WIDTH;  // float64 in a vector register
typedef double Wide __attribute__((vector_size(kWidth * sizeof(double))));
typedef double Pair __attribute__((vector_size(2 * sizeof(double))));

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

/// Columns side by side: whole vectors of them.
template <class T>
double row_side(const Weights& m, Strided x) {
    typedef T Narrow __attribute__((vector_size(kWidth * sizeof(T))));
    const size_t n = m.columns;
    const double* w = m.weight;
    Wide sum[kLanes / kWidth] = {};
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        for (size_t l = 0; l < kLanes / kWidth; ++l) {
            Narrow v;
            Wide u;
            __builtin_memcpy(&v, x.at + (i + l * kWidth) * sizeof(T), sizeof v);
            __builtin_memcpy(&u, w + i + l * kWidth, sizeof u);
            sum[l] += u * __builtin_convertvector(v, Wide);
        }
    double lane[kLanes];
    __builtin_memcpy(lane, sum, sizeof sum);
    for (size_t l = 0; i < n; ++i, ++l) lane[l] += w[i] * load<T>(x.at + i * sizeof(T));
    return total(lane);
}

/// Values from all over the row: pairs, which every set loads and multiplies without moving them about.
template <class T, bool Unit, bool Side>
double row_of(const Weights& m, const uint32_t* column, Strided x) {
    const size_t n = m.columns;
    const double* w = m.weight;
    Pair sum[kLanes / 2] = {};
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        for (size_t l = 0; l < kLanes / 2; ++l) {
            const size_t k = i + 2 * l;
            const Pair v = {load<T>(place<T, Unit, Side>(x, column, k)),
                            load<T>(place<T, Unit, Side>(x, column, k + 1))};
            Pair u;
            __builtin_memcpy(&u, w + k, sizeof u);
            sum[l] += u * v;
        }
    double lane[kLanes];
    __builtin_memcpy(lane, sum, sizeof sum);
    for (size_t l = 0; i < n; ++i, ++l) lane[l] += w[i] * load<T>(place<T, Unit, Side>(x, column, i));
    return total(lane);
}

template <class T>
double row(const Weights& m, const uint32_t* column, Strided x) {
    if (x.stride == sizeof(T)) return column ? row_of<T, true, false>(m, column, x) : row_side<T>(m, x);
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

/// The first slot to look into for a feature. Indices have been checked, but another thread may be writing to them: those beyond
/// the table find its last slot, which is nobody's.
template <bool Hashed>
inline uint32_t slot_of(const Weights& m, uint64_t feature) {
    if (Hashed) return hash_of(static_cast<uint32_t>(feature), m.lookup.shift);
    return static_cast<uint32_t>(feature < m.features ? feature : m.features);
}

/// The position of a feature, or at least `columns` if it has none.
template <bool Hashed>
inline uint32_t position(const Weights& m, uint64_t feature) {
    const Lookup& t = m.lookup;
    for (uint64_t slot = slot_of<Hashed>(m, feature);; slot = (slot + 1) & (t.size - 1)) {
        const uint32_t p = t.slots[slot];
        if (!Hashed || p == kNone || m.column[p] == feature) return p;
    }
}

/// Calls use(position, value) for the row's entries that the model has a weight for, in their order. Candidates are collected
/// first, without a branch: most entries of a row are of no interest, at random.
template <bool Hashed, class I, class T, class Use>
inline void each_hit(const Weights& m, Entries row, const Use& use) {
    constexpr size_t kChunk = 256;
    const Unaligned<I>* index = static_cast<const Unaligned<I>*>(row.index);
    const Unaligned<T>* value = static_cast<const Unaligned<T>*>(row.value);
    const uint32_t* slots = m.lookup.slots;
    const uint32_t columns = static_cast<uint32_t>(m.columns);
    for (size_t from = 0; from < row.count; from += kChunk, index += kChunk, value += kChunk) {
        const size_t count = row.count - from < kChunk ? row.count - from : kChunk;
        uint32_t entry[kChunk];
        size_t hits = 0;
        for (size_t k = 0; k < count; ++k) {
            entry[hits] = static_cast<uint32_t>(k);
            hits += slots[slot_of<Hashed>(m, static_cast<uint64_t>(index[k].value))] < columns;
        }
        for (size_t h = 0; h < hits; ++h) {
            const size_t k = entry[h];
            const uint32_t p = position<Hashed>(m, static_cast<uint64_t>(index[k].value));
            if (p < columns) use(p, static_cast<double>(value[k].value));
        }
    }
}

template <class I, class T, class Use>
inline void each_entry(const Weights& m, Entries row, const Use& use) {
    if (m.lookup.shift)
        each_hit<true, I, T>(m, row, use);
    else
        each_hit<false, I, T>(m, row, use);
}

/// The row's sum with a vector of lanes an entry, zeros in all but one: no branch to be foreseen, and a sum of the same bits, for
/// adding a zero changes none. False if the sum is not finite: a zero times infinity may have done that.
template <class I, class T>
inline bool sum_spread(const Weights& m, Entries row, double* out) {
    const Unaligned<I>* index = static_cast<const Unaligned<I>*>(row.index);
    const Unaligned<T>* value = static_cast<const Unaligned<T>*>(row.value);
    const uint32_t* slots = m.lookup.slots;
    const double* spread = m.lookup.spread;
    Wide sum[kLanes / kWidth] = {};
    for (size_t k = 0; k < row.count; ++k) {
        const double* weight = spread + kLanes * slots[slot_of<false>(m, static_cast<uint64_t>(index[k].value))];
        const double x = static_cast<double>(value[k].value);
        for (size_t l = 0; l < kLanes / kWidth; ++l) {
            Wide w;
            __builtin_memcpy(&w, weight + l * kWidth, sizeof w);
            sum[l] += w * x;
        }
    }
    double lane[kLanes];
    __builtin_memcpy(lane, sum, sizeof sum);
    *out = total(lane);
    return *out - *out == 0;
}

template <class I, class T>
inline void sparse_row(const Weights& m, Entries row, double* out) {
    if (m.lookup.spread && sum_spread<I, T>(m, row, out)) return;
    if (m.outputs == 1) {
        double lane[kLanes] = {};
        each_entry<I, T>(m, row, [&](uint32_t p, double x) { lane[p % kLanes] += m.weight[p] * x; });
        out[0] = total(lane);
        return;
    }
    for (size_t k = 0; k < m.outputs; ++k) out[k] = 0;
    each_entry<I, T>(m, row, [&](uint32_t p, double x) { add_column(m, p, x, out); });
}

template <class I, class T>
void sparse(const Weights& m, const void* index, const void* value, const int64_t* at, size_t rows, double* out) {
    for (size_t r = 0; r < rows; ++r, out += m.outputs) {
        const Entries row = {static_cast<const Unaligned<I>*>(index) + (at[r] - at[0]),
                             static_cast<const Unaligned<T>*>(value) + (at[r] - at[0]),
                             static_cast<size_t>(at[r + 1] - at[r])};
        sparse_row<I, T>(m, row, out);
    }
}

template <class I, class U>
bool below(const void* index, size_t count, uint64_t n) {
    const Unaligned<U>* v = static_cast<const Unaligned<U>*>(index);
    U top = 0;  // a negative index is a huge one
    for (size_t k = 0; k < count; ++k) top = v[k].value > top ? v[k].value : top;
    return count == 0 || top < n;
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
    {below<int32_t, uint32_t>, below<int64_t, uint64_t>},
    {finite<double, uint64_t>, finite<float, uint32_t>},
};
