/* Every table of kernels that this machine can run, against the scalar one and against float arithmetic. */
#include "dequantise.h"
#include "harness.h"
#include "kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 37, MOST_VECTORS = 131, MOST_COLUMNS = 2048 };

/* What is drawn: ordinary blocks; blocks whose every byte and scale is random or extreme; activations of one magnitude. */
typedef enum draw { ORDINARY, EXTREME, SATURATED, DRAWS } draw;

/* One product to compute in every way. */
typedef struct bench {
    random_source random;
    ds4_matrix matrix;
    uint8_t *weights;
    float *x;
    int8_t *q;
    float *scale;
    int16_t *sums;
    uint32_t *index;
    float *expected, *found;
    void *scratch;
} bench;

static const ds4_format quantised_formats[] = {DS4_FORMAT_Q8_0, DS4_FORMAT_Q2_K, DS4_FORMAT_Q4_K, DS4_FORMAT_IQ2_XXS};
enum { FORMATS = sizeof quantised_formats / sizeof quantised_formats[0] };

static void *aligned(size_t bytes)
{
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static void open_bench(bench *b)
{
    memset(b, 0, sizeof *b);
    b->weights = malloc((size_t)MOST_ROWS * MOST_COLUMNS * 4);
    b->x = malloc((size_t)MOST_VECTORS * MOST_COLUMNS * sizeof *b->x);
    b->q = malloc((size_t)MOST_VECTORS * MOST_COLUMNS);
    b->scale = malloc((size_t)MOST_VECTORS * MOST_COLUMNS / 32 * sizeof *b->scale);
    b->sums = malloc((size_t)MOST_VECTORS * MOST_COLUMNS / DS4_SUM_VALUES * sizeof *b->sums);
    b->index = malloc(MOST_VECTORS * sizeof *b->index);
    b->expected = malloc((size_t)MOST_ROWS * MOST_VECTORS * sizeof *b->expected);
    b->found = malloc((size_t)MOST_ROWS * MOST_VECTORS * sizeof *b->found);
    b->scratch = aligned(ds4_kernel_scratch(MOST_COLUMNS));
}

static void close_bench(bench *b)
{
    free(b->weights), free(b->x), free(b->q), free(b->scale), free(b->sums), free(b->index), free(b->expected), free(b->found),
        free(b->scratch);
}

/* ---- what is multiplied -------------------------------------------------------------------------------------- */

static const uint16_t extreme_halves[] = {0, 0x8000, 1, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0xfbff};

static uint16_t draw_half(bench *b, draw kind)
{
    uint32_t bits = random_bits(&b->random);
    if (kind == EXTREME && bits % 4 == 0)
        return extreme_halves[bits / 4 % (sizeof extreme_halves / sizeof extreme_halves[0])];
    return (uint16_t)((bits & 0x83ff) | (8 + bits / 65536 % 4) << 10); /* 2^-7 to 2^-3 */
}

static void draw_block(bench *b, ds4_format format, uint32_t bytes, draw kind, uint8_t *block)
{
    static const uint32_t halves_of[][2] = {[DS4_FORMAT_Q2_K] = {80, 82}, [DS4_FORMAT_Q4_K] = {0, 2}, [DS4_FORMAT_IQ2_XXS] = {0, 0}};
    uint32_t fill = random_bits(&b->random) % 4;
    for (uint32_t i = 0; i < bytes; i++)
        block[i] = kind != EXTREME || fill < 2 ? (uint8_t)random_bits(&b->random) : fill == 2 ? 0xff : 0x80;
    for (int i = 0; i < 2; i++) {
        uint16_t half = draw_half(b, kind);
        memcpy(block + halves_of[format][i], &half, sizeof half);
    }
}

static void draw_matrix(bench *b, ds4_format format, uint32_t rows, uint32_t columns, draw kind)
{
    const ds4_format_info *info = ds4_format_find(format);
    b->matrix = (ds4_matrix){b->weights, info, columns, rows, (uint64_t)columns / info->block_values * info->block_bytes};
    for (uint64_t at = 0; at < rows * b->matrix.row_bytes; at += info->block_bytes)
        draw_block(b, format, info->block_bytes, kind, b->weights + at);
}

static void draw_vectors(bench *b, uint32_t columns, draw kind)
{
    for (size_t i = 0; i < (size_t)MOST_VECTORS * columns; i++) {
        float value = random_float(&b->random);
        b->x[i] = kind == ORDINARY ? value : kind == SATURATED ? copysignf(1, value) : value * value * value * 1e4f;
    }
    if (kind == EXTREME)
        memset(b->x + columns, 0, columns * sizeof *b->x); /* vector 1 */
    for (uint32_t i = 0; i < MOST_VECTORS; i++)
        b->index[i] = (i * 53 + 7) % MOST_VECTORS;
}

static ds4_quantised quantise(bench *b, const ds4_kernels *kernels, uint32_t columns, uint32_t block)
{
    for (uint32_t i = 0; i < MOST_VECTORS; i++)
        kernels->quantise(b->x + (size_t)i * columns, columns, block, b->q + (size_t)i * columns, b->scale + (size_t)i * (columns / block),
                          b->sums + (size_t)i * (columns / DS4_SUM_VALUES));
    return (ds4_quantised){b->q, b->scale, b->sums, columns, block, NULL};
}

/* ---- comparisons --------------------------------------------------------------------------------------------- */

/* The number of the first output that is not bit by bit the scalar one; -1 when there is none. */
static int first_difference(bench *b, const ds4_kernels *kernels, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs,
                            uint32_t count)
{
    ds4_kernels_scalar.quantised_rows(&b->matrix, first_row, rows, inputs, count, b->expected, b->scratch);
    memset(b->found, 0xff, (size_t)rows * count * sizeof *b->found);
    kernels->quantised_rows(&b->matrix, first_row, rows, inputs, count, b->found, b->scratch);
    for (uint32_t i = 0; i < rows * count; i++)
        if (memcmp(&b->expected[i], &b->found[i], sizeof(float)) != 0)
            return (int)i;
    return -1;
}

static bool compare_shapes(bench *b, const ds4_kernels *kernels, uint32_t columns, uint32_t block)
{
    static const uint32_t rows[] = {1, 2, 3, 4, 15, 16, 17, MOST_ROWS}, counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 33, 64, MOST_VECTORS};
    ds4_quantised inputs = quantise(b, &ds4_kernels_scalar, columns, block);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            uint32_t first = (uint32_t)(r * 5 % (MOST_ROWS - rows[r] + 1));
            inputs.index = (r + c) % 2 ? b->index : NULL;
            int at = first_difference(b, kernels, first, rows[r], &inputs, counts[c]);
            if (at >= 0) {
                report_failure(__FILE__, __LINE__, "%s %s: %u rows × %u vectors of %u: output %d is %.9g, expected %.9g", kernels->name,
                               b->matrix.format->name, rows[r], counts[c], columns, at, (double)b->found[at], (double)b->expected[at]);
                return false;
            }
        }
    return true;
}

