/* harness.h: a small test harness.
 *
 * A test is a function whose name, read as a sentence, is the specification. REQUIRE ends the test on failure.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct test {
    const char *name;
    void (*run)(void);
} test;

#define TEST(name)  \
    {               \
#name, name \
    }

/* Each test file defines one array that ends with an empty entry; main.c lists them. */
extern const test activation_tests[], api_tests[], compressor_tests[], demo_tests[], dequantise_tests[], formats_tests[], golden_tests[], gguf_tests[],
    hyper_tests[], indexer_tests[], memory_tests[], pool_tests[], rope_tests[], rounding_tests[], select_tests[], session_tests[],
    sha256_tests[], shape_tests[], tools_tests[], weights_tests[];

/* Folders: reference data, the programs under test, and one for files of a run, which is removed after it. */
extern const char *golden_folder, *build_folder, *scratch_folder;

/* Whether the running test has failed. */
extern bool test_failed;

/* Prints the failure; the macros return from the test afterwards. */
__attribute__((format(printf, 3, 4))) void report_failure(const char *file, int line, const char *format, ...);

#define REQUIRE(condition)                                        \
    do {                                                          \
        if (!(condition)) {                                       \
            report_failure(__FILE__, __LINE__, "%s", #condition); \
            return;                                               \
        }                                                         \
    } while (0)

#define REQUIRE_MESSAGE(condition, ...)                      \
    do {                                                     \
        if (!(condition)) {                                  \
            report_failure(__FILE__, __LINE__, __VA_ARGS__); \
            return;                                          \
        }                                                    \
    } while (0)

#define REQUIRE_NEAR(found, expected, tolerance) \
    REQUIRE_MESSAGE(is_near(found, expected, tolerance), "%s is %.9g, expected %.9g", #found, (double)(found), (double)(expected))

/* True when the two differ by at most tolerance; NaN is near nothing. */
bool is_near(double found, double expected, double tolerance);

/* A reproducible pseudo-random sequence. */
typedef struct random_source {
    uint64_t state;
} random_source;
uint32_t random_bits(random_source *source);
float random_float(random_source *source); /* -1 … 1 */

/* The bytes of a file, to be freed; NULL after reporting a failure. */
uint8_t *read_whole_file(const char *path, size_t *size);

/* Paths inside the folders, in buffers that the next call reuses. */
const char *scratch_path(const char *name);
const char *golden_path(const char *name);

#endif
