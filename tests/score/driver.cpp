// What libFuzzer does where Clang is missing, without its guidance: files of the corpus and mutations of them, from a fixed seed.
//
//   driver SECONDS RUNS FILE...      stops at whichever comes first; 0 seconds for no limit
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size);

namespace {

using Bytes = std::vector<unsigned char>;

uint64_t state = 0x9e3779b97f4a7c15u;
uint64_t draw(uint64_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return below ? state % below : 0;
}

void overwrite(Bytes& b, uint64_t value, size_t width) {
    if (b.size() < width) return;
    const size_t at = draw(2) ? draw((b.size() - width) / 8 + 1) * 8 : draw(b.size() - width + 1);
    for (size_t i = 0; i < width && at + i < b.size(); ++i) b[at + i] = static_cast<unsigned char>(value >> (8 * i));
}

uint64_t extreme() {
    const uint64_t values[] = {0, 1, 7, 63, 64, 255, 65536, 0x7fffffff, 0x80000000u, 0xffffffffu, 1ull << 32, 1ull << 63, ~0ull, ~0ull - 7};
    return values[draw(sizeof values / sizeof *values)] + draw(2);
}

void mutate(Bytes& b, const std::vector<Bytes>& corpus) {
    for (uint64_t n = 1 + draw(4); n > 0; --n) switch (draw(8)) {
            case 0: if (!b.empty()) b[draw(b.size())] ^= static_cast<unsigned char>(1u << draw(8)); break;
            case 1: if (!b.empty()) b[draw(b.size())] = static_cast<unsigned char>(draw(256)); break;
            case 2: overwrite(b, extreme(), 4); break;
            case 3: overwrite(b, extreme(), 8); break;
            case 4: overwrite(b, draw(2 * b.size() + 1), 8); break;
            case 5: b.resize(draw(b.size() + 1)); break;
            case 6: b.insert(b.begin() + static_cast<ptrdiff_t>(draw(b.size() + 1)), draw(80), static_cast<unsigned char>(draw(256))); break;
            default: {
                const Bytes& other = corpus[draw(corpus.size())];
                const size_t from = draw(other.size()), length = draw(other.size() - from);
                for (size_t i = 0, at = draw(b.size()); i < length && at + i < b.size(); ++i) b[at + i] = other[from + i];
            }
        }
}

}  // namespace

int main(int n, char** arguments) {
    if (n < 4) return std::fprintf(stderr, "driver SECONDS RUNS FILE...\n"), 2;
    const double seconds = std::atof(arguments[1]);
    const long runs = std::atol(arguments[2]);
    std::vector<Bytes> corpus;
    for (int i = 3; i < n; ++i) {
        std::ifstream file(arguments[i], std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        LLVMFuzzerTestOneInput(corpus.back().data(), corpus.back().size());
    }
    const auto start = std::chrono::steady_clock::now();
    long done = 0;
    for (; done < runs; ++done) {
        if (seconds > 0 && std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > seconds) break;
        Bytes b = corpus[draw(corpus.size())];
        mutate(b, corpus);
        b.shrink_to_fit();
        LLVMFuzzerTestOneInput(b.data(), b.size());
    }
    std::printf("%ld inputs\n", done);
    return 0;
}
