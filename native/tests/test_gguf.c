/* The GGUF reader, mostly against files that lie. */
#include "fingerprint.h"
#include "gguf.h"
#include "harness.h"
#include "model_writer.h"
#include "sha256.h"
#include "weights.h"

#include <stdlib.h>
#include <string.h>

/* Everything that opening a file checks, on bytes in memory. */
static ds4_status check_bytes(const uint8_t *bytes, size_t size, ds4_error *error)
{
    ds4_gguf gguf;
    ds4_shape shape;
    ds4_weights weights;
    error->message[0] = '\0';
    ds4_status status = ds4_gguf_parse((ds4_bytes){bytes, size}, &gguf, error);
    if (status != DS4_OK)
        return status;
    status = ds4_shape_read(&gguf, &shape, error);
    if (status == DS4_OK) {
        status = ds4_weights_bind(&gguf, &shape, &weights, error);
        if (status == DS4_OK)
            ds4_weights_free(&weights);
    }
    ds4_gguf_free(&gguf);
    return status;
}

/* A small model, changed by `change`, must be refused with this status and a sentence that holds `word`. */
static void expect_refusal(void (*change)(model_file *file), ds4_status expected, const char *word)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    ds4_error error;
    size_t size;
    change(file);
    uint8_t *bytes = model_bytes(file, &size);
    ds4_status status = check_bytes(bytes, size, &error);
    free(bytes);
    free_model_file(file);
    REQUIRE_MESSAGE(status == expected, "status %s, expected %s: %s", ds4_status_name(status), ds4_status_name(expected), error.message);
    REQUIRE_MESSAGE(strstr(error.message, word) != NULL, "\"%s\" does not say \"%s\"", error.message, word);
}

static void change_nothing(model_file *file)
{
    (void)file;
}

static void A_well_formed_file_is_accepted(void)
{
    expect_refusal(change_nothing, DS4_OK, "");
}

static void A_file_truncated_anywhere_is_refused_with_a_sentence(void)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    ds4_error error;
    size_t size;
    uint8_t *bytes = model_bytes(file, &size);
    for (size_t cut = 0; cut < size; cut += cut < 600 ? 1 : cut < 16384 ? 61 : 40009) {
        uint8_t *copy = malloc(cut + (cut == 0)); /* of exactly that size, so that a sanitizer sees any byte too far */
        memcpy(copy, bytes, cut);
        ds4_status status = check_bytes(copy, cut, &error);
        free(copy);
        REQUIRE_MESSAGE(status == DS4_FORMAT && error.message[0] != '\0', "cut at %zu: %s", cut, ds4_status_name(status));
    }
    free(bytes);
    free_model_file(file);
}

static void Flipped_bits_are_refused_with_a_sentence_or_harmless(void)
{
    model_config config = small_config();
    config.layers = 3; /* ratios 0, 0, 4: smaller */
    model_file *file = build_model(&config, 1);
    random_source random = {3};
    ds4_error error;
    size_t size, refused = 0, header;
    uint8_t *bytes = model_bytes(file, &size);
    ds4_gguf gguf;
    REQUIRE(ds4_gguf_parse((ds4_bytes){bytes, size}, &gguf, &error) == DS4_OK);
    header = (size_t)gguf.data_start;
    ds4_gguf_free(&gguf);
    for (int i = 0; i < 4000; i++) {
        size_t place = random_bits(&random) % header;
        uint8_t bit = (uint8_t)(1u << random_bits(&random) % 8);
        bytes[place] ^= bit;
        ds4_status status = check_bytes(bytes, size, &error);
        bytes[place] ^= bit;
        refused += status != DS4_OK;
        REQUIRE_MESSAGE(status == DS4_OK || error.message[0] != '\0', "bit flip at %zu: %s without a sentence", place,
                        ds4_status_name(status));
    }
    REQUIRE(refused > 1000);
    free(bytes);
    free_model_file(file);
}

static void claim_values(model_file *file)
{
    file->claimed_values = UINT64_MAX;
}

static void claim_tensors(model_file *file)
{
    file->claimed_tensors = UINT64_MAX / 8;
}

static void claim_strings(model_file *file)
{
    model_value(file, "tokenizer.ggml.merges")->count = UINT64_MAX / 4;
}

static void claim_elements(model_file *file)
{
    model_value(file, "deepseek4.attention.compress_ratios")->count = UINT64_MAX / 4 + 2;
}

static void Huge_counts_are_refused_before_memory_is_asked_for(void)
{
    expect_refusal(claim_values, DS4_FORMAT, "metadata values");
    expect_refusal(claim_tensors, DS4_FORMAT, "tensors");
    expect_refusal(claim_strings, DS4_FORMAT, "tokenizer.ggml.merges");
    expect_refusal(claim_elements, DS4_FORMAT, "compress_ratios");
}

static void overflow_size(model_file *file)
{
    file_tensor *tensor = model_tensor(file, "output.weight");
    tensor->dims[0] = tensor->dims[1] = 1ull << 33;
}

static void grow_tensor(model_file *file)
{
    model_tensor(file, "output.weight")->dims[1] = 1u << 20;
}

static void zero_dimension(model_file *file)
{
    model_tensor(file, "output.weight")->dims[1] = 0;
}

static void five_dimensions(model_file *file)
{
    model_tensor(file, "output.weight")->dim_count = 5;
}

static void half_block(model_file *file)
{
    model_tensor(file, "output.weight")->dims[0] = 250;
}

static void Impossible_tensor_sizes_are_refused(void)
{
    expect_refusal(overflow_size, DS4_FORMAT, "output.weight");
    expect_refusal(grow_tensor, DS4_FORMAT, "output.weight");
    expect_refusal(zero_dimension, DS4_FORMAT, "output.weight");
    expect_refusal(five_dimensions, DS4_FORMAT, "5 dimensions");
    expect_refusal(half_block, DS4_FORMAT, "blocks");
}

