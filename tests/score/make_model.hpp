// Model files made from scratch, for tests that do without Python.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "score/format.hpp"
#include "score/score.h"

namespace riata::score {

struct Part {
    uint32_t kind;
    std::string bytes;
};

template <class T>
std::string bytes_of(const std::vector<T>& values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

/// Recomputes every check sum, so that a change of the contents gets as far as the checks of the contents.
inline void repair_sums(std::vector<unsigned char>& file) {
    Header h;
    if (file.size() < sizeof h) return;
    std::memcpy(&h, file.data(), sizeof h);
    h.file_size = file.size();
    const size_t table = sizeof h + size_t{h.n_sections} * sizeof(Section);
    if (h.n_sections > kMostSections || table > file.size()) return;
    for (uint32_t i = 0; i < h.n_sections; ++i) {
        Section s;
        std::memcpy(&s, file.data() + sizeof h + i * sizeof s, sizeof s);
        if (s.offset > file.size() || s.size > file.size() - s.offset) continue;
        s.crc = riata_crc32c(0, file.data() + s.offset, s.size);
        std::memcpy(file.data() + sizeof h + i * sizeof s, &s, sizeof s);
    }
    h.crc = 0;
    std::memcpy(file.data(), &h, sizeof h);
    h.crc = riata_crc32c(0, file.data(), table);
    std::memcpy(file.data(), &h, sizeof h);
}

inline std::vector<unsigned char> assemble(Header h, const std::vector<Part>& parts) {
    std::memcpy(h.magic, kMagic, sizeof h.magic);
    h.version = RIATA_FILE_VERSION;
    h.n_sections = static_cast<uint32_t>(parts.size());
    std::vector<unsigned char> file(sizeof h + parts.size() * sizeof(Section));
    for (size_t i = 0; i < parts.size(); ++i) {
        file.resize((file.size() + 63) / 64 * 64);
        const Section s{parts[i].kind, 0, file.size(), parts[i].bytes.size()};
        std::memcpy(file.data() + sizeof h + i * sizeof s, &s, sizeof s);
        file.insert(file.end(), parts[i].bytes.begin(), parts[i].bytes.end());
    }
    std::memcpy(file.data(), &h, sizeof h);
    repair_sums(file);
    return file;
}

/// One output, every second of `features` features used.
inline std::vector<unsigned char> single_model(uint32_t features) {
    std::vector<uint32_t> columns;
    std::vector<double> weights;
    for (uint32_t j = 0; j < features; j += 2) columns.push_back(j), weights.push_back(0.5 + j);
    Header h{};
    h.features = features, h.columns = columns.size(), h.entries = weights.size(), h.outputs = 1, h.link = RIATA_LOGIT;
    return assemble(h, {{kMetadata, "{}"},
                        {kColumns, bytes_of(columns)},
                        {kWeights, bytes_of(weights)},
                        {kIntercepts, bytes_of(std::vector<double>{0.25})}});
}

/// Three outputs with one or two weights a column, shorter floats.
inline std::vector<unsigned char> multi_model() {
    Header h{};
    h.features = 1000, h.columns = 3, h.entries = 4, h.outputs = 3, h.link = RIATA_SOFTMAX, h.weight_type = kFloat32;
    return assemble(h, {{kColumns, bytes_of(std::vector<uint32_t>{2, 500, 999})},
                        {kWeights, bytes_of(std::vector<float>{1, 2, 3, 4})},
                        {kIntercepts, bytes_of(std::vector<double>{0, 1, 2})},
                        {kStarts, bytes_of(std::vector<uint64_t>{0, 1, 3, 4})},
                        {kOutputs, bytes_of(std::vector<uint32_t>{1, 0, 2, 2})}});
}

}  // namespace riata::score