static bool compare_format(bench *b, const ds4_kernels *kernels, ds4_format format)
{
    static const uint32_t sizes[] = {32, 96, 256, 384, 512, 1024, MOST_COLUMNS};
    uint32_t block = ds4_activation_block(ds4_format_find(format));
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (draw kind = ORDINARY; kind < DRAWS && sizes[s] % block == 0; kind++) {
            draw_matrix(b, format, MOST_ROWS, sizes[s], kind);
            draw_vectors(b, sizes[s], kind);
            if (!compare_shapes(b, kernels, sizes[s], block))
                return false;
        }
    return true;
}

static void Quantised_products_of_every_instruction_set_equal_the_scalar_ones_bit_by_bit(void)
{
    bench b;
    open_bench(&b);
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (int f = 0; (*next)->is_usable() && f < FORMATS && !test_failed; f++)
            compare_format(&b, *next, quantised_formats[f]);
    close_bench(&b);
}

static void Every_instruction_set_quantises_activations_alike(void)
{
    bench b;
    open_bench(&b);
    size_t vectors = (size_t)MOST_VECTORS * MOST_COLUMNS;
    int8_t *q = malloc(vectors);
    float *scale = malloc(vectors / 32 * sizeof *scale);
    int16_t *sums = malloc(vectors / DS4_SUM_VALUES * sizeof *sums);
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (uint32_t block = 32; (*next)->is_usable() && block <= 256; block += 224)
            for (draw kind = ORDINARY; kind < DRAWS && !test_failed; kind++) {
                draw_vectors(&b, MOST_COLUMNS, kind);
                quantise(&b, &ds4_kernels_scalar, MOST_COLUMNS, block);
                memcpy(q, b.q, vectors), memcpy(scale, b.scale, vectors / block * sizeof *scale);
                memcpy(sums, b.sums, vectors / DS4_SUM_VALUES * sizeof *sums);
                quantise(&b, *next, MOST_COLUMNS, block);
                if (memcmp(q, b.q, vectors) != 0 || memcmp(scale, b.scale, vectors / block * sizeof *scale) != 0 ||
                    memcmp(sums, b.sums, vectors / DS4_SUM_VALUES * sizeof *sums) != 0)
                    report_failure(__FILE__, __LINE__, "%s quantises blocks of %u differently", (*next)->name, block);
            }
    free(q), free(scale), free(sums);
    close_bench(&b);
}

