/* The generator of test models. */
#include "dequantise.h"
#include "engine.h"
#include "harness.h"
#include "model_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ds4_format formats[] = {DS4_FORMAT_F32, DS4_FORMAT_F16, DS4_FORMAT_Q8_0, DS4_FORMAT_Q2_K, DS4_FORMAT_Q4_K, DS4_FORMAT_IQ2_XXS};
enum { FORMATS = sizeof formats / sizeof formats[0], COLUMNS = 1024, ROWS = 8 };

static bool same_as_streamed(const model_config *config, uint64_t seed)
{
    ds4_error error;
    size_t size, streamed_size;
    model_file *built = build_model(config, seed), *described = describe_model(config, seed);
    const char *path = scratch_path("streamed.gguf");
    bool good = stream_model(described, path, NULL, &error) == DS4_OK;
    uint8_t *bytes = model_bytes(built, &size), *streamed = good ? read_whole_file(path, &streamed_size) : NULL;
    good = streamed != NULL && size == streamed_size && size == model_size(described) && memcmp(bytes, streamed, size) == 0;
    free(bytes);
    free(streamed);
    free_model_file(built);
    free_model_file(described);
    return good;
}

static void A_streamed_model_has_the_bytes_of_one_made_in_memory(void)
{
    model_config small = small_config(), large = small_config();
    large.embedding = large.attention = DS4_FORMAT_F32;
    large.gate_up = DS4_FORMAT_IQ2_XXS, large.down = DS4_FORMAT_Q2_K;
    large.vocabulary = 3001; /* tensors of more than one piece */
    REQUIRE(same_as_streamed(&small, 1));
    REQUIRE(same_as_streamed(&large, 7));
}

static void The_seed_decides_the_bytes(void)
{
    model_config config = small_config();
    uint8_t *bytes[3];
    size_t size[3];
    static const uint64_t seeds[] = {4, 4, 5};
    for (int i = 0; i < 3; i++) {
        model_file *file = build_model(&config, seeds[i]);
        bytes[i] = model_bytes(file, &size[i]);
        free_model_file(file);
    }
    REQUIRE(size[0] == size[1] && size[0] == size[2]);
    REQUIRE(memcmp(bytes[0], bytes[1], size[0]) == 0);
    REQUIRE(memcmp(bytes[0], bytes[2], size[0]) != 0);
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
}

static void A_tensor_does_not_depend_on_the_rest_of_the_model(void)
{
    static const char *const names[] = {"blk.2.attn_q_b.weight", "blk.2.indexer_compressor_ape.weight", "blk.2.attn_sinks.weight"};
    model_config config = small_config(), wider = small_config();
    wider.experts *= 2;
    wider.vocabulary += 3;
    set_layers(&wider, 6);
    model_file *one = build_model(&config, 1), *other = build_model(&wider, 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const file_tensor *a = model_tensor(one, names[i]), *b = model_tensor(other, names[i]);
        REQUIRE_MESSAGE(a->size == b->size && memcmp(a->data, b->data, a->size) == 0, "%s", names[i]);
    }
    const file_tensor *gate = model_tensor(one, "blk.1.ffn_gate_shexp.weight"), *up = model_tensor(one, "blk.1.ffn_up_shexp.weight");
    REQUIRE(memcmp(gate->data, up->data, gate->size) != 0);
    free_model_file(one);
    free_model_file(other);
}

static void A_tensor_drawn_in_pieces_equals_one_drawn_at_once(void)
{
    for (int f = 0; f < FORMATS; f++) {
        const ds4_format_info *format = ds4_format_find(formats[f]);
        const weight_recipe recipe = {.deviation = 0.1};
        size_t size = COLUMNS * ROWS / format->block_values * format->block_bytes;
        uint8_t *whole = malloc(size), *pieces = malloc(size);
        weight_source source;
        start_weights(&source, "x", format, &recipe, COLUMNS, 1);
        draw_weights(&source, 0, size, whole);
        for (size_t done = 0, step; done < size; done += step) {
            step = 3 * source.unit_bytes < size - done ? 3 * source.unit_bytes : size - done;
            draw_weights(&source, done, step, pieces + done);
        }
        REQUIRE_MESSAGE(memcmp(whole, pieces, size) == 0, "%s", format->name);
        free(whole);
        free(pieces);
    }
}

/* The deviations of block formats are those that make activations behave, to about a fifth. */
static void Values_have_the_deviation_that_was_asked_for(void)
{
    for (int f = 0; f < FORMATS; f++) {
        const ds4_format_info *format = ds4_format_find(formats[f]);
        const weight_recipe recipe = {.deviation = 0.1};
        size_t row_bytes = COLUMNS / format->block_values * format->block_bytes;
        uint8_t *data = malloc(row_bytes * ROWS);
        float values[COLUMNS];
        double sum = 0, squares = 0;
        weight_source source;
        start_weights(&source, "x", format, &recipe, COLUMNS, 1);
        draw_weights(&source, 0, row_bytes * ROWS, data);
        ds4_matrix matrix = {data, format, COLUMNS, ROWS, row_bytes};
        for (uint32_t row = 0; row < ROWS; row++) {
            ds4_dequantise_row(&matrix, row, values);
            for (int i = 0; i < COLUMNS; i++)
                sum += values[i], squares += values[i] * values[i];
        }
        double mean = sum / (COLUMNS * ROWS), deviation = sqrt(squares / (COLUMNS * ROWS) - mean * mean);
        REQUIRE_MESSAGE(is_near(mean, 0, 0.02) && is_near(deviation, 0.1, 0.025), "%s: mean %g, deviation %g", format->name, mean,
                        deviation);
        free(data);
    }
}

