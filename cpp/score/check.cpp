// From bytes to a model: nothing in a file is believed before it has been compared with the rest.
#include <cstdlib>
#include <cstring>

#include "format.hpp"
#include "parts.hpp"

namespace riata::score {
namespace {

/// The sections by kind; a missing one has no bytes.
struct Sections {
    struct Span {
        const unsigned char* at = nullptr;
        uint64_t offset = 0, size = 0;
        uint32_t crc = 0;
        bool present = false;
    };
    Span of[kKinds];
};

uint64_t alignment_of(uint32_t kind) {
    if (kind == kWeights) return kWeightAlignment;
    return kind == kMetadata || kind == kNameBytes ? 1 : 8;
}

int read_header(const riata_model& m, Header& h, riata_error* error) {
    if (m.size < sizeof(Header))
        return fail(error, RIATA_E_FORMAT, int64_t(m.size), -1, "the file ends after %llu bytes, inside its header",
                    ull(m.size));
    std::memcpy(&h, m.file, sizeof h);
    if (std::memcmp(h.magic, kMagic, sizeof kMagic) != 0)
        return fail(error, RIATA_E_FORMAT, 0, -1, "this is no riata model file: its first bytes are others");
    if (h.version == 0 || h.version > RIATA_FILE_VERSION)
        return fail(error, RIATA_E_VERSION, 8, -1,
                    "the file has version %u and this library reads up to %u: a newer riata is needed", h.version,
                    unsigned(RIATA_FILE_VERSION));
    if (h.n_sections > kMostSections)
        return fail(error, RIATA_E_FORMAT, 12, -1, "the file claims %u sections, more than %u", h.n_sections,
                    kMostSections);
    if (h.file_size != m.size)
        return fail(error, RIATA_E_FORMAT, 16, -1, "the file has %llu bytes but says %llu: it is %s", ull(m.size),
                    ull(h.file_size), m.size < h.file_size ? "truncated" : "longer than it was written");
    const uint64_t table = sizeof(Header) + h.n_sections * sizeof(Section);
    if (table > m.size)
        return fail(error, RIATA_E_FORMAT, int64_t(m.size), -1, "the file ends inside its section table");
    Header blank = h;
    blank.crc = 0;
    uint32_t crc = riata_crc32c(0, &blank, sizeof blank);
    crc = riata_crc32c(crc, m.file + sizeof(Header), table - sizeof(Header));
    if (crc != h.crc)
        return fail(error, RIATA_E_CHECKSUM, 60, -1, "the header's check sum is %08x, its contents give %08x", h.crc,
                    crc);
    if (h.zero16 || h.zero32) return fail(error, RIATA_E_FORMAT, 54, -1, "reserved bytes of the header are not zero");
    return RIATA_OK;
}

int check_counts(const Header& h, riata_error* error) {
    if (h.features > kMostFeatures)
        return fail(error, RIATA_E_FORMAT, 24, -1, "%llu features are more than 2^32 - 1", ull(h.features));
    if (h.columns > h.features)
        return fail(error, RIATA_E_FORMAT, 32, -1, "%llu columns of %llu features", ull(h.columns), ull(h.features));
    if (h.outputs == 0 || h.outputs > kMostOutputs)
        return fail(error, RIATA_E_FORMAT, 48, -1, "%u outputs are not between 1 and 2^24", h.outputs);
    if (h.entries < h.columns || h.entries > h.columns * h.outputs)
        return fail(error, RIATA_E_FORMAT, 40, -1, "%llu weights for %llu columns and %u outputs", ull(h.entries),
                    ull(h.columns), h.outputs);
    if (h.link > RIATA_LOG) return fail(error, RIATA_E_FORMAT, 52, -1, "link %u is unknown", h.link);
    if (h.weight_type > kFloat16)
        return fail(error, RIATA_E_FORMAT, 53, -1, "weight type %u is unknown", h.weight_type);
    return RIATA_OK;
}

bool zeros(const unsigned char* at, uint64_t n) {
    for (uint64_t i = 0; i < n; ++i)
        if (at[i]) return false;
    return true;
}

/// Sections ascend without overlap, gaps between them are shorter than an alignment and zero, the last ends the file.
int read_sections(const riata_model& m, const Header& h, Sections& found, riata_error* error) {
    uint64_t end = sizeof(Header) + h.n_sections * sizeof(Section);
    for (uint32_t i = 0; i < h.n_sections; ++i) {
        const uint64_t where = sizeof(Header) + i * sizeof(Section);
        Section s;
        std::memcpy(&s, m.file + where, sizeof s);
        if (s.offset < end || s.offset > m.size || s.size > m.size - s.offset)
            return fail(error, RIATA_E_FORMAT, int64_t(where), -1,
                        "section %u (kind %u) of %llu bytes at %llu overlaps another or leaves the file", i, s.kind,
                        ull(s.size), ull(s.offset));
        if (s.offset - end >= kWeightAlignment || !zeros(m.file + end, s.offset - end))
            return fail(error, RIATA_E_FORMAT, int64_t(end), -1, "the bytes before section %u (kind %u) are no padding",
                        i, s.kind);
        end = s.offset + s.size;
        if (s.kind >= kOptional) continue;
        if (s.kind == 0 || s.kind >= kKinds || found.of[s.kind].present)
            return fail(error, RIATA_E_FORMAT, int64_t(where), -1,
                        "section %u has kind %u, which is unknown or there twice", i, s.kind);
        if (s.offset % alignment_of(s.kind))
            return fail(error, RIATA_E_FORMAT, int64_t(where), -1, "section %u (kind %u) at %llu is not aligned", i,
                        s.kind, ull(s.offset));
        found.of[s.kind] = {m.file + s.offset, s.offset, s.size, s.crc, true};
    }
    if (end != m.size) return fail(error, RIATA_E_FORMAT, int64_t(end), -1, "bytes follow the last section");
    return RIATA_OK;
}

int check_size(const Sections& s, uint32_t kind, const char* name, uint64_t size, riata_error* error) {
    if (s.of[kind].size == size) return RIATA_OK;
    return fail(error, RIATA_E_FORMAT, int64_t(s.of[kind].offset), -1, "%s takes %llu bytes where %llu are due", name,
                ull(s.of[kind].size), ull(size));
}

int check_sizes(const Header& h, const Sections& s, riata_error* error) {
    const uint64_t width = h.weight_type == kFloat64 ? 8 : h.weight_type == kFloat32 ? 4 : 2;
    int code = check_size(s, kColumns, "the column list", 4 * h.columns, error);
    if (!code) code = check_size(s, kWeights, "the weights' section", width * h.entries, error);
    if (!code) code = check_size(s, kIntercepts, "the intercepts' section", 8 * uint64_t{h.outputs}, error);
    if (code) return code;
    const bool listed = s.of[kStarts].present || s.of[kOutputs].present;
    if (!listed && h.entries != h.columns * h.outputs)
        return fail(error, RIATA_E_FORMAT, 40, -1, "%llu weights are no full matrix of %llu columns and %u outputs",
                    ull(h.entries), ull(h.columns), h.outputs);
    if (listed) {
        if (h.outputs == 1) return fail(error, RIATA_E_FORMAT, 48, -1, "one output needs no list of outputs");
        code = check_size(s, kStarts, "the list of starts", 8 * (h.columns + 1), error);
        if (!code) code = check_size(s, kOutputs, "the list of outputs", 4 * h.entries, error);
    }
    return code;
}

bool is_name_section(uint32_t kind) { return kind >= kNameBytes && kind <= kNameSlots; }

int check_sums(const Sections& s, bool names_too, riata_error* error) {
    for (uint32_t kind = 1; kind < kKinds; ++kind) {
        const auto& span = s.of[kind];
        if (!span.present || (is_name_section(kind) && !names_too)) continue;
        const uint32_t crc = riata_crc32c(0, span.at, span.size);
        if (crc != span.crc)
            return fail(error, RIATA_E_CHECKSUM, int64_t(span.offset), -1,
                        "the section of kind %u has the check sum %08x, its contents give %08x", kind, span.crc, crc);
    }
    return RIATA_OK;
}

/// Optional sections are not read, but the bits of a file are covered all the same.
int check_optional_sums(const riata_model& m, const Header& h, riata_error* error) {
    for (uint32_t i = 0; i < h.n_sections; ++i) {
        Section s;
        std::memcpy(&s, m.file + sizeof(Header) + i * sizeof(Section), sizeof s);
        if (s.kind < kOptional || riata_crc32c(0, m.file + s.offset, s.size) == s.crc) continue;
        return fail(error, RIATA_E_CHECKSUM, int64_t(s.offset), -1,
                    "the contents of section %u do not give its check sum", i);
    }
    return RIATA_OK;
}

int check_columns(const Header& h, const uint32_t* column, uint64_t offset, riata_error* error) {
    int64_t last = -1;
    for (uint64_t i = 0; i < h.columns; ++i) {
        if (int64_t{column[i]} <= last || column[i] >= h.features)
            return fail(error, RIATA_E_FORMAT, int64_t(offset + 4 * i), column[i],
                        "column %llu is feature %u: not ascending, or beyond %llu features", ull(i), column[i],
                        ull(h.features));
        last = column[i];
    }
    return RIATA_OK;
}

int check_lists(const Header& h, const Weights& w, const Sections& s, riata_error* error) {
    if (w.starts[0] != 0 || w.starts[h.columns] != h.entries)
        return fail(error, RIATA_E_FORMAT, int64_t(s.of[kStarts].offset), -1, "the starts do not span all weights");
    for (uint64_t i = 0; i < h.columns; ++i) {
        const uint64_t from = w.starts[i], to = w.starts[i + 1];
        if (to <= from || to > h.entries)
            return fail(error, RIATA_E_FORMAT, int64_t(s.of[kStarts].offset + 8 * i), -1, "column %llu has no entries",
                        ull(i));
        for (uint64_t e = from; e < to; ++e)
            if (w.output[e] >= h.outputs || (e > from && w.output[e] <= w.output[e - 1]))
                return fail(error, RIATA_E_FORMAT, int64_t(s.of[kOutputs].offset + 4 * e), -1,
                            "weight %llu belongs to output %u: not ascending, or beyond %u outputs", ull(e),
                            w.output[e], h.outputs);
    }
    return RIATA_OK;
}

int check_finite(const double* v, uint64_t n, uint64_t offset, uint64_t width, const char* name, riata_error* error) {
    for (uint64_t i = 0; i < n; ++i)
        if (!is_finite(v[i]))
            return fail(error, RIATA_E_FORMAT, int64_t(offset + width * i), -1, "%s %llu is not finite", name, ull(i));
    return RIATA_OK;
}

int check_weights(riata_model& m, const Header& h, const Sections& s, riata_error* error) {
    Weights& w = m.weights;
    w.features = h.features, w.columns = h.columns, w.outputs = h.outputs;
    w.column = reinterpret_cast<const uint32_t*>(s.of[kColumns].at);
    w.intercept = reinterpret_cast<const double*>(s.of[kIntercepts].at);
    const uint64_t width = h.weight_type == kFloat64 ? 8 : h.weight_type == kFloat32 ? 4 : 2;
    if (h.weight_type == kFloat64) {
        w.weight = reinterpret_cast<const double*>(s.of[kWeights].at);
    } else {
        w.weight = m.decoded = decode(s.of[kWeights].at, h.entries, h.weight_type == kFloat16);
        if (!m.decoded) return fail(error, RIATA_E_MEMORY, -1, -1, "no memory for %llu weights", ull(h.entries));
    }
    int code = check_columns(h, w.column, s.of[kColumns].offset, error);
    if (!code && s.of[kStarts].present) {
        w.starts = reinterpret_cast<const uint64_t*>(s.of[kStarts].at);
        w.output = reinterpret_cast<const uint32_t*>(s.of[kOutputs].at);
        code = check_lists(h, w, s, error);
    }
    if (!code) code = check_finite(w.weight, h.entries, s.of[kWeights].offset, width, "weight", error);
    if (!code) code = check_finite(w.intercept, h.outputs, s.of[kIntercepts].offset, 8, "intercept", error);
    return code;
}

int check_names(riata_model& m, const Header& h, const Sections& s, riata_error* error) {
    const auto& ends = s.of[kNameEnds];
    const auto& slots = s.of[kNameSlots];
    if (!ends.present && !slots.present && !s.of[kNameBytes].present) return RIATA_OK;
    const uint64_t n = ends.size / 8, n_slots = slots.size / 4;
    if (ends.size % 8 || (n != h.features && n != h.columns))
        return fail(error, RIATA_E_FORMAT, int64_t(ends.offset), -1, "%llu names for %llu features and %llu columns",
                    ull(n), ull(h.features), ull(h.columns));
    if (slots.size % 4 || n_slots <= n || (n_slots & (n_slots - 1)))
        return fail(error, RIATA_E_FORMAT, int64_t(slots.offset), -1, "a name table of %llu bytes for %llu names",
                    ull(slots.size), ull(n));
    m.names = {reinterpret_cast<const char*>(s.of[kNameBytes].at), s.of[kNameBytes].size,
               reinterpret_cast<const uint64_t*>(ends.at),         n,
               reinterpret_cast<const uint32_t*>(slots.at),        n_slots};
    return RIATA_OK;
}

bool large_names(const Sections& s) {
    return s.of[kNameBytes].size + s.of[kNameEnds].size + s.of[kNameSlots].size > kCheckedNames;
}

}  // namespace

int check_sections(const riata_model& m, bool names_too, riata_error* error) {
    Header h;
    Sections s;
    int code = read_header(m, h, error);
    if (!code) code = read_sections(m, h, s, error);
    if (!code) code = check_sums(s, names_too, error);
    if (!code) code = check_optional_sums(m, h, error);
    return code;
}

int interpret(riata_model& m, bool full, riata_error* error) {
    Header h;
    Sections s;
    int code = read_header(m, h, error);
    if (!code) code = check_counts(h, error);
    if (!code) code = read_sections(m, h, s, error);
    if (!code) code = check_sizes(h, s, error);
    if (!code) code = check_sums(s, full || !large_names(s), error);
    if (!code) code = check_optional_sums(m, h, error);
    if (!code) code = check_weights(m, h, s, error);
    if (!code) code = check_names(m, h, s, error);
    if (code) return code;
    m.entries = h.entries;
    m.link = h.link;
    m.metadata = reinterpret_cast<const char*>(s.of[kMetadata].at);
    m.metadata_size = s.of[kMetadata].size;
    m.golden = s.of[kGolden].at;
    m.golden_size = s.of[kGolden].size;
    return RIATA_OK;
}

}  // namespace riata::score