/* Largest difference from the float product of what the integers stand for, relative to the sum of the terms' magnitudes. */
static double float_error(bench *b, const ds4_quantised *inputs, const float *found, uint32_t rows, uint32_t count)
{
    float values[MOST_COLUMNS];
    double worst = 0;
    for (uint32_t r = 0; r < rows; r++) {
        ds4_dequantise_row(&b->matrix, r, values);
        for (uint32_t i = 0; i < count; i++) {
            double sum = 0, magnitude = 1e-30;
            for (uint32_t c = 0; c < inputs->columns; c++) {
                double x = (double)inputs->scale[(i * inputs->columns + c) / inputs->block] * inputs->q[i * inputs->columns + c];
                sum += values[c] * x, magnitude += fabs(values[c] * x);
            }
            worst = fmax(worst, fabs(found[r * count + i] - sum) / magnitude);
        }
    }
    return worst;
}

static void Quantised_products_are_the_float_products_of_the_rounded_activations(void)
{
    bench b;
    open_bench(&b);
    for (int f = 0; f < FORMATS; f++) {
        ds4_format format = quantised_formats[f];
        uint32_t block = ds4_activation_block(ds4_format_find(format));
        draw_matrix(&b, format, 5, 1024, ORDINARY);
        draw_vectors(&b, 1024, ORDINARY);
        ds4_quantised inputs = quantise(&b, &ds4_kernels_scalar, 1024, block);
        ds4_kernels_scalar.quantised_rows(&b.matrix, 0, 5, &inputs, 9, b.found, b.scratch);
        double error = float_error(&b, &inputs, b.found, 5, 9);
        if (error > 2e-6)
            report_failure(__FILE__, __LINE__, "%s is off by %g", b.matrix.format->name, error);
    }
    close_bench(&b);
}

static void Quantised_activations_are_within_half_a_step_and_use_the_whole_range(void)
{
    bench b;
    open_bench(&b);
    draw_vectors(&b, 512, ORDINARY);
    ds4_quantised inputs = quantise(&b, &ds4_kernels_scalar, 512, 32);
    for (uint32_t i = 0; i < 512 && !test_failed; i++) {
        float step = inputs.scale[i / 32];
        if (fabsf(b.x[i] - step * inputs.q[i]) > step * 0.5001f || abs(inputs.q[i]) > 127)
            report_failure(__FILE__, __LINE__, "%g became %d steps of %g", (double)b.x[i], inputs.q[i], (double)step);
    }
    for (uint32_t block = 0; block < 512 / 32 && !test_failed; block++) {
        int most = 0;
        for (uint32_t i = 0; i < 32; i++)
            most = abs(inputs.q[block * 32 + i]) > most ? abs(inputs.q[block * 32 + i]) : most;
        if (most != 127)
            report_failure(__FILE__, __LINE__, "the largest of block %u is %d", block, most);
    }
    close_bench(&b);
}

/* ---- float kernels ------------------------------------------------------------------------------------------- */

static bool compare_float_rows(bench *b, const ds4_kernels *kernels, ds4_format format, uint32_t columns)
{
    float values[MOST_COLUMNS];
    draw_matrix(b, format, MOST_ROWS, columns, ORDINARY);
    draw_vectors(b, columns, ORDINARY);
    for (uint32_t count = 1; count <= 21; count += 5) {
        ds4_vectors inputs = {b->x, columns, count % 2 ? b->index : NULL};
        kernels->matrix_rows(&b->matrix, 2, 19, inputs, count, b->found, b->scratch);
        for (uint32_t r = 0; r < 19; r++) {
            ds4_dequantise_row(&b->matrix, 2 + r, values);
            for (uint32_t i = 0; i < count; i++) {
                const float *x = ds4_vector(inputs, i);
                double sum = 0, magnitude = 1e-30;
                for (uint32_t c = 0; c < columns; c++)
                    sum += (double)values[c] * x[c], magnitude += fabs((double)values[c] * x[c]);
                if (!(fabs(b->found[r * count + i] - sum) <= 2e-6 * magnitude)) {
                    report_failure(__FILE__, __LINE__, "%s %s: row %u × vector %u of %u columns is %g, expected %g", kernels->name,
                                   b->matrix.format->name, r, i, columns, (double)b->found[r * count + i], sum);
                    return false;
                }
            }
        }
    }
    return true;
}

