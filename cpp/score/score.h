/* riata's scoring library: linear models from a file to scores, for C and C++.

   A handle is immutable: any number of threads may score with one handle at the same time, without locks. Scoring allocates
   nothing and takes no lock. Scores do not depend on the processor, on the number of rows in a call or on whether a row
   comes dense or as sorted sparse entries: the sum runs in one documented order (docs/model-file.md).

   Every function that returns int returns RIATA_OK or one of the codes below, and describes an error in *error unless that is
   NULL. No function reads or writes outside what its comment names, whatever the file and the arguments' values are, and even
   if another thread writes to the rows meanwhile (the scores are then worth nothing); pointers and lengths have to be true. */
#ifndef RIATA_SCORE_H
#define RIATA_SCORE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define RIATA_API
#else
#define RIATA_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Functions are only ever added to this interface: a program compiled against an older header keeps working. */
#define RIATA_SCORE_ABI 1
/* The newest file version this library reads. It reads all older ones. */
#define RIATA_FILE_VERSION 1

typedef struct riata_model riata_model;

enum riata_code {
    RIATA_OK = 0,
    RIATA_E_ARGUMENT = 1,  /* a NULL pointer, an unknown type or flag */
    RIATA_E_MEMORY = 2,    /* an allocation failed; nothing is leaked */
    RIATA_E_IO = 3,        /* the file cannot be opened or read */
    RIATA_E_FORMAT = 4,    /* no model file, or truncated, or its contents contradict one another */
    RIATA_E_CHECKSUM = 5,  /* the bytes are not those that were written */
    RIATA_E_VERSION = 6,   /* the file is newer than this library */
    RIATA_E_SHAPE = 7,     /* the row length is not the model's number of features */
    RIATA_E_INDEX = 8,     /* a sparse index or a row start is out of range */
    RIATA_E_NONFINITE = 9, /* NaN or infinity in a feature that the model uses */
    RIATA_E_GOLDEN = 10    /* a golden row does not get the score it was stored with */
};

typedef struct riata_error {
    int32_t code;     /* enum riata_code */
    int32_t reserved; /* 0 */
    int64_t
        position;    /* files: byte offset; scoring: row, or entry of the sparse arrays for RIATA_E_INDEX; -1 if none */
    int64_t feature; /* index of the feature, -1 if none */
    char message[232]; /* one sentence, terminated by NUL */
} riata_error;

/* Types of the caller's numbers. Values need not be aligned. */
enum riata_type { RIATA_FLOAT64 = 0, RIATA_FLOAT32 = 1, RIATA_INT32 = 2, RIATA_INT64 = 3 };

enum riata_link {
    RIATA_IDENTITY = 0, /* the linear predictor itself */
    RIATA_LOGIT = 1,    /* 1 / (1 + exp(-eta)), the probability of the second class */
    RIATA_SOFTMAX = 2,  /* exp(eta_k) / sum_l exp(eta_l), probabilities of all classes */
    RIATA_LOG = 3       /* exp(eta), the mean of a Poisson model */
};

/* Flags for scoring. */
#define RIATA_LINEAR 1u    /* the linear predictor, without the inverse link */
#define RIATA_PROPAGATE 2u /* NaN and infinity go through the arithmetic instead of being refused */
#define RIATA_PROJECTED 4u /* rows hold the model's columns only, see riata_columns and riata_project */

/* Flags for opening. */
#define RIATA_READ 16u /* read the file into memory instead of mapping it */
#define RIATA_COPY 16u /* riata_open_memory: copy the bytes instead of borrowing them */
#define RIATA_FULL 32u /* check the sums of large name tables too, as riata_verify does */

/* Opens a model file and checks it: every offset and size, every index and weight, and the check sums (those of name tables
   above 1 MiB only with RIATA_FULL). A mapped file must not be written to while it is open: replace it by renaming.
   *model is NULL on error. */
RIATA_API int riata_open(const char* path, unsigned flags, riata_model** model, riata_error* error);
/* The same from memory, which is borrowed until riata_close unless RIATA_COPY is given. Any alignment will do. */
RIATA_API int riata_open_memory(const void* bytes, size_t size, unsigned flags, riata_model** model,
                                riata_error* error);
/* Ends the handle; NULL is fine. No other thread may be using it. */
RIATA_API void riata_close(riata_model* model);
/* Checks all sums and name tables and scores the golden rows, which must come out bit by bit. */
RIATA_API int riata_verify(const riata_model* model, riata_error* error);

