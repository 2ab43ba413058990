/* The indexer and the SwiGLU clamps inside the forward pass: what the golden data cannot see. */
#include "cpu.h"
#include "engine.h"
#include "harness.h"
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 40 };

static ds4_model *open_file(const model_file *file, const char *name)
{
    return open_engine(save_model(file, name), 1);
}

/* With a norm weight that keeps only value 0, which no rotation touches, a key before the Hadamard transform has one value;
 * after it, all 128 have the same magnitude. */
static void Index_keys_are_stored_after_the_Hadamard_transform(void)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    file_tensor *norm = model_tensor(file, "blk.2.indexer_compressor_norm.weight");
    int32_t tokens[TOKENS];
    float scratch[DS4_INDEX_DIM];
    memset(norm->data + 4, 0, norm->size - 4);
    ds4_model *model = open_file(file, "keys.gguf");
    free_model_file(file);
    ds4_session *session = new_session(model, TOKENS, DS4_MODE_EXACT);
    make_tokens(tokens, TOKENS, config.vocabulary);
    REQUIRE(session != NULL && advance(session, tokens, 0, TOKENS));
    for (uint64_t row = 0; row < TOKENS / 4; row++) {
        const float *key = ds4_row_load(session, ds4_rows_at(&session->layers[2].index, row), DS4_INDEX_DIM, scratch);
        REQUIRE(key[0] != 0);
        for (int i = 1; i < DS4_INDEX_DIM; i++)
            REQUIRE_NEAR(key[i], key[0], 1e-9);
    }
    ds4_session_free(session);
    ds4_model_close(model);
}

/* The same for queries: only row 0 of each indexer head's matrix has weights. */
static void Index_queries_go_through_the_Hadamard_transform(void)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    file_tensor *matrix = model_tensor(file, "blk.2.indexer.attn_q_b.weight");
    size_t row_bytes = matrix->size / matrix->dims[1];
    int32_t tokens[TOKENS];
    for (size_t row = 0; row < matrix->dims[1]; row++)
        if (row % DS4_INDEX_DIM != 0)
            memset(matrix->data + row * row_bytes, 0, row_bytes);
    ds4_model *model = open_file(file, "queries.gguf");
    free_model_file(file);
    ds4_session *session = new_session(model, TOKENS, DS4_MODE_EXACT);
    make_tokens(tokens, TOKENS, config.vocabulary);
    REQUIRE(session != NULL && advance(session, tokens, 0, TOKENS));
    const float *query = ((const ds4_cpu *)model->forward.state)->index_query;
    for (int h = 0; h < TOKENS * (int)config.index_heads; h++, query += DS4_INDEX_DIM) {
        REQUIRE(query[0] != 0);
        for (int i = 1; i < DS4_INDEX_DIM; i++)
            REQUIRE_NEAR(query[i], query[0], 1e-9);
    }
    ds4_session_free(session);
    ds4_model_close(model);
}

static void Rounded_index_keys_lie_on_the_FP4_grid(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, TOKENS, DS4_MODE_ROUNDED);
    int32_t tokens[TOKENS];
    float scratch[DS4_INDEX_DIM];
    make_tokens(tokens, TOKENS, config.vocabulary);
    REQUIRE(session != NULL && advance(session, tokens, 0, TOKENS));
    for (uint64_t row = 0; row < TOKENS / 4; row++) {
        const float *key = ds4_row_load(session, ds4_rows_at(&session->layers[2].index, row), DS4_INDEX_DIM, scratch);
        for (int block = 0; block < 4; block++) {
            float largest = 0;
            for (int i = 0; i < 32; i++)
                largest = fmaxf(largest, fabsf(key[32 * block + i]));
            float scale = exp2f(ceilf(log2f(largest / 6)));
            for (int i = 0; i < 32; i++) {
                float twice = 2 * fabsf(key[32 * block + i]) / scale;
                REQUIRE(twice == 0 || twice == 1 || twice == 2 || twice == 3 || twice == 4 || twice == 6 || twice == 8 || twice == 12);
            }
        }
    }
    ds4_session_free(session);
    ds4_model_close(model);
}

/* Equal scores everywhere (index weights are zero): the choice must be the oldest rows. */
static void Equal_index_scores_choose_the_oldest_rows(void)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    file_tensor *weights = model_tensor(file, "blk.2.indexer.proj.weight");
    int32_t tokens[TOKENS];
    memset(weights->data, 0, weights->size);
    ds4_model *model = open_file(file, "ties.gguf");
    free_model_file(file);
    ds4_session *session = new_session(model, TOKENS, DS4_MODE_EXACT);
    make_tokens(tokens, TOKENS, config.vocabulary);
    REQUIRE(session != NULL && advance(session, tokens, 0, TOKENS));
    const uint32_t *selected = ((const ds4_cpu *)model->forward.state)->selected;
    for (uint32_t t = 0; t < TOKENS; t++)
        for (uint32_t k = 0; k < config.index_top_k && (t + 1) / 4 > config.index_top_k; k++)
            REQUIRE(selected[t * config.index_top_k + k] == k);
    ds4_session_free(session);
    ds4_model_close(model);
}

