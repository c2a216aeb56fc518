// The file as it lies on disk: docs/model-file.md in C++. Everything is little-endian.
#pragma once

#include <cstdint>

namespace riata::score {

// The first byte is no text, and the line ending betrays a transfer that converts them.
constexpr unsigned char kMagic[8] = {0x89, 'R', 'I', 'A', 'T', 'A', '\r', '\n'};

struct Header {
    unsigned char magic[8];
    uint32_t version;
    uint32_t n_sections;
    uint64_t file_size;
    uint64_t features;
    uint64_t columns;
    uint64_t entries;
    uint32_t outputs;
    uint8_t link;
    uint8_t weight_type;
    uint16_t zero16;
    uint32_t zero32;
    uint32_t crc;  // of the header, with 0 here, and the section table
};
static_assert(sizeof(Header) == 64);

struct Section {
    uint32_t kind;
    uint32_t crc;  // of the section's bytes
    uint64_t offset;
    uint64_t size;
};
static_assert(sizeof(Section) == 24);

enum SectionKind : uint32_t {
    kMetadata = 1,
    kColumns = 2,
    kWeights = 3,
    kIntercepts = 4,
    kStarts = 5,
    kOutputs = 6,
    kGolden = 7,
    kNameBytes = 8,
    kNameEnds = 9,
    kNameSlots = 10,
    kKinds = 11,
    kOptional = 0x80000000u  // kinds from here on may be skipped by a reader that does not know them
};

enum WeightType : uint8_t { kFloat64 = 0, kFloat32 = 1, kFloat16 = 2 };

constexpr uint32_t kMostSections = 64;
constexpr uint64_t kMostFeatures = (uint64_t{1} << 32) - 1;
constexpr uint32_t kMostOutputs = uint32_t{1} << 24;
constexpr uint64_t kWeightAlignment = 64;
/// Name tables up to this size are checked when a file is opened, larger ones on request.
constexpr uint64_t kCheckedNames = uint64_t{1} << 20;

}  // namespace riata::score