static void Rows_of_hash_tables_are_distinct_experts(void)
{
    enum { EXPERTS = 7, USED = 6, TOKENS = 500 };
    const weight_recipe recipe = {.experts = EXPERTS};
    int32_t table[TOKENS][USED];
    weight_source source;
    start_weights(&source, "x", ds4_format_find(DS4_FORMAT_I32), &recipe, USED, 1);
    draw_weights(&source, 0, sizeof table, (uint8_t *)table);
    int left_out[EXPERTS] = {0};
    for (int t = 0; t < TOKENS; t++) {
        uint32_t seen = 0;
        for (int k = 0; k < USED; k++) {
            REQUIRE(table[t][k] >= 0 && table[t][k] < EXPERTS);
            seen |= 1u << table[t][k];
        }
        REQUIRE(__builtin_popcount(seen) == USED);
        left_out[__builtin_ctz(~seen)]++;
    }
    for (int e = 0; e < EXPERTS; e++)
        REQUIRE_MESSAGE(left_out[e] > 30, "expert %d is left out %d times", e, left_out[e]);
}

/* Nothing is written: the sizes of the description against those of the files on the hub. */
static void The_description_of_Flash_has_the_published_size(void)
{
    model_config q2 = flash_config(43), q4 = flash_config(43);
    q4.gate_up = q4.down = DS4_FORMAT_Q4_K;
    const struct {
        const model_config *config;
        uint64_t bytes;
    } published[] = {{&q2, 86714777664}, {&q4, 164628168768}};
    for (int i = 0; i < 2; i++) {
        uint64_t bytes = 0;
        model_file *file = describe_model(published[i].config, 1);
        for (size_t t = 0; t < file->tensor_count; t++)
            bytes += (file->tensors[t].size + MODEL_ALIGNMENT - 1) / MODEL_ALIGNMENT * MODEL_ALIGNMENT;
        REQUIRE_MESSAGE(file->tensor_count == 1328 && bytes == published[i].bytes, "%zu tensors, %" PRIu64 " bytes", file->tensor_count,
                        bytes);
        free_model_file(file);
    }
}

static void Impossible_shapes_are_refused_by_name(void)
{
    ds4_error error;
    model_config config = small_config();
    REQUIRE(check_config(&config, &error) == DS4_OK);
    config.experts_used = 9;
    REQUIRE(check_config(&config, &error) == DS4_UNSUPPORTED && strstr(error.message, "expert_used_count is 9") != NULL);
    config = small_config();
    config.expert_width = 288;
    REQUIRE(check_config(&config, &error) == DS4_UNSUPPORTED && strstr(error.message, "blk.0.ffn_down_exps.weight") != NULL);
    config = small_config();
    config.layers = 5000;
    REQUIRE(check_config(&config, &error) == DS4_UNSUPPORTED && strstr(error.message, "block_count is 5000") != NULL);
}

static void Nothing_is_left_of_a_file_that_was_not_finished(void)
{
    model_config config = small_config();
    model_file *file = describe_model(&config, 1);
    volatile sig_atomic_t cancel = 1;
    char path[1200], partial[1300];
    ds4_error error;
    snprintf(path, sizeof path, "%s", scratch_path("cancelled.gguf"));
    snprintf(partial, sizeof partial, "%s.partial", path);
    REQUIRE(stream_model(file, path, &cancel, &error) == DS4_CANCELLED);
    REQUIRE(access(path, F_OK) != 0 && access(partial, F_OK) != 0);
    REQUIRE(stream_model(file, "/no/such/folder/x.gguf", NULL, &error) == DS4_IO && strstr(error.message, "/no/such/folder") != NULL);
    free_model_file(file);
}

static void The_disk_is_asked_for_space_before_anything_is_written(void)
{
    model_config config = flash_config(43);
    config.experts = 4096; /* 1.3 PB together */
    config.expert_width = 65536;
    config.hidden = 65536;
    model_file *file = describe_model(&config, 1);
    ds4_error error;
    const char *path = scratch_path("huge.gguf");
    REQUIRE(stream_model(file, path, NULL, &error) == DS4_IO && strstr(error.message, "MB free") != NULL);
    REQUIRE(access(path, F_OK) != 0);
    free_model_file(file);
}

const test random_model_tests[] = {
    TEST(A_streamed_model_has_the_bytes_of_one_made_in_memory),
    TEST(The_seed_decides_the_bytes),
    TEST(A_tensor_does_not_depend_on_the_rest_of_the_model),
    TEST(A_tensor_drawn_in_pieces_equals_one_drawn_at_once),
    TEST(Values_have_the_deviation_that_was_asked_for),
    TEST(Rows_of_hash_tables_are_distinct_experts),
    TEST(The_description_of_Flash_has_the_published_size),
    TEST(Impossible_shapes_are_refused_by_name),
    TEST(Nothing_is_left_of_a_file_that_was_not_finished),
    TEST(The_disk_is_asked_for_space_before_anything_is_written),
    {NULL, NULL},
};
