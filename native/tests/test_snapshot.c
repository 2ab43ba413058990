/* Snapshots: saving, loading, bases, and what a damaged stream does. */
#include "checksum.h"
#include "engine.h"
#include "failing_memory.h"
#include "harness.h"
#include "model.h"
#include "snapshot.h"
#include "stream.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 300 };

/* ---- the checksum --------------------------------------------------------------------------------------------- */

static void The_checksum_sees_every_bit_and_the_length_but_not_the_pieces(void)
{
    uint8_t data[100];
    random_source random = {3};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)random_bits(&random);
    for (size_t size = 0; size < sizeof data; size++) {
        uint64_t whole = ds4_snapshot_checksum(data, size);
        ds4_checksum pieces;
        ds4_checksum_begin(&pieces);
        for (size_t at = 0, piece; at < size; at += piece) {
            piece = random_bits(&random) % 50;
            piece = piece < size - at ? piece : size - at;
            ds4_checksum_add(&pieces, data + at, piece);
        }
        REQUIRE_MESSAGE(ds4_checksum_end(&pieces) == whole, "%zu bytes in pieces", size);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            REQUIRE_MESSAGE(ds4_snapshot_checksum(data, size) != whole, "bit %zu of %zu bytes", bit, size);
            data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    memset(data, 0, sizeof data);
    for (size_t size = 0; size < sizeof data; size++)
        for (size_t other = 0; other < size; other++)
            REQUIRE(ds4_snapshot_checksum(data, size) != ds4_snapshot_checksum(data, other));
    /* The highest bits of two words of one lane, which a multiplication alone would let cancel. */
    uint64_t clean = ds4_snapshot_checksum(data, 96);
    data[7] = data[39] = 0x80;
    REQUIRE(ds4_snapshot_checksum(data, 96) != clean);
}

/* ---- there and back ------------------------------------------------------------------------------------------- */

static ds4_checkpoint *take_at(ds4_session *session, const int32_t *tokens, size_t count)
{
    ds4_checkpoint *checkpoint = NULL;
    size_t position = (size_t)ds4_session_position(session);
    if (!advance(session, tokens, position, count - position) || ds4_session_checkpoint(session, &checkpoint, NULL) != DS4_OK)
        report_failure("checkpoint", 0, "cannot be taken");
    return checkpoint;
}

static void check_every_remainder(ds4_mode mode)
{
    enum { LENGTHS = 140, MORE = 5 };
    model_config config = small_config();
    ds4_model *model = open_small(&config, "snapshot.gguf", 1);
    int32_t tokens[TOKENS];
    ds4_error error;
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *expected = all_logits(model, mode, tokens, TOKENS, TOKENS);
    ds4_session *session = new_session(model, TOKENS, mode), *other = new_session(model, TOKENS, mode);
    REQUIRE(expected != NULL && session != NULL && other != NULL);
    for (size_t n = 0; n < LENGTHS; n++) {
        ds4_checkpoint *saved = take_at(session, tokens, n), *loaded = NULL;
        stream s = save_stream(saved, NULL);
        REQUIRE(s.size > 0 && s.size == ds4_checkpoint_stream_bytes(saved, NULL));
        ds4_checkpoint_free(saved);
        REQUIRE_MESSAGE(load_stream(model, NULL, &s, &loaded, &error) == DS4_OK, "%zu tokens: %s", n, error.message);
        REQUIRE(s.at == s.size && ds4_checkpoint_position(loaded) == n && ds4_checkpoint_mode(loaded) == mode);
        stream again = save_stream(loaded, NULL);
        REQUIRE(again.size == s.size && memcmp(again.data, s.data, s.size) == 0);
        REQUIRE(ds4_session_restore(other, loaded, NULL) == DS4_OK);
        for (size_t t = n; t < n + MORE; t++) {
            REQUIRE(advance(other, tokens, t, 1));
            REQUIRE_MESSAGE(memcmp(ds4_session_logits(other), expected + t * config.vocabulary, 4 * config.vocabulary) == 0,
                            "snapshot at %zu, token %zu", n, t);
        }
        ds4_checkpoint_free(loaded);
        free(s.data);
        free(again.data);
    }
    ds4_session_free(session);
    ds4_session_free(other);
    free(expected);
    ds4_model_close(model);
}