static void Float_products_of_every_instruction_set_are_right(void)
{
    static const ds4_format formats[] = {DS4_FORMAT_F16, DS4_FORMAT_Q8_0, DS4_FORMAT_Q2_K, DS4_FORMAT_Q4_K, DS4_FORMAT_IQ2_XXS};
    bench b;
    open_bench(&b);
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (int f = 0; (*next)->is_usable() && f < 5 && !test_failed; f++) {
            uint32_t block = ds4_format_find(formats[f])->block_values, least = block == 1 ? 5 : block;
            for (uint32_t columns = least; columns <= 1024 && !test_failed; columns = columns * 2 + (block == 1 ? 3 : 0))
                compare_float_rows(&b, *next, formats[f], columns);
        }
    close_bench(&b);
}

/* A batch must not change a row: sessions that decode together get what they would get alone. */
static void Float_products_do_not_depend_on_how_many_vectors_or_rows_are_asked_for(void)
{
    static const ds4_format formats[] = {DS4_FORMAT_F16, DS4_FORMAT_Q8_0};
    bench b;
    open_bench(&b);
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (int f = 0; (*next)->is_usable() && f < 2 && !test_failed; f++) {
            draw_matrix(&b, formats[f], MOST_ROWS, 416, ORDINARY);
            draw_vectors(&b, 416, ORDINARY);
            ds4_vectors inputs = {b.x, 416, NULL};
            (*next)->matrix_rows(&b.matrix, 0, MOST_ROWS, inputs, 23, b.expected, b.scratch);
            for (uint32_t r = 0; r < MOST_ROWS && !test_failed; r++)
                for (uint32_t i = 0; i < 23 && !test_failed; i++) {
                    inputs.base = b.x + (size_t)i * 416;
                    (*next)->matrix_rows(&b.matrix, r, 1, inputs, 1, b.found, b.scratch);
                    if (memcmp(b.found, &b.expected[r * 23 + i], sizeof(float)) != 0)
                        report_failure(__FILE__, __LINE__, "%s %s: row %u × vector %u alone is %.9g, among others %.9g", (*next)->name,
                                       b.matrix.format->name, r, i, (double)b.found[0], (double)b.expected[r * 23 + i]);
                }
        }
    close_bench(&b);
}

/* ---- attention and activations ------------------------------------------------------------------------------- */

enum { DIM = 192, HEADS = 7, ROWS = 13, STRIDE = 17 };

/* Largest difference relative to 1 + |expected|. */
static double worst_difference(const float *found, const float *expected, size_t count)
{
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)found[i] - expected[i]) / (1 + fabs((double)expected[i]));
        worst = difference <= worst ? worst : difference; /* NaN counts as worst */
    }
    return worst;
}

static void fill_random(random_source *random, float *values, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++)
        values[i] = scale * random_float(random);
}

static void Attention_of_every_instruction_set_is_right(void)
{
    static float queries[HEADS * DIM], keys[ROWS * DIM], expected[HEADS * DIM], found[HEADS * DIM], weights[HEADS * STRIDE],
        scores[HEADS * STRIDE];
    const float *rows[ROWS];
    random_source random = {5};
    fill_random(&random, queries, HEADS * DIM, 1), fill_random(&random, keys, ROWS * DIM, 1),
        fill_random(&random, weights, HEADS * STRIDE, 1);
    for (int j = 0; j < ROWS; j++)
        rows[j] = keys + (size_t)(ROWS - 1 - j) * DIM;
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (uint32_t heads = 1; (*next)->is_usable() && heads <= HEADS; heads++)
            for (uint32_t count = 1; count <= ROWS; count++) {
                memset(expected, 0, sizeof expected), memset(found, 0, sizeof found);
                ds4_kernels_scalar.score_rows(queries, heads, rows, count, DIM, expected, STRIDE);
                (*next)->score_rows(queries, heads, rows, count, DIM, found, STRIDE);
                REQUIRE_MESSAGE(worst_difference(found, expected, HEADS * STRIDE) < 3e-6, "%s: scores of %u heads × %u rows", (*next)->name,
                                heads, count);
                memcpy(expected, queries, sizeof expected), memcpy(found, queries, sizeof found);
                ds4_kernels_scalar.add_rows(expected, heads, weights, STRIDE, rows, count, DIM);
                (*next)->add_rows(found, heads, weights, STRIDE, rows, count, DIM);
                REQUIRE_MESSAGE(worst_difference(found, expected, HEADS * DIM) < 3e-6, "%s: sums of %u heads × %u rows", (*next)->name,
                                heads, count);
                (*next)->score_rows(queries + (heads - 1) * DIM, 1, rows + count - 1, 1, DIM, scores, STRIDE);
                (*next)->score_rows(queries, heads, rows, count, DIM, found, STRIDE);
                REQUIRE_MESSAGE(scores[0] == found[(heads - 1) * STRIDE + count - 1], "%s: a score depends on its neighbours",
                                (*next)->name);
            }
}

