// What the sources of the scoring library offer one another. Internal.
#pragma once

#include "model.hpp"

namespace riata::score {

inline unsigned long long ull(uint64_t x) { return x; }

inline bool is_finite(double x) { return x - x == 0; }

/// Reads m.file into the rest of m, checking everything (large name tables only if `full`). On error m may hold parts.
int interpret(riata_model& m, bool full, riata_error* error);
/// Checks the sums of all sections, of the name tables too if asked.
int check_sections(const riata_model& m, bool names_too, riata_error* error);
/// Checks that every name is found under its number.
int check_name_table(const riata_model& m, riata_error* error);
/// Scores the golden rows and compares bits.
int check_golden(const riata_model& m, riata_error* error);

/// Shorter floats as float64, to be freed by the caller; null without memory.
double* decode(const unsigned char* from, uint64_t n, bool half);
/// Builds the table that finds a sparse row's features; false without memory.
bool build_lookup(Weights& m);

// Scoring: checks of a call's arguments, which return a code, and what follows the sums.

inline bool is_value(int type) { return type >= RIATA_FLOAT64 && type <= RIATA_INT64; }
inline bool is_index(int type) { return type == RIATA_INT32 || type == RIATA_INT64; }
inline size_t width(int type) { return type == RIATA_FLOAT64 || type == RIATA_INT64 ? 8 : 4; }
/// The value at a byte offset.
double value_at(const void* values, int type, ptrdiff_t byte);
int bad_argument(riata_error* error, const char* what);
/// The model is there; data and out are, where `needed`; no flags but the known ones.
int check_call(const riata_model* m, const void* data, bool needed, unsigned flags, unsigned known, const double* out,
               riata_error* error);
int check_length(const riata_model& m, size_t n, unsigned flags, riata_error* error);
int nonfinite(riata_error* error, size_t row, int64_t feature, double x);
/// Adds the intercepts; tells whether every eta is finite. If it is, so was every value that went in.
bool add_intercepts(const Weights& w, double* eta, size_t rows);
/// Replaces eta by the inverse link of it.
void apply_link(const riata_model& m, double* eta, size_t rows);

}  // namespace riata::score