static void Exact_decoding_from_a_snapshot_equals_never_having_left(void)
{
    check_every_remainder(DS4_MODE_EXACT);
}

static void Rounded_decoding_from_a_snapshot_equals_never_having_left(void)
{
    check_every_remainder(DS4_MODE_ROUNDED);
}

/* Neither the way the tokens were evaluated nor what memory held before shows in a stream. */
static void A_snapshot_depends_on_the_tokens_only(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "snapshot.gguf", 2);
    int32_t tokens[TOKENS], others[TOKENS];
    make_tokens(tokens, TOKENS, config.vocabulary);
    for (int i = 0; i < TOKENS; i++)
        others[i] = tokens[TOKENS - 1 - i];
    ds4_session *one = new_session(model, TOKENS, DS4_MODE_EXACT), *other = new_session(model, TOKENS, DS4_MODE_EXACT);
    REQUIRE(one != NULL && other != NULL);
    ds4_checkpoint *empty = take_at(other, tokens, 0);
    ds4_checkpoint *a = take_at(one, tokens, 203);
    REQUIRE(advance(other, others, 0, TOKENS) && ds4_session_restore(other, empty, NULL) == DS4_OK);
    for (size_t t = 0; t < 203; t++)
        REQUIRE(advance(other, tokens, t, 1));
    ds4_checkpoint *b = take_at(other, tokens, 203);
    stream first = save_stream(a, NULL), second = save_stream(b, NULL);
    REQUIRE(first.size > 0 && first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    free(first.data);
    free(second.data);
    ds4_checkpoint_free(empty);
    ds4_checkpoint_free(a);
    ds4_checkpoint_free(b);
    ds4_session_free(one);
    ds4_session_free(other);
    ds4_model_close(model);
}

typedef struct saver {
    const ds4_checkpoint *checkpoint;
    stream result;
} saver;

static void *save_elsewhere(void *argument)
{
    saver *s = argument;
    for (int i = 0; i < 20; i++) {
        free(s->result.data);
        s->result = save_stream(s->checkpoint, NULL);
    }
    return NULL;
}

static void A_checkpoint_can_be_saved_while_its_session_goes_on(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "snapshot.gguf", 1);
    int32_t tokens[TOKENS];
    pthread_t thread;
    make_tokens(tokens, TOKENS, config.vocabulary);
    ds4_session *session = new_session(model, TOKENS, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL);
    saver s = {.checkpoint = take_at(session, tokens, 130)};
    stream before = save_stream(s.checkpoint, NULL);
    REQUIRE(pthread_create(&thread, NULL, save_elsewhere, &s) == 0);
    for (size_t t = 130; t < TOKENS; t++)
        REQUIRE(advance(session, tokens, t, 1));
    pthread_join(thread, NULL);
    REQUIRE(s.result.size == before.size && memcmp(s.result.data, before.data, before.size) == 0);
    free(before.data);
    free(s.result.data);
    ds4_checkpoint_free((ds4_checkpoint *)s.checkpoint);
    ds4_session_free(session);
    ds4_model_close(model);
}

/* ---- bases ---------------------------------------------------------------------------------------------------- */