/* A model whose score buffer holds one token at a time must give the same result as one that scores all at once. */
static void Spans_of_the_indexer_do_not_change_results(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    int32_t tokens[TOKENS];
    REQUIRE(model != NULL);
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *expected = all_logits(model, DS4_MODE_EXACT, tokens, TOKENS, TOKENS);
    ((ds4_cpu *)model->forward.state)->score_capacity = 25; /* two tokens of ten rows */
    float *found = all_logits(model, DS4_MODE_EXACT, tokens, TOKENS, TOKENS);
    REQUIRE(expected != NULL && found != NULL);
    REQUIRE(memcmp(expected, found, TOKENS * config.vocabulary * sizeof *found) == 0);
    free(expected);
    free(found);
    ds4_model_close(model);
}

static void A_top_k_beyond_the_context_lets_every_row_through(void)
{
    model_config large = small_config(), exact = small_config();
    int32_t tokens[TOKENS];
    large.index_top_k = 1 << 20;
    exact.index_top_k = TOKENS / 4;
    make_tokens(tokens, TOKENS, large.vocabulary);
    ds4_model *all = open_small(&large, "all.gguf", 1), *enough = open_small(&exact, "enough.gguf", 1);
    REQUIRE(all != NULL && enough != NULL);
    float *a = all_logits(all, DS4_MODE_EXACT, tokens, TOKENS, 13), *b = all_logits(enough, DS4_MODE_EXACT, tokens, TOKENS, 13);
    REQUIRE(a != NULL && b != NULL && memcmp(a, b, TOKENS * large.vocabulary * sizeof *a) == 0);
    free(a);
    free(b);
    ds4_model_close(all);
    ds4_model_close(enough);
}

/* ---- clamps ------------------------------------------------------------------------------------------------- */

static void set_clamps(model_file *file, const char *key, float clamp)
{
    float clamps[4] = {clamp, clamp, clamp, clamp};
    set_array(file, key, DS4_GGUF_F32, clamps, 4, sizeof clamps);
}

/* Makes the rows of gate and up matrices large, so that their results leave ±10. */
static float *clamped_logits(float routed, float shared, float *largest_inner)
{
    model_config config = small_config();
    int32_t tokens[TOKENS];
    config.gate_up = config.shared = DS4_FORMAT_F16;
    model_file *file = build_model(&config, 1);
    for (size_t i = 0; i < file->tensor_count; i++)
        if (strstr(file->tensors[i].name, "ffn_gate_") != NULL || strstr(file->tensors[i].name, "ffn_up_") != NULL)
            for (size_t b = 1; file->tensors[i].type == DS4_FORMAT_F16 && b < file->tensors[i].size; b += 2)
                file->tensors[i].data[b] = (uint8_t)(file->tensors[i].data[b] + (4 << 2)); /* times 16 */
    set_clamps(file, "deepseek4.swiglu_clamp_exp", routed);
    set_clamps(file, "deepseek4.swiglu_clamp_shexp", shared);
    ds4_model *model = open_file(file, "clamps.gguf");
    free_model_file(file);
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *logits = model == NULL ? NULL : all_logits(model, DS4_MODE_EXACT, tokens, TOKENS, TOKENS);
    *largest_inner = 0;
    if (logits != NULL) {
        const ds4_cpu *cpu = model->forward.state;
        for (uint32_t i = 0; i < TOKENS * config.expert_width; i++)
            *largest_inner = fmaxf(*largest_inner, fabsf(cpu->shared_inner.values[i]));
    }
    ds4_model_close(model);
    return logits;
}

static void Routed_and_shared_experts_are_clamped_by_their_own_limits(void)
{
    float free_inner, shared_inner, routed_inner, both_inner;
    float *unclamped = clamped_logits(0, 0, &free_inner), *shared = clamped_logits(0, 10, &shared_inner);
    float *routed = clamped_logits(10, 0, &routed_inner), *both = clamped_logits(10, 10, &both_inner);
    const size_t bytes = TOKENS * 40 * sizeof(float);
    REQUIRE(unclamped != NULL && shared != NULL && routed != NULL && both != NULL);
    REQUIRE(free_inner > 100 && routed_inner > 100); /* beyond 10 · silu(10) */
    REQUIRE(shared_inner <= 100 && both_inner <= 100 && both_inner > 50);
    REQUIRE(memcmp(unclamped, shared, bytes) != 0 && memcmp(unclamped, routed, bytes) != 0);
    REQUIRE(memcmp(both, shared, bytes) != 0 && memcmp(both, routed, bytes) != 0);
    free(unclamped);
    free(shared);
    free(routed);
    free(both);
}

const test indexer_tests[] = {
    TEST(Index_keys_are_stored_after_the_Hadamard_transform),
    TEST(Index_queries_go_through_the_Hadamard_transform),
    TEST(Rounded_index_keys_lie_on_the_FP4_grid),
    TEST(Equal_index_scores_choose_the_oldest_rows),
    TEST(Spans_of_the_indexer_do_not_change_results),
    TEST(A_top_k_beyond_the_context_lets_every_row_through),
    TEST(Routed_and_shared_experts_are_clamped_by_their_own_limits),
    {NULL, NULL},
};
