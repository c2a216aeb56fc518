/* A scoring service in C: one request a line on standard input, one score a line on standard output.

       service MODEL < requests > scores

   A request is name=value pairs with blanks between them, e.g.  age=41 income=2.5e4 . A feature that is not given is 0; a name
   that the model does not know is an error, which is answered as such. Put it behind a socket with any super-server. */
#include <errno.h>
#include <riata/score.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PAIRS = 1024, MOST_OUTPUTS = 64 };

/* Reads a line's pairs into sparse entries. Returns how many, or -1 with a message. */
static int parse(const riata_model *model, char *line, int64_t *indices, double *values, char *message, size_t size) {
    int n = 0;
    for (char *pair = strtok(line, " \t\r\n"); pair; pair = strtok(NULL, " \t\r\n")) {
        char *equals = strchr(pair, '='), *end = NULL;
        if (!equals || n == MOST_PAIRS) {
            snprintf(message, size, "%s is no name=value, or one too many", pair);
            return -1;
        }
        indices[n] = riata_feature_of(model, pair, (size_t)(equals - pair));
        values[n] = strtod(equals + 1, &end);
        if (indices[n] < 0 || end == equals + 1 || *end) {
            snprintf(message, size, "%s: the model knows no such name, or the value is no number", pair);
            return -1;
        }
        ++n;
    }
    return n;
}

static void answer(const riata_model *model, char *line) {
    int64_t indices[MOST_PAIRS];
    double values[MOST_PAIRS], scores[MOST_OUTPUTS];
    riata_error error;
    char message[256];
    int n = parse(model, line, indices, values, message, sizeof message);
    if (n < 0) {
        printf("error: %s\n", message);
        return;
    }
    if (riata_score_sparse(model, indices, RIATA_INT64, values, RIATA_FLOAT64, (size_t)n, riata_features(model), 0, scores,
                           &error) != RIATA_OK) {
        printf("error: %s\n", error.message);
        return;
    }
    for (size_t k = 0; k < riata_outputs(model); ++k) printf(k ? " %.17g" : "%.17g", scores[k]);
    putchar('\n');
}

int main(int argc, char **argv) {
    static char line[1 << 16];
    riata_model *model;
    riata_error error;
    if (argc != 2) {
        fprintf(stderr, "usage: %s MODEL < requests\n", argv[0]);
        return 2;
    }
    if (riata_open(argv[1], 0, &model, &error) != RIATA_OK || riata_verify(model, &error) != RIATA_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], error.message);
        return 1;
    }
    if (riata_outputs(model) > MOST_OUTPUTS) {
        fprintf(stderr, "%s: more than %d outputs\n", argv[1], MOST_OUTPUTS);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        answer(model, line);
        fflush(stdout);
    }
    riata_close(model);
    return 0;
}
