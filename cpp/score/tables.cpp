// Check sums, short floats, and the two tables that find things: features of sparse rows and names.
#include <cstdlib>
#include <cstring>

#include "parts.hpp"

namespace riata::score {
namespace {

struct CrcTable {
    uint32_t of[8][256];
    constexpr CrcTable() : of{} {
        for (uint32_t i = 0; i < 256; ++i) {
            uint32_t c = i;
            for (int k = 0; k < 8; ++k) c = c & 1 ? (c >> 1) ^ 0x82f63b78u : c >> 1;
            of[0][i] = c;
        }
        for (int t = 1; t < 8; ++t)
            for (int i = 0; i < 256; ++i) of[t][i] = (of[t - 1][i] >> 8) ^ of[0][of[t - 1][i] & 255];
    }
};
constexpr CrcTable kCrc;

/// Eight bytes at a time, one table for each place.
uint32_t crc_portable(uint32_t c, const unsigned char* p, size_t n) {
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v;
        std::memcpy(&v, p, 8);
        v ^= c;
        c = 0;
        for (int b = 0; b < 8; ++b) c ^= kCrc.of[7 - b][(v >> (8 * b)) & 255];
    }
    for (; n; ++p, --n) c = (c >> 8) ^ kCrc.of[0][(c ^ *p) & 255];
    return c;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc_sse42(uint32_t c, const unsigned char* p, size_t n) {
    uint64_t c64 = c;
    for (; n >= 8; p += 8, n -= 8) {
        unsigned long long v;
        std::memcpy(&v, p, 8);
        c64 = __builtin_ia32_crc32di(c64, v);
    }
    c = static_cast<uint32_t>(c64);
    for (; n; ++p, --n) c = __builtin_ia32_crc32qi(c, *p);
    return c;
}
#endif

double from_half(uint16_t h) {
    const uint64_t sign = uint64_t{h} >> 15 << 63, fraction = h & 1023;
    const int exponent = (h >> 10) & 31;
    if (exponent == 0) {  // zero or subnormal: a multiple of 2^-24
        const double size = static_cast<double>(fraction) * 0x1p-24;
        return sign ? -size : size;
    }
    const uint64_t bits =
        sign | (exponent == 31 ? uint64_t{0x7ff} : uint64_t(exponent - 15 + 1023)) << 52 | fraction << 42;
    double x;
    std::memcpy(&x, &bits, 8);
    return x;
}

uint64_t power_of_two(uint64_t at_least) {
    uint64_t n = 1;
    while (n < at_least) n *= 2;
    return n;
}

}  // namespace

double* decode(const unsigned char* from, uint64_t n, bool half) {
    auto* out = static_cast<double*>(std::malloc((n ? n : 1) * sizeof(double)));
    if (!out) return nullptr;
    for (uint64_t i = 0; i < n; ++i) {
        float f;
        uint16_t h;
        if (half)
            std::memcpy(&h, from + 2 * i, 2), out[i] = from_half(h);
        else
            std::memcpy(&f, from + 4 * i, 4), out[i] = static_cast<double>(f);
    }
    return out;
}

namespace {

/// A table over all features: positions, and for one output the weights in their lanes.
bool build_direct(Weights& m) {
    Lookup& t = m.lookup;
    for (uint64_t j = 0; j < t.size; ++j) t.slots[j] = static_cast<uint32_t>(m.columns);
    for (uint32_t i = 0; i < m.columns; ++i) t.slots[m.column[i]] = i;
    if (m.outputs != 1) return true;
    constexpr size_t kLine = kLanes * sizeof(double);
    t.spread = static_cast<double*>(std::aligned_alloc(kLine, (m.columns + 1) * kLine));
    if (!t.spread) return false;
    std::memset(t.spread, 0, (m.columns + 1) * kLine);
    for (uint64_t i = 0; i < m.columns; ++i) t.spread[i * kLanes + i % kLanes] = m.weight[i];
    return true;
}

/// A hash table with linear probing.
void build_hashed(Weights& m) {
    Lookup& t = m.lookup;
    std::memset(t.slots, 0xff, t.size * sizeof(uint32_t));
    for (t.shift = 32; uint64_t{1} << (32 - t.shift) < t.size;) --t.shift;
    for (uint32_t i = 0; i < m.columns; ++i) {
        uint64_t slot = hash_of(m.column[i], t.shift);
        while (t.slots[slot] != kNone) slot = (slot + 1) & (t.size - 1);
        t.slots[slot] = i;
    }
}

}  // namespace

bool build_lookup(Weights& m) {
    // Over all features where they are at most 16 times the columns, hashing into eight slots a column elsewhere.
    Lookup& t = m.lookup;
    const bool direct = m.features <= 16 * m.columns;
    t.size = direct ? m.features + 1 : power_of_two(8 * m.columns + 2);
    t.slots = static_cast<uint32_t*>(std::malloc(t.size * sizeof(uint32_t)));
    if (!t.slots) return false;
    if (direct) return build_direct(m);
    build_hashed(m);
    return true;
}

namespace {

/// Name i, clipped to the table's bytes: a damaged table may say anything.
const char* name_at(const RiataNames& t, uint64_t i, size_t* size) {
    const uint64_t from = i ? t.ends[i - 1] : 0, to = t.ends[i];
    const bool sound = from <= to && to <= t.size;
    *size = sound ? static_cast<size_t>(to - from) : 0;
    return sound ? t.bytes + from : nullptr;
}

/// The number of the name, or -1.
int64_t find_name(const RiataNames& t, const char* name, size_t size) {
    if (!t.n_slots) return -1;
    uint64_t slot = riata_crc32c(0, name, size) & (t.n_slots - 1);
    for (uint64_t tries = 0; tries < t.n_slots; ++tries, slot = (slot + 1) & (t.n_slots - 1)) {
        const uint64_t i = t.slots[slot];
        if (i == 0) return -1;
        if (i > t.count) continue;
        size_t length;
        const char* candidate = name_at(t, i - 1, &length);
        if (candidate && length == size && std::memcmp(candidate, name, size) == 0) return static_cast<int64_t>(i - 1);
    }
    return -1;
}

}  // namespace

int check_name_table(const riata_model& m, riata_error* error) {
    const RiataNames& t = m.names;
    if (t.count && t.ends[t.count - 1] != t.size)
        return fail(error, RIATA_E_FORMAT, -1, -1, "the last name does not end where the names' bytes do");
    for (uint64_t i = 0; i < t.count; ++i) {
        size_t size;
        const char* name = name_at(t, i, &size);
        if (!name || find_name(t, name, size) != static_cast<int64_t>(i))
            return fail(error, RIATA_E_FORMAT, -1, int64_t(i), "name %llu is not found under its number", ull(i));
    }
    return RIATA_OK;
}

}  // namespace riata::score

using namespace riata::score;

uint32_t riata_crc32c(uint32_t crc, const void* bytes, size_t size) {
    const auto* p = static_cast<const unsigned char*>(bytes);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~crc_sse42(~crc, p, size);
#endif
    return ~crc_portable(~crc, p, size);
}

size_t riata_names(const riata_model* model) { return model ? model->names.count : 0; }

const char* riata_name(const riata_model* model, size_t i, size_t* size) {
    *size = 0;
    return model && i < model->names.count ? name_at(model->names, i, size) : nullptr;
}

int64_t riata_feature_of(const riata_model* model, const char* name, size_t size) {
    if (!model || !name) return -1;
    const int64_t i = find_name(model->names, name, size);
    if (i < 0 || model->names.count == model->weights.features) return i;
    return model->weights.column[i];
}