/* A conversation stored as a chain: each stream on the checkpoint before, across the ends of pages of both ratios. */
static void A_chain_of_snapshots_stores_every_row_once(void)
{
    static const size_t lengths[] = {5, 5, 130, 131, 1020, 1024, 1025, 2100};
    enum { LINKS = sizeof lengths / sizeof lengths[0] };
    model_config config = small_config();
    ds4_model *model = open_small(&config, "snapshot.gguf", 2);
    static int32_t tokens[2200];
    ds4_checkpoint *checkpoints[LINKS], *loaded[LINKS];
    stream streams[LINKS];
    ds4_error error;
    make_tokens(tokens, 2200, config.vocabulary);
    ds4_session *session = new_session(model, 2200, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL);
    for (int i = 0; i < LINKS; i++) {
        checkpoints[i] = take_at(session, tokens, lengths[i]);
        streams[i] = save_stream(checkpoints[i], i > 0 ? checkpoints[i - 1] : NULL);
        REQUIRE(streams[i].size > 0 && streams[i].size == ds4_checkpoint_stream_bytes(checkpoints[i], i > 0 ? checkpoints[i - 1] : NULL));
    }
    REQUIRE(streams[7].size < ds4_checkpoint_stream_bytes(checkpoints[7], NULL));
    for (int i = 0; i < LINKS; i++) {
        REQUIRE_MESSAGE(load_stream(model, i > 0 ? loaded[i - 1] : NULL, &streams[i], &loaded[i], &error) == DS4_OK, "link %d: %s", i,
                        error.message);
        stream whole = save_stream(checkpoints[i], NULL), again = save_stream(loaded[i], NULL);
        REQUIRE_MESSAGE(whole.size == again.size && memcmp(whole.data, again.data, whole.size) == 0, "link %d", i);
        free(whole.data);
        free(again.data);
    }
    for (int i = 0; i < LINKS; i++)
        ds4_checkpoint_free(i < LINKS - 1 ? loaded[i] : NULL); /* the last one needs none of them */
    REQUIRE(advance(session, tokens, 2100, 50));
    ds4_session *other = new_session(model, 2200, DS4_MODE_ROUNDED);
    REQUIRE(ds4_session_restore(other, loaded[LINKS - 1], NULL) == DS4_OK && advance(other, tokens, 2100, 50));
    REQUIRE(memcmp(ds4_session_logits(session), ds4_session_logits(other), 4 * config.vocabulary) == 0);
    ds4_checkpoint_free(loaded[LINKS - 1]);
    for (int i = 0; i < LINKS; i++) {
        ds4_checkpoint_free(checkpoints[i]);
        free(streams[i].data);
    }
    ds4_session_free(session);
    ds4_session_free(other);
    ds4_model_close(model);
}