static void misalign(model_file *file)
{
    model_tensor(file, "output.weight")->offset = 8;
}

static void place_outside(model_file *file)
{
    model_tensor(file, "output.weight")->offset = INT64_MAX - 31;
}

static void Offsets_must_be_aligned_and_inside_the_file(void)
{
    expect_refusal(misalign, DS4_FORMAT, "multiple of 32");
    expect_refusal(place_outside, DS4_FORMAT, "beyond the end");
}

static void place_on_another(model_file *file)
{
    model_tensor(file, "output_norm.weight")->offset = 64;
}

static void place_on_the_same(model_file *file)
{
    model_tensor(file, "blk.1.attn_norm.weight")->offset = 0;
}

static void Tensors_may_not_share_bytes(void)
{
    expect_refusal(place_on_another, DS4_FORMAT, "tensor output_norm.weight starts 64 bytes into tensor token_embd.weight");
    expect_refusal(place_on_the_same, DS4_FORMAT, "starts 0 bytes into tensor");
}

static void repeat_key(model_file *file)
{
    duplicate_value(file, "deepseek4.block_count");
}

static void repeat_tensor(model_file *file)
{
    duplicate_tensor(file, "blk.1.attn_norm.weight");
}

static void Names_must_be_unique(void)
{
    expect_refusal(repeat_key, DS4_FORMAT, "deepseek4.block_count appears twice");
    expect_refusal(repeat_tensor, DS4_FORMAT, "blk.1.attn_norm.weight appears twice");
}

static void unknown_tensor_type(model_file *file)
{
    model_tensor(file, "output.weight")->type = 39;
}

static void unknown_value_type(model_file *file)
{
    model_value(file, "deepseek4.block_count")->type = 77;
}

static void array_of_arrays(model_file *file)
{
    model_value(file, "deepseek4.attention.compress_ratios")->element_type = DS4_GGUF_ARRAY;
}

static void Unknown_types_are_refused_by_number(void)
{
    expect_refusal(unknown_tensor_type, DS4_UNSUPPORTED, "type 39");
    expect_refusal(unknown_value_type, DS4_FORMAT, "type 77");
    expect_refusal(array_of_arrays, DS4_FORMAT, "type 9");
}

static void odd_alignment(model_file *file)
{
    set_u32(file, "general.alignment", 24);
}

static void text_alignment(model_file *file)
{
    set_string(file, "general.alignment", "32");
}

static void bool_of_seven(model_file *file)
{
    set_bool(file, "deepseek4.expert_weights_norm", 7);
}

static void Values_out_of_their_range_are_refused(void)
{
    expect_refusal(odd_alignment, DS4_FORMAT, "general.alignment");
    expect_refusal(text_alignment, DS4_FORMAT, "general.alignment");
    expect_refusal(bool_of_seven, DS4_FORMAT, "expert_weights_norm");
}

static void Other_files_and_versions_are_refused(void)
{
    ds4_error error;
    uint8_t zip[64] = "PK\3\4", version_2[64] = "GGUF\2";
    REQUIRE(check_bytes(zip, sizeof zip, &error) == DS4_FORMAT && strstr(error.message, "not a GGUF file") != NULL);
    REQUIRE(check_bytes(version_2, sizeof version_2, &error) == DS4_FORMAT && strstr(error.message, "version 2") != NULL);
}

static void A_hostile_name_reaches_messages_in_printable_form(void)
{
    ds4_printable text = ds4_bytes_printable((ds4_bytes){(const uint8_t *)"a\x1b[31m\xff\n%s", 10});
    REQUIRE(strcmp(text.text, "a?[31m??%s") == 0);
}

static void The_fingerprint_covers_header_size_and_sampled_blocks(void)
{
    enum { SIZE = 1 << 20, HEADER = 100 };
    uint8_t *bytes = calloc(1, SIZE);
    char original[65], changed[65];
    ds4_gguf gguf = {.file = {bytes, SIZE}, .data_start = HEADER};
    ds4_fingerprint(&gguf, original);
    const size_t sampled[] = {0, HEADER - 1, HEADER, HEADER + 4095, SIZE - 4096, SIZE - 1};
    for (size_t i = 0; i < sizeof sampled / sizeof sampled[0]; i++) {
        bytes[sampled[i]] ^= 1;
        ds4_fingerprint(&gguf, changed);
        bytes[sampled[i]] ^= 1;
        REQUIRE_MESSAGE(strcmp(original, changed) != 0, "byte %zu is not covered", sampled[i]);
    }
    gguf.file.size--;
    ds4_fingerprint(&gguf, changed);
    REQUIRE(strcmp(original, changed) != 0);
    free(bytes);
}

const test gguf_tests[] = {
    TEST(A_well_formed_file_is_accepted),
    TEST(A_file_truncated_anywhere_is_refused_with_a_sentence),
    TEST(Flipped_bits_are_refused_with_a_sentence_or_harmless),
    TEST(Huge_counts_are_refused_before_memory_is_asked_for),
    TEST(Impossible_tensor_sizes_are_refused),
    TEST(Offsets_must_be_aligned_and_inside_the_file),
    TEST(Tensors_may_not_share_bytes),
    TEST(Names_must_be_unique),
    TEST(Unknown_types_are_refused_by_number),
    TEST(Values_out_of_their_range_are_refused),
    TEST(Other_files_and_versions_are_refused),
    TEST(A_hostile_name_reaches_messages_in_printable_form),
    TEST(The_fingerprint_covers_header_size_and_sampled_blocks),
    {NULL, NULL},
};