static void Softmax_of_every_instruction_set_is_right(void)
{
    enum { MOST = 67 };
    float values[MOST], expected[MOST], found[MOST];
    random_source random = {6};
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (uint32_t n = 1; (*next)->is_usable() && n <= MOST; n++) {
            fill_random(&random, values, n, n % 3 == 0 ? 300.0f : 8.0f);
            memcpy(expected, values, sizeof values), memcpy(found, values, sizeof values);
            float sink = n % 5 == 0 ? 20 : -3, sum = ds4_kernels_scalar.softmax(expected, n, 0.7f, sink),
                  other = (*next)->softmax(found, n, 0.7f, sink);
            REQUIRE_MESSAGE(fabsf(sum - other) <= 1e-6f * sum, "%s: the sum of %u is %g, expected %g", (*next)->name, n, (double)other,
                            (double)sum);
            REQUIRE_MESSAGE(worst_difference(found, expected, n) < 5e-7, "%s: %u scores", (*next)->name, n);
        }
}

static void SwiGLU_of_every_instruction_set_is_right(void)
{
    enum { MOST = 71 };
    float gate[MOST], up[MOST], expected[MOST], found[MOST];
    random_source random = {7};
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (uint32_t n = 1; (*next)->is_usable() && n <= MOST; n++)
            for (float scale = 1; scale < 1e6f; scale *= 30) {
                fill_random(&random, gate, n, scale), fill_random(&random, up, n, scale);
                memcpy(expected, up, sizeof up), memcpy(found, up, sizeof up);
                float limit = n % 2 ? 10 : 0;
                ds4_kernels_scalar.swiglu(gate, expected, n, limit);
                (*next)->swiglu(gate, found, n, limit);
                REQUIRE_MESSAGE(worst_difference(found, expected, n) < 1e-6, "%s: %u values up to %g", (*next)->name, n, (double)scale);
            }
}

static void F16_rows_of_every_instruction_set_are_exact(void)
{
    enum { COUNT = 65536 };
    uint16_t *halves = malloc(COUNT * sizeof *halves);
    float *expected = malloc(COUNT * sizeof *expected), *found = malloc(COUNT * sizeof *found);
    for (uint32_t i = 0; i < COUNT; i++)
        halves[i] = (i & 0x7c00) == 0x7c00 ? 0 : (uint16_t)i; /* every finite one */
    ds4_kernels_scalar.load_halves(halves, COUNT, expected);
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        if ((*next)->is_usable()) {
            (*next)->load_halves(halves, COUNT, found);
            if (memcmp(found, expected, COUNT * sizeof *found) != 0)
                report_failure(__FILE__, __LINE__, "%s reads F16 differently", (*next)->name);
        }
    free(halves), free(expected), free(found);
}

static void The_fastest_usable_kernels_are_chosen(void)
{
    const ds4_kernels *best = ds4_kernels_best(), *last = NULL;
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        if ((*next)->is_usable())
            last = *next;
    REQUIRE(ds4_kernels_all[0] == &ds4_kernels_scalar);
    REQUIRE(best == last);
}

const test kernels_tests[] = {TEST(Quantised_products_of_every_instruction_set_equal_the_scalar_ones_bit_by_bit),
                              TEST(Every_instruction_set_quantises_activations_alike),
                              TEST(Quantised_products_are_the_float_products_of_the_rounded_activations),
                              TEST(Quantised_activations_are_within_half_a_step_and_use_the_whole_range),
                              TEST(Float_products_of_every_instruction_set_are_right),
                              TEST(Float_products_do_not_depend_on_how_many_vectors_or_rows_are_asked_for),
                              TEST(Attention_of_every_instruction_set_is_right),
                              TEST(Softmax_of_every_instruction_set_is_right),
                              TEST(SwiGLU_of_every_instruction_set_is_right),
                              TEST(F16_rows_of_every_instruction_set_are_exact),
                              TEST(The_fastest_usable_kernels_are_chosen),
                              {NULL, NULL}};
