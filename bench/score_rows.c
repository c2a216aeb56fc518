/* Nanoseconds for one row in the scoring library, as JSON: [median, best] of 101 rounds of 1,000 calls.

       score_rows MODEL ROWS        ROWS different rows in turn: 1 stays in the cache, many do not */
#include <riata/score.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 101, CALLS = 1000, ENTRIES = 100 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, double *times) {
    qsort(times, ROUNDS, sizeof *times, ascending);
    printf("\"%s\": [%.2f, %.2f]", what, times[ROUNDS / 2], times[0]);
}

static void dense(const riata_model *m, const double *x, size_t rows, double *out) {
    double times[ROUNDS];
    const size_t p = riata_features(m);
    size_t r = 0;
    for (int i = 0; i < ROUNDS; ++i) {
        const double start = now();
        for (int k = 0; k < CALLS; ++k, r = (r + 1) % rows) riata_score_row(m, x + r * p, RIATA_FLOAT64, p, 8, 0, out, NULL);
        times[i] = (now() - start) / CALLS;
    }
    print("dense", times);
}

static int by_value(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* A row of 100 entries: features at random, or only features that the model uses. */
static void sparse(const riata_model *m, const double *values, int only_used, double *out) {
    double times[ROUNDS];
    int32_t indices[ENTRIES];
    size_t used;
    const uint32_t *columns = riata_columns(m, &used);
    const size_t p = riata_features(m);
    for (int k = 0; k < ENTRIES; ++k) {
        const size_t draw = (size_t)rand() * 32768u + (size_t)rand();
        indices[k] = (int32_t)(only_used ? columns[draw % used] : draw % p);
    }
    qsort(indices, ENTRIES, sizeof *indices, by_value);
    for (int i = 0; i < ROUNDS; ++i) {
        const double start = now();
        for (int k = 0; k < CALLS; ++k)
            riata_score_sparse(m, indices, RIATA_INT32, values, RIATA_FLOAT64, ENTRIES, p, 0, out, NULL);
        times[i] = (now() - start) / CALLS;
    }
    print(only_used ? "sparse_used" : "sparse", times);
}

int main(int argc, char **argv) {
    riata_model *m;
    riata_error error;
    if (argc != 3 || riata_open(argv[1], 0, &m, &error)) return 1;
    const size_t rows = (size_t)atol(argv[2]), p = riata_features(m);
    double *x = malloc(rows * p * sizeof *x), out[64];
    if (!x) return 1;
    for (size_t i = 0; i < rows * p; ++i) x[i] = (double)rand() / RAND_MAX - 0.5;
    printf("{");
    dense(m, x, rows, out);
    printf(", ");
    sparse(m, x, 0, out);
    printf(", ");
    sparse(m, x, 1, out);
    printf("}\n");
    free(x);
    riata_close(m);
    return 0;
}