static void A_snapshot_with_a_base_needs_exactly_that_base(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "snapshot.gguf", 1);
    int32_t tokens[TOKENS], others[TOKENS];
    ds4_checkpoint *loaded = (ds4_checkpoint *)&loaded;
    ds4_error error;
    make_tokens(tokens, TOKENS, config.vocabulary);
    for (int i = 0; i < TOKENS; i++)
        others[i] = tokens[TOKENS - 1 - i];
    ds4_session *session = new_session(model, TOKENS, DS4_MODE_EXACT), *strange = new_session(model, TOKENS, DS4_MODE_EXACT);
    ds4_session *rounded = new_session(model, TOKENS, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL && strange != NULL && rounded != NULL);
    ds4_checkpoint *shorter = take_at(session, tokens, 100), *base = take_at(session, tokens, 130), *end = take_at(session, tokens, 200);
    ds4_checkpoint *stranger = take_at(strange, others, 130), *other_mode = take_at(rounded, tokens, 130);
    stream s = save_stream(end, base);
    const ds4_checkpoint *wrong[] = {NULL, shorter, stranger, other_mode, end};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        REQUIRE(load_stream(model, wrong[i], &s, &loaded, &error) == DS4_INVALID_ARGUMENT && loaded == NULL);
        REQUIRE(strstr(error.message, "130 tokens"));
    }
    REQUIRE(ds4_checkpoint_save(base, end, write_stream, &s, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "200 tokens"));
    REQUIRE(ds4_checkpoint_save(end, other_mode, write_stream, &s, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_checkpoint_stream_bytes(base, end) == 0);
    REQUIRE(load_stream(model, base, &s, &loaded, &error) == DS4_OK);
    ds4_checkpoint *all[] = {shorter, base, end, stranger, other_mode, loaded};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ds4_checkpoint_free(all[i]);
    free(s.data);
    ds4_session_free(session);
    ds4_session_free(strange);
    ds4_session_free(rounded);
    ds4_model_close(model);
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

/* A model whose snapshots are small, a whole one and one on a base, and what they are made of. */
typedef struct victim {
    ds4_model *model;
    ds4_session *session;
    ds4_checkpoint *base, *end;
    stream whole, delta;
} victim;

static bool open_victim(victim *v)
{
    model_config config = small_config();
    int32_t tokens[TOKENS];
    make_tokens(tokens, TOKENS, config.vocabulary);
    *v = (victim){.model = open_small(&config, "snapshot.gguf", 1)};
    v->session = new_session(v->model, TOKENS, DS4_MODE_ROUNDED);
    if (v->session == NULL)
        return false;
    v->base = take_at(v->session, tokens, 129);
    v->end = take_at(v->session, tokens, 262);
    v->whole = save_stream(v->end, NULL);
    v->delta = save_stream(v->end, v->base);
    return v->whole.size > 0 && v->delta.size > 0;
}

static void close_victim(victim *v)
{
    free(v->whole.data);
    free(v->delta.data);
    ds4_checkpoint_free(v->base);
    ds4_checkpoint_free(v->end);
    ds4_session_free(v->session);
    ds4_model_close(v->model);
}

static ds4_status load_changed(const victim *v, stream *s, ds4_error *error)
{
    ds4_checkpoint *loaded = (ds4_checkpoint *)&loaded;
    ds4_status status = load_stream(v->model, v->base, s, &loaded, error);
    if ((status == DS4_OK) != (loaded != NULL))
        report_failure(__FILE__, __LINE__, "status %d, but a checkpoint %p", (int)status, (void *)loaded);
    ds4_checkpoint_free(loaded);
    return status;
}

static void A_refusal_names_section_and_offset(void)
{
    victim v;
    ds4_error error;
    REQUIRE(open_victim(&v));
    stream s = v.whole;
    s.size = DS4_SNAPSHOT_HEADER + 100;
    REQUIRE(load_changed(&v, &s, &error) == DS4_FORMAT);
    REQUIRE_MESSAGE(strstr(error.message, "section logits 0, from byte 128: the stream ends here (byte 228)"), "%s", error.message);
    s.size = v.whole.size;
    s.data[v.whole.size - 20] ^= 1;
    REQUIRE(load_changed(&v, &s, &error) == DS4_FORMAT);
    REQUIRE_MESSAGE(strstr(error.message, "section page of ratio 128, number 0, from byte ") && strstr(error.message, "checksum differs"),
                    "%s", error.message);
    s.data[v.whole.size - 20] ^= 1;
    REQUIRE(load_changed(&v, &s, &error) == DS4_OK);
    close_victim(&v);
}

static void A_foreign_stream_is_refused(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        ds4_status status;
        const char *what;
    } cases[] = {
        {DS4_SNAPSHOT_AT_MAGIC, 'X', DS4_FORMAT, "not a snapshot"},
        {DS4_SNAPSHOT_AT_VERSION, 2, DS4_UNSUPPORTED, "another format version"},
        {DS4_SNAPSHOT_AT_MODE, 7, DS4_UNSUPPORTED, "unknown mode"},
        {DS4_SNAPSHOT_AT_POSITION + 6, 1, DS4_FORMAT, "impossible number of tokens"},
        {DS4_SNAPSHOT_AT_POSITION + 7, 0x80, DS4_FORMAT, "impossible number of tokens"},
        {DS4_SNAPSHOT_AT_BASE + 7, 0xff, DS4_FORMAT, "impossible number of tokens"},
        {DS4_SNAPSHOT_AT_BYTES + 2, 0xee, DS4_FORMAT, "length is not what"},
        {DS4_SNAPSHOT_AT_FINGERPRINT, 'X', DS4_UNSUPPORTED, "another model"},
    };
    victim v;
    ds4_error error;
    REQUIRE(open_victim(&v));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t before = v.whole.data[cases[i].at];
        v.whole.data[cases[i].at] = cases[i].value;
        repair_stream(v.whole.data, v.whole.size);
        uint64_t bytes = ds4_model_state_bytes(v.model);
        REQUIRE_MESSAGE(load_changed(&v, &v.whole, &error) == cases[i].status && strstr(error.message, cases[i].what), "case %zu: %s", i,
                        error.message);
        REQUIRE(ds4_model_state_bytes(v.model) - bytes <= ds4_buffer_bytes(&v.end->state.store->fixed));
        v.whole.data[cases[i].at] = before;
    }
    repair_stream(v.whole.data, v.whole.size);
    REQUIRE(load_changed(&v, &v.whole, &error) == DS4_OK);
    close_victim(&v);
}

