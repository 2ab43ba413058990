/* Positions far beyond 65,536: counters, index types, rotations, page tables.
 *
 * Evaluating a million tokens would take hours. Nothing in a session knows how it got where it is, so these tests put
 * one there: pages for all positions, filled with small numbers, and the position set.
 */
#include "engine.h"
#include "harness.h"
#include "model.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

enum { MILLION = 1048576, LEFT = 6 };

/* A pattern that is a small number both as F16 and as F32. */
enum { PATTERN = 0x11 };

static bool put_session_at(ds4_session *session, uint64_t position)
{
    ds4_state *state = &session->state;
    if (!ds4_state_reserve(state, 0, position))
        return false;
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        for (uint64_t i = 0; i < ds4_pages_of_tokens(&state->store->pages[kind], position); i++)
            memset(state->pages[kind].pages[i]->data, PATTERN, (size_t)state->store->pages[kind].pool.size);
    memset(state->fixed->data, PATTERN, (size_t)state->store->fixed.size);
    session->position = position;
    return true;
}

static bool is_written(const ds4_rows *rows, uint64_t index)
{
    const uint8_t *row = ds4_rows_at(rows, index);
    for (uint32_t i = 0; i < rows->row_bytes; i++)
        if (row[i] != PATTERN)
            return true;
    return false;
}

static void The_last_of_a_million_positions_are_evaluated_like_any(void)
{
    model_config config = small_config();
    int32_t tokens[LEFT];
    float last[64];
    ds4_checkpoint *start = NULL, *end = NULL, *loaded = NULL;
    ds4_error error;
    config.context = MILLION;
    ds4_model *model = open_small(&config, "million.gguf", 2);
    ds4_session *session = new_session(model, MILLION, DS4_MODE_ROUNDED);
    make_tokens(tokens, LEFT, config.vocabulary);
    REQUIRE(session != NULL && put_session_at(session, MILLION - LEFT));
    REQUIRE(ds4_session_checkpoint(session, &start, NULL) == DS4_OK);

    for (size_t t = 0; t < LEFT; t++)
        REQUIRE(ds4_session_decode(session, tokens[t], &error) == DS4_OK);
    memcpy(last, ds4_session_logits(session), config.vocabulary * sizeof *last);
    REQUIRE(ds4_session_decode(session, 1, &error) == DS4_CONTEXT_FULL && ds4_session_position(session) == MILLION);
    REQUIRE(is_written(&session->layers[2].compressed, MILLION / 4 - 1) && is_written(&session->layers[2].index, MILLION / 4 - 1));
    REQUIRE(is_written(&session->layers[3].compressed, MILLION / 128 - 1));
    REQUIRE(!is_written(&session->layers[2].compressed, MILLION / 4 - 3) && !is_written(&session->layers[3].compressed, MILLION / 128 - 2));
    REQUIRE(ds4_session_checkpoint(session, &end, NULL) == DS4_OK);

    /* Again from the checkpoint, as one tile. */
    REQUIRE(ds4_session_restore(session, start, NULL) == DS4_OK && ds4_session_position(session) == MILLION - LEFT);
    REQUIRE(advance(session, tokens, 0, LEFT) && memcmp(ds4_session_logits(session), last, config.vocabulary * sizeof *last) == 0);

    /* And as a stream, on top of what was there before. */
    stream s = save_stream(end, start);
    REQUIRE(s.size > 0 && load_stream(model, start, &s, &loaded, &error) == DS4_OK);
    REQUIRE(ds4_session_restore(session, loaded, NULL) == DS4_OK && ds4_session_position(session) == MILLION);
    REQUIRE(memcmp(ds4_session_logits(session), last, config.vocabulary * sizeof *last) == 0);
    free(s.data);
    ds4_checkpoint_free(start);
    ds4_checkpoint_free(end);
    ds4_checkpoint_free(loaded);
    ds4_session_free(session);
    ds4_model_close(model);
}

/* Attention knows distances only: without compressed layers, the same tokens mean the same a million positions later. */
static void Windows_mean_the_same_a_million_positions_later(void)
{
    enum { COUNT = 100 };
    model_config config = small_config();
    int32_t tokens[COUNT];
    config.layers = 2;
    config.context = MILLION;
    ds4_model *model = open_small(&config, "windows.gguf", 1);
    ds4_session *near = new_session(model, MILLION, DS4_MODE_EXACT), *far = new_session(model, MILLION, DS4_MODE_EXACT);
    REQUIRE(near != NULL && far != NULL && put_session_at(far, MILLION - COUNT));
    make_tokens(tokens, COUNT, config.vocabulary);
    REQUIRE(advance(near, tokens, 0, COUNT) && advance(far, tokens, 0, COUNT));
    for (uint32_t i = 0; i < config.vocabulary; i++)
        REQUIRE_NEAR(ds4_session_logits(far)[i], ds4_session_logits(near)[i], 1e-4);
    ds4_session_free(near);
    ds4_session_free(far);
    ds4_model_close(model);
}

/* A row of the first compressed layer is pooled from tokens whose history is windows only, so a million positions later it
 * is the same row but for its rotation, which is by the position of its first token. */
static void Compressed_rows_carry_the_rotation_of_their_own_position(void)
{
    enum { COUNT = 256, DIM = 192, TAIL = DIM - DS4_ROTARY };
    static const uint64_t starts[] = {0, 65408, 65536, 524288, MILLION - COUNT};
    model_config config = small_config();
    int32_t tokens[COUNT];
    config.context = MILLION;
    config.ratios[3] = 0;
    for (int kind = 0; kind < 2; kind++) {
        uint32_t ratio = config.ratios[2] = kind == 0 ? DS4_RATIO_OVERLAPPING : DS4_RATIO_LONG;
        size_t count = kind == 0 ? 64 : COUNT; /* beyond what the windows remember */
        float first[DIM];
        ds4_model *model = open_small(&config, "rotation.gguf", 1);
        REQUIRE(model != NULL);
        make_tokens(tokens, COUNT, config.vocabulary);
        for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
            ds4_session *session = new_session(model, starts[s] + count, DS4_MODE_EXACT);
            float row[DIM];
            ds4_rotation rotation;
            REQUIRE(session != NULL && put_session_at(session, starts[s]) && advance(session, tokens, 0, count));
            uint64_t index = (starts[s] + count) / ratio - 1;
            memcpy(row, ds4_rows_at(&session->layers[2].compressed, index), sizeof row);
            ds4_rotation_at(&model->forward.rope, DS4_ROPE_COMPRESSED, index * ratio, &rotation);
            ds4_rotate_back(row + TAIL, &rotation);
            for (int i = 0; s > 0 && i < DIM; i++)
                REQUIRE_MESSAGE(is_near(row[i], first[i], 1e-4), "start %llu, value %d: %g, expected %g", (unsigned long long)starts[s], i,
                                (double)row[i], (double)first[i]);
            if (s == 0)
                memcpy(first, row, sizeof first);
            ds4_session_free(session);
        }
        ds4_model_close(model);
    }
}

const test long_context_tests[] = {
    TEST(The_last_of_a_million_positions_are_evaluated_like_any),
    TEST(Windows_mean_the_same_a_million_positions_later),
    TEST(Compressed_rows_carry_the_rotation_of_their_own_position),
    {NULL, NULL},
};