/* What the model is. Pointers are valid until riata_close. */
RIATA_API size_t riata_features(const riata_model* model); /* length of a row */
RIATA_API size_t riata_outputs(const riata_model* model);  /* scores per row: 1, or the number of classes or targets */
RIATA_API size_t riata_entries(const riata_model* model);  /* weights */
RIATA_API int riata_link_of(const riata_model* model);     /* enum riata_link */
/* The features with a weight, ascending; *count of them. The only ones that are ever read from a row. */
RIATA_API const uint32_t* riata_columns(const riata_model* model, size_t* count);
RIATA_API const double* riata_intercepts(const riata_model* model); /* riata_outputs of them */
/* The weights: entry i of column c belongs to output outputs[i], for starts[c] <= i < starts[c + 1]. *starts and *outputs are
   NULL where the weights are a full matrix of riata_columns rows and riata_outputs columns. */
RIATA_API const double* riata_weights(const riata_model* model, const uint64_t** starts, const uint32_t** outputs);
/* The metadata: JSON in UTF-8, *size bytes, not terminated. */
RIATA_API const char* riata_metadata(const riata_model* model, size_t* size);
/* The file itself. */
RIATA_API const void* riata_bytes(const riata_model* model, size_t* size);
/* The names: how many (0, riata_features, or as many as columns if only those are named); one of them; and the feature that
   has a name, or -1. The name is given by *size bytes, not terminated. */
RIATA_API size_t riata_names(const riata_model* model);
RIATA_API const char* riata_name(const riata_model* model, size_t i, size_t* size);
RIATA_API int64_t riata_feature_of(const riata_model* model, const char* name, size_t size);

/* Scores one dense row of n values, `stride` bytes apart. n must be riata_features (or the number of columns with
   RIATA_PROJECTED). Writes riata_outputs values to out. */
RIATA_API int riata_score_row(const riata_model* model, const void* row, int type, size_t n, ptrdiff_t stride,
                              unsigned flags, double* out, riata_error* error);
/* Scores a matrix; strides in bytes, of any sign. Writes rows * riata_outputs values to out, row by row. */
RIATA_API int riata_score_dense(const riata_model* model, const void* x, int type, size_t rows, size_t n,
                                ptrdiff_t row_stride, ptrdiff_t stride, unsigned flags, double* out,
                                riata_error* error);
/* Scores rows held column by column: columns[c] points to the values of riata_columns[c], of types[c], strides[c] bytes apart. */
RIATA_API int riata_score_columns(const riata_model* model, const void* const* columns, const int* types,
                                  const ptrdiff_t* strides, size_t n_columns, size_t rows, unsigned flags, double* out,
                                  riata_error* error);
/* Scores one sparse row of n features with the given entries. Every index has to be in [0, n); repeated ones are summed.
   index_type is RIATA_INT32 or RIATA_INT64. */
RIATA_API int riata_score_sparse(const riata_model* model, const void* indices, int index_type, const void* values,
                                 int type, size_t entries, size_t n, unsigned flags, double* out, riata_error* error);
/* Scores a CSR matrix: row r has the entries starts[r] to starts[r + 1] - 1 of the `entries` indices and values. starts has
   rows + 1 elements of start_type, starting anywhere, never falling. */
RIATA_API int riata_score_csr(const riata_model* model, const void* starts, int start_type, const void* indices,
                              int index_type, const void* values, int type, size_t entries, size_t rows, size_t n,
                              unsigned flags, double* out, riata_error* error);
/* Copies the model's columns out of full rows, as float64, into out of rows x columns: all that has to be kept of a row. */
RIATA_API int riata_project(const riata_model* model, const void* x, int type, size_t rows, size_t n,
                            ptrdiff_t row_stride, ptrdiff_t stride, double* out, riata_error* error);

/* CRC-32C of bytes, continuing from crc (0 to start). What the file's sums are. */
RIATA_API uint32_t riata_crc32c(uint32_t crc, const void* bytes, size_t size);
/* The instruction set the handle's kernels use: "baseline", "avx2" or "avx512". RIATA_ISA in the environment forces one. */
RIATA_API const char* riata_isa(const riata_model* model);

#ifdef __cplusplus
}
#endif

#endif