static void A_failing_reader_or_writer_ends_the_call(void)
{
    victim v;
    ds4_error error;
    REQUIRE(open_victim(&v));
    for (size_t at = 1; at < v.whole.size; at += 1 + at / 3) {
        stream in = v.whole, out = {.fail_at = at};
        in.fail_at = at;
        REQUIRE(load_changed(&v, &in, &error) == DS4_IO && strstr(error.message, "cannot be read"));
        REQUIRE(ds4_checkpoint_save(v.end, NULL, write_stream, &out, &error) == DS4_IO && strstr(error.message, "with code 28"));
        free(out.data);
    }
    ds4_checkpoint *none;
    REQUIRE(ds4_checkpoint_save(v.end, NULL, NULL, NULL, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "write"));
    REQUIRE(ds4_checkpoint_save(NULL, NULL, write_stream, NULL, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_checkpoint_load(NULL, NULL, read_stream, NULL, &none, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_checkpoint_load(v.model, NULL, NULL, NULL, &none, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_checkpoint_load(v.model, NULL, read_stream, NULL, NULL, &error) == DS4_INVALID_ARGUMENT);
    close_victim(&v);
}

static void Every_failed_allocation_while_loading_is_reported_and_leaks_nothing(void)
{
    victim v;
    ds4_error error;
    REQUIRE(open_victim(&v));
    for (int i = 0; i < 2; i++) {
        stream *s = i == 0 ? &v.whole : &v.delta;
        ds4_model *model = v.model;
        ds4_checkpoint *loaded;
        int failures = 0;
        /* Pooled buffers are allocated without being asked for: empty the pools first. */
        ds4_buffer *taken[12];
        ds4_state_store *store = ds4_model_store(model, DS4_MODE_ROUNDED);
        ds4_buffer_pool *pools[] = {&store->fixed, &store->pages[0].pool, &store->pages[1].pool};
        int held = 0;
        for (int p = 0; p < 3; p++)
            while (pools[p]->free != NULL)
                taken[held++] = ds4_buffer_take(pools[p]);
        ds4_status status = DS4_OUT_OF_MEMORY;
        for (; status != DS4_OK && failures < 20; failures += status != DS4_OK) {
            fail_allocation((uint64_t)failures + 1);
            status = load_stream(model, v.base, s, &loaded, &error);
            fail_allocation(0);
            REQUIRE(status == DS4_OK || (status == DS4_OUT_OF_MEMORY && loaded == NULL && strstr(error.message, "no memory")));
            for (int p = 0; p < 3 && status != DS4_OK; p++)
                while (pools[p]->free != NULL && held < 12)
                    taken[held++] = ds4_buffer_take(pools[p]);
        }
        REQUIRE_MESSAGE(failures == 4, "%d failures", failures);
        ds4_checkpoint_free(loaded);
        for (int h = 0; h < held; h++)
            ds4_buffer_release(taken[h]);
    }
    close_victim(&v);
}

/* ---- fuzz ----------------------------------------------------------------------------------------------------- */

/* Offsets where sections begin, and the end; returns how many. */
static size_t find_boundaries(const stream *s, size_t *boundaries, size_t room)
{
    size_t count = 0;
    for (size_t at = DS4_SNAPSHOT_HEADER; at < s->size && count < room - 1;
         at += DS4_SNAPSHOT_SECTION_HEADER + (size_t)ds4_get_u64(s->data + at + 8) + DS4_SNAPSHOT_CHECKSUM)
        boundaries[count++] = at;
    boundaries[count++] = s->size;
    return count;
}

static void A_stream_that_is_cut_off_anywhere_is_refused(void)
{
    victim v;
    ds4_error error;
    size_t boundaries[16];
    REQUIRE(open_victim(&v));
    for (int i = 0; i < 2; i++) {
        const stream *original = i == 0 ? &v.whole : &v.delta;
        size_t count = find_boundaries(original, boundaries, 16);
        REQUIRE(count >= 6);
        for (size_t b = 0; b < count; b++)
            for (size_t cut = boundaries[b] - 30; cut < boundaries[b] + 30 && cut < original->size; cut++) {
                stream s = *original;
                s.size = cut;
                REQUIRE_MESSAGE(load_changed(&v, &s, &error) == DS4_FORMAT, "cut at %zu", cut);
            }
        for (size_t cut = 0; cut < original->size; cut += cut < DS4_SNAPSHOT_HEADER ? 1 : 997) {
            stream s = *original;
            s.size = cut;
            REQUIRE_MESSAGE(load_changed(&v, &s, &error) == DS4_FORMAT, "cut at %zu", cut);
        }
    }
    close_victim(&v);
}

static void A_stream_with_a_flipped_bit_is_refused(void)
{
    victim v;
    ds4_error error;
    random_source random = {29};
    REQUIRE(open_victim(&v));
    for (int round = 0; round < 3000; round++) {
        stream *s = round % 2 ? &v.whole : &v.delta;
        /* Every bit of the header, then any. */
        size_t bit = round / 2 < 8 * DS4_SNAPSHOT_HEADER ? (size_t)round / 2 : random_bits(&random) % (8 * s->size);
        s->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ds4_status status = load_changed(&v, s, &error);
        s->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        REQUIRE_MESSAGE(status != DS4_OK, "bit %zu", bit);
    }
    close_victim(&v);
}

/* Streams that are wrong although their checksums are right: they may load or not, but never do harm. */
static void A_forged_stream_does_no_harm(void)
{
    victim v;
    ds4_error error;
    random_source random = {31};
    size_t boundaries[16];
    int loads = 0;
    REQUIRE(open_victim(&v));
    uint8_t *forged = malloc(v.whole.size + v.delta.size);
    for (int round = 0; round < 1500; round++) {
        const stream *from = round % 2 ? &v.whole : &v.delta, *with = round % 4 < 2 ? &v.whole : &v.delta;
        stream s = {.data = forged, .size = from->size};
        size_t count = find_boundaries(from, boundaries, 16);
        memcpy(forged, from->data, from->size);
        switch (random_bits(&random) % 4) {
        case 0: { /* bytes of the header or of a section's header */
            size_t at = random_bits(&random) % 2 ? 8 + random_bits(&random) % 40
                                                 : boundaries[random_bits(&random) % (count - 1)] + random_bits(&random) % 16;
            forged[at] = (uint8_t)random_bits(&random);
            break;
        }
        case 1: { /* a piece of another place */
            size_t length = random_bits(&random) % 4000, to = random_bits(&random) % (from->size - 4000);
            memcpy(forged + to, with->data + random_bits(&random) % (with->size - 4000), length);
            break;
        }
        case 2: { /* the end of the other stream */
            size_t at = boundaries[random_bits(&random) % count];
            if (at < with->size) {
                memcpy(forged + at, with->data + at, with->size - at);
                s.size = with->size;
            }
            break;
        }
        default: /* values */
            for (int i = 0; i < 20; i++)
                forged[DS4_SNAPSHOT_HEADER + random_bits(&random) % (from->size - DS4_SNAPSHOT_HEADER)] ^= 0x55;
        }
        repair_stream(forged, s.size);
        ds4_checkpoint *loaded = NULL;
        if (load_stream(v.model, v.base, &s, &loaded, &error) == DS4_OK) {
            loads++;
            REQUIRE(ds4_session_restore(v.session, loaded, NULL) == DS4_OK);
            REQUIRE(ds4_session_decode(v.session, 1, &error) == DS4_OK);
        }
        ds4_checkpoint_free(loaded);
    }
    REQUIRE(loads > 100 && loads < 1400);
    REQUIRE(ds4_session_restore(v.session, v.end, NULL) == DS4_OK);
    stream after = save_stream(v.end, NULL);
    REQUIRE(after.size == v.whole.size && memcmp(after.data, v.whole.data, after.size) == 0);
    free(after.data);
    free(forged);
    close_victim(&v);
}

const test snapshot_tests[] = {
    TEST(The_checksum_sees_every_bit_and_the_length_but_not_the_pieces),
    TEST(Exact_decoding_from_a_snapshot_equals_never_having_left),
    TEST(Rounded_decoding_from_a_snapshot_equals_never_having_left),
    TEST(A_snapshot_depends_on_the_tokens_only),
    TEST(A_checkpoint_can_be_saved_while_its_session_goes_on),
    TEST(A_chain_of_snapshots_stores_every_row_once),
    TEST(A_snapshot_with_a_base_needs_exactly_that_base),
    TEST(A_refusal_names_section_and_offset),
    TEST(A_foreign_stream_is_refused),
    TEST(A_failing_reader_or_writer_ends_the_call),
    TEST(Every_failed_allocation_while_loading_is_reported_and_leaks_nothing),
    TEST(A_stream_that_is_cut_off_anywhere_is_refused),
    TEST(A_stream_with_a_flipped_bit_is_refused),
    TEST(A_forged_stream_does_no_harm),
    {NULL, NULL},
};
