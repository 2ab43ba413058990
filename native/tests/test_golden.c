/* The forward pass against reference logits that were made outside of this engine. */
#include "agreement.h"
#include "engine.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS = GOLDEN_TOKENS, VOCABULARY = GOLDEN_VOCABULARY };

static void check_exact(size_t chunk)
{
    int32_t tokens[TOKENS];
    float *expected = load_golden_logits("logits_exact.f32");
    REQUIRE(expected != NULL && load_golden_tokens(tokens));
    float *found = all_logits_of_file(golden_path("tiny.gguf"), 2, DS4_MODE_EXACT, tokens, TOKENS, chunk);
    REQUIRE(found != NULL);
    double error = largest_error(found, expected, TOKENS, VOCABULARY);
    REQUIRE_MESSAGE(error < 2e-5, "relative error %g", error);
    free(found);
    free(expected);
}

static void Exact_logits_match_the_reference_token_by_token(void)
{
    check_exact(1);
}

static void Exact_logits_match_the_reference_as_a_whole(void)
{
    check_exact(TOKENS);
}

static void Exact_logits_match_the_reference_in_chunks_of_7(void)
{
    check_exact(7);
}

static void Exact_logits_match_the_reference_in_chunks_of_64(void)
{
    check_exact(64);
}

static void Exact_logits_match_the_reference_in_chunks_of_128(void)
{
    check_exact(128);
}

static void check_statistics(ds4_mode mode, double least_equal, double most_error, double most_divergence)
{
    int32_t tokens[TOKENS];
    float *expected = load_golden_logits("logits_rounded.f32");
    REQUIRE(expected != NULL && load_golden_tokens(tokens));
    float *found = all_logits_of_file(golden_path("tiny.gguf"), 2, mode, tokens, TOKENS, TOKENS);
    REQUIRE(found != NULL);
    agreement agreed = agreement_of(found, expected, TOKENS, VOCABULARY);
    REQUIRE_MESSAGE(agreed.equal >= least_equal, "%g of the argmaxes", agreed.equal);
    REQUIRE_MESSAGE(agreed.error <= most_error, "median relative error %g", agreed.error);
    REQUIRE_MESSAGE(agreed.divergence <= most_divergence, "mean KL divergence %g", agreed.divergence);
    free(found);
    free(expected);
}

static void Rounded_logits_agree_with_the_reference_statistically(void)
{
    check_statistics(DS4_MODE_ROUNDED, 0.99, 4e-3, 3e-4);
}

static void Fast_logits_agree_with_the_reference_statistically(void)
{
    check_statistics(DS4_MODE_FAST, 0.85, 0.1, 1e-2);
}

/* Fast products are defined to the last bit, whatever kernel computes them and however many vectors it is given. */
static void Fast_logits_do_not_depend_on_chunks_threads_or_the_length_of_a_batch(void)
{
    int32_t tokens[TOKENS];
    REQUIRE(load_golden_tokens(tokens));
    const char *path = golden_path("tiny.gguf");
    float *expected = all_logits_of_file(path, 1, DS4_MODE_FAST, tokens, TOKENS, TOKENS);
    REQUIRE(expected != NULL);
    for (size_t chunk = 1; chunk < TOKENS; chunk = chunk * 5 + 2) {
        float *found = all_logits_of_file(golden_path("tiny.gguf"), 3, DS4_MODE_FAST, tokens, TOKENS, chunk);
        REQUIRE(found != NULL);
        REQUIRE_MESSAGE(memcmp(found, expected, TOKENS * VOCABULARY * sizeof *found) == 0, "chunks of %zu differ", chunk);
        free(found);
    }
    free(expected);
}

static void The_tiny_model_describes_itself(void)
{
    ds4_model *model = open_engine(golden_path("tiny.gguf"), 2);
    ds4_model_info info;
    REQUIRE(model != NULL);
    ds4_model_get_info(model, &info);
    REQUIRE(strcmp(info.name, "tiny") == 0 && strcmp(info.backend, "cpu") == 0 && info.kernels[0] != '\0');
    REQUIRE(info.vocabulary_size == VOCABULARY && info.layer_count == 6 && info.hidden_size == 256 && info.context_length == 1048576);
    REQUIRE(info.file_bytes == 12536320 && info.weight_bytes < info.file_bytes && info.threads == 2);
    REQUIRE(strlen(info.fingerprint) == 64 && strspn(info.fingerprint, "0123456789abcdef") == 64);
    ds4_model_close(model);
}

static void The_vocabulary_can_be_walked_inside_the_mapping(void)
{
    ds4_model *model = open_engine(golden_path("tiny.gguf"), 1);
    const uint8_t *data;
    uint64_t length, count, place = 0, size;
    REQUIRE(model != NULL);
    REQUIRE(ds4_model_string(model, "tokenizer.ggml.pre", &data, &length) == DS4_OK);
    REQUIRE(length == 9 && memcmp(data, "joyai-llm", 9) == 0);
    REQUIRE(ds4_model_string_array(model, "tokenizer.ggml.tokens", &data, &length, &count) == DS4_OK);
    REQUIRE(count == VOCABULARY);
    for (uint64_t i = 0; i < count; i++) {
        REQUIRE(place + sizeof size <= length);
        memcpy(&size, data + place, sizeof size);
        place += sizeof size + size;
    }
    REQUIRE(place == length);
    REQUIRE(ds4_model_string(model, "deepseek4.block_count", &data, &length) == DS4_NOT_FOUND);
    REQUIRE(ds4_model_string(model, "no.such.key", &data, &length) == DS4_NOT_FOUND);
    REQUIRE(ds4_model_string_array(model, "tokenizer.ggml.pre", &data, &length, &count) == DS4_NOT_FOUND);
    REQUIRE(ds4_model_string_array(model, "deepseek4.swiglu_clamp_exp", &data, &length, &count) == DS4_NOT_FOUND);
    ds4_model_close(model);
}

const test golden_tests[] = {
    TEST(The_tiny_model_describes_itself),
    TEST(The_vocabulary_can_be_walked_inside_the_mapping),
    TEST(Exact_logits_match_the_reference_token_by_token),
    TEST(Exact_logits_match_the_reference_as_a_whole),
    TEST(Exact_logits_match_the_reference_in_chunks_of_7),
    TEST(Exact_logits_match_the_reference_in_chunks_of_64),
    TEST(Exact_logits_match_the_reference_in_chunks_of_128),
    TEST(Rounded_logits_agree_with_the_reference_statistically),
    TEST(Fast_logits_agree_with_the_reference_statistically),
    TEST(Fast_logits_do_not_depend_on_chunks_threads_or_the_length_of_a_batch),
    {NULL, NULL},
};
