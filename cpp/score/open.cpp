// Opening and closing: bytes from a file or from memory, then `interpret`.
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "parts.hpp"

namespace riata::score {

int fail(riata_error* error, int code, int64_t position, int64_t feature, const char* format, ...) {
    if (!error) return code;
    *error = {};
    error->code = code;
    error->position = position;
    error->feature = feature;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return code;
}

namespace {

int io_error(riata_error* error, const char* what) {
    return fail(error, RIATA_E_IO, -1, -1, "cannot %s: %s", what, std::strerror(errno));
}

int read_all(riata_model& m, int fd, riata_error* error) {
    m.copied = std::malloc(m.size);
    if (!m.copied) return fail(error, RIATA_E_MEMORY, -1, -1, "no memory for a file of %llu bytes", ull(m.size));
    m.file = static_cast<unsigned char*>(m.copied);
    for (uint64_t done = 0; done < m.size;) {
        const ssize_t got = read(fd, static_cast<char*>(m.copied) + done, m.size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error(error, "read the file");
        if (got == 0) return fail(error, RIATA_E_FORMAT, int64_t(done), -1, "the file shrank while it was read");
        done += static_cast<uint64_t>(got);
    }
    return RIATA_OK;
}

int map_all(riata_model& m, int fd, riata_error* error) {
    void* at = mmap(nullptr, m.size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return io_error(error, "map the file");
    m.mapped = at;
    m.file = static_cast<unsigned char*>(at);
    return RIATA_OK;
}

int take_file(riata_model& m, int fd, bool map, riata_error* error) {
    struct stat s;
    if (fstat(fd, &s) != 0) return io_error(error, "look at the file");
    if (!S_ISREG(s.st_mode)) return fail(error, RIATA_E_IO, -1, -1, "this is no regular file");
    m.size = static_cast<uint64_t>(s.st_size);
    if (m.size == 0) return fail(error, RIATA_E_FORMAT, 0, -1, "the file is empty");
    return map ? map_all(m, fd, error) : read_all(m, fd, error);
}

/// The rest of opening once the bytes are there. Takes the model over: closed on error, handed out otherwise.
int finish(riata_model* m, unsigned flags, int code, riata_model** out, riata_error* error) {
    if (!code) code = interpret(*m, flags & RIATA_FULL, error);
    if (!code && !build_lookup(m->weights))
        code = fail(error, RIATA_E_MEMORY, -1, -1, "no memory for the look-up table");
    if (!code && (flags & RIATA_FULL)) code = check_name_table(*m, error);
    if (code) {
        riata_close(m);
        return code;
    }
    m->kernels = choose_kernels();
    *out = m;
    return RIATA_OK;
}

riata_model* new_model() {
    void* memory = std::malloc(sizeof(riata_model));
    return memory ? new (memory) riata_model() : nullptr;
}

int no_memory(riata_error* error) { return fail(error, RIATA_E_MEMORY, -1, -1, "no memory for a handle"); }

}  // namespace
}  // namespace riata::score

using namespace riata::score;

int riata_open(const char* path, unsigned flags, riata_model** model, riata_error* error) {
    if (!path || !model) return fail(error, RIATA_E_ARGUMENT, -1, -1, "%s is NULL", path ? "model" : "path");
    *model = nullptr;
    if (flags & ~(RIATA_READ | RIATA_FULL)) return fail(error, RIATA_E_ARGUMENT, -1, -1, "unknown flags %#x", flags);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // opening a pipe must not wait for a writer
    if (fd < 0) return io_error(error, "open the file");
    riata_model* m = new_model();
    if (!m) {
        close(fd);
        return no_memory(error);
    }
    const int code = take_file(*m, fd, !(flags & RIATA_READ), error);
    close(fd);
    return finish(m, flags, code, model, error);
}

int riata_open_memory(const void* bytes, size_t size, unsigned flags, riata_model** model, riata_error* error) {
    if (!bytes || !model) return fail(error, RIATA_E_ARGUMENT, -1, -1, "%s is NULL", bytes ? "model" : "bytes");
    *model = nullptr;
    if (flags & ~(RIATA_COPY | RIATA_FULL)) return fail(error, RIATA_E_ARGUMENT, -1, -1, "unknown flags %#x", flags);
    riata_model* m = new_model();
    if (!m) return no_memory(error);
    m->size = size;
    m->file = static_cast<const unsigned char*>(bytes);
    int code = RIATA_OK;
    if ((flags & RIATA_COPY) || reinterpret_cast<uintptr_t>(bytes) % alignof(double)) {
        m->copied = std::malloc(size ? size : 1);
        if (m->copied)
            m->file = static_cast<unsigned char*>(std::memcpy(m->copied, bytes, size));
        else
            code = fail(error, RIATA_E_MEMORY, -1, -1, "no memory for a copy of %llu bytes", ull(size));
    }
    return finish(m, flags, code, model, error);
}

void riata_close(riata_model* model) {
    if (!model) return;
    if (model->mapped) munmap(model->mapped, model->size);
    std::free(model->copied);
    std::free(model->decoded);
    std::free(model->weights.lookup.slots);
    std::free(model->weights.lookup.spread);
    std::free(model);
}

int riata_verify(const riata_model* model, riata_error* error) {
    if (!model) return fail(error, RIATA_E_ARGUMENT, -1, -1, "model is NULL");
    int code = check_sections(*model, true, error);
    if (!code) code = check_name_table(*model, error);
    if (!code) code = check_golden(*model, error);
    return code;
}

size_t riata_features(const riata_model* model) { return model ? model->weights.features : 0; }
size_t riata_outputs(const riata_model* model) { return model ? model->weights.outputs : 0; }
size_t riata_entries(const riata_model* model) { return model ? model->entries : 0; }
int riata_link_of(const riata_model* model) { return model ? model->link : RIATA_IDENTITY; }
const double* riata_intercepts(const riata_model* model) { return model ? model->weights.intercept : nullptr; }
const char* riata_isa(const riata_model* model) { return model ? model->kernels->isa : ""; }

const uint32_t* riata_columns(const riata_model* model, size_t* count) {
    *count = model ? model->weights.columns : 0;
    return model ? model->weights.column : nullptr;
}

const double* riata_weights(const riata_model* model, const uint64_t** starts, const uint32_t** outputs) {
    *starts = model ? model->weights.starts : nullptr;
    *outputs = model ? model->weights.output : nullptr;
    return model ? model->weights.weight : nullptr;
}

const char* riata_metadata(const riata_model* model, size_t* size) {
    *size = model ? model->metadata_size : 0;
    return model ? model->metadata : nullptr;
}

const void* riata_bytes(const riata_model* model, size_t* size) {
    *size = model ? model->size : 0;
    return model ? model->file : nullptr;
}
