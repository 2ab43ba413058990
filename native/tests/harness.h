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

/* Each test file test_NAME.c defines one array NAME_tests that ends with an empty entry. They run in this order. */
#ifdef DS4_METAL
#define EACH_SUITE(SUITE)  \
    SUITE(metal_simulator) \
    SUITE(metal_kernels)   \
    SUITE(metal_speed)     \
    SUITE(metal_model)
#else
#define EACH_SUITE(SUITE) \
    SUITE(sha256)         \
    SUITE(rounding)       \
    SUITE(dequantise)     \
    SUITE(activation)     \
    SUITE(hyper)          \
    SUITE(rope)           \
    SUITE(select)         \
    SUITE(compressor)     \
    SUITE(kernels)        \
    SUITE(kernel_bounds)  \
    SUITE(topology)       \
    SUITE(pool)           \
    SUITE(gguf)           \
    SUITE(shape)          \
    SUITE(weights)        \
    SUITE(random_model)   \
    SUITE(api)            \
    SUITE(residency)      \
    SUITE(session)        \
    SUITE(batch)          \
    SUITE(checkpoint)     \
    SUITE(snapshot)       \
    SUITE(indexer)        \
    SUITE(long_context)   \
    SUITE(formats)        \
    SUITE(memory)         \
    SUITE(golden)         \
    SUITE(demo)           \
    SUITE(measuring)      \
    SUITE(tools)
#endif

#define DECLARE_SUITE(name) extern const test name##_tests[];
EACH_SUITE(DECLARE_SUITE)

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
