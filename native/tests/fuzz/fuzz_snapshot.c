/* fuzz_snapshot.c: libFuzzer target for ds4_checkpoint_load.
 *
 * Built by clang -fsanitize=fuzzer,address,undefined with the engine's sources and the random models of tests/model, and run on
 * corpus/snapshot. The first byte of an input says whether checksums are made right before loading (otherwise hardly any
 * input would get past the first one); the rest is a stream. What loads must be something that a session can go on from.
 * With DS4_FUZZ_SEEDS=folder in the environment it writes the corpus there and ends.
 */
#include "../model/model_file.h"
#include "../model/model_writer.h"
#include "../stream.c" /* the target is one file */

#include <stdio.h>
#include <unistd.h>

enum { BASE = 4, CONTEXT = 40, REPAIR = 1 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ds4_model *model;
static ds4_session *session;
static ds4_checkpoint *base;

#define MUST(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

/* ---- the model ------------------------------------------------------------------------------------------------ */

/* As small as the architecture allows, so that inputs are small. */
static model_config tiny_config(void)
{
    model_config c = small_config();
    c.layers = 2;
    c.ratios[0] = DS4_RATIO_OVERLAPPING;
    c.ratios[1] = DS4_RATIO_LONG;
    c.hidden = c.expert_width = 32;
    c.heads = c.groups = c.window = c.index_heads = c.experts_used = 1;
    c.experts = 2;
    c.vocabulary = 3;
    c.context = 2048;
    c.gate_up = c.down = DS4_FORMAT_Q8_0;
    return c;
}

static ds4_checkpoint *take_at(uint64_t position)
{
    ds4_checkpoint *checkpoint;
    while (ds4_session_position(session) < position)
        MUST(ds4_session_decode(session, (int32_t)(ds4_session_position(session) % 3), NULL) == DS4_OK);
    MUST(ds4_session_checkpoint(session, &checkpoint, NULL) == DS4_OK);
    return checkpoint;
}

static void write_seed(const char *folder, uint64_t position, const ds4_checkpoint *parent)
{
    char path[512];
    ds4_checkpoint *checkpoint = take_at(position);
    stream s = save_stream(checkpoint, parent);
    snprintf(path, sizeof path, "%s/%s-%llu", folder, parent == NULL ? "whole" : "on-base", (unsigned long long)position);
    FILE *file = fopen(path, "wb");
    MUST(file != NULL && fputc(REPAIR, file) == REPAIR && fwrite(s.data, 1, s.size, file) == s.size && fclose(file) == 0);
    free(s.data);
    ds4_checkpoint_free(checkpoint);
}

static void write_seeds(const char *folder)
{
    write_seed(folder, 2 * BASE, base);
    ds4_session_free(session);
    MUST(ds4_session_create(model, CONTEXT, DS4_MODE_ROUNDED, &session, NULL) == DS4_OK);
    for (uint64_t position = 0; position <= 2; position++)
        write_seed(folder, position, NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    model_config config = tiny_config();
    model_file *file = describe_model(&config, 1);
    const char *folder = getenv("TMPDIR"), *seeds = getenv("DS4_FUZZ_SEEDS");
    char path[512];
    (void)argc, (void)argv;
    snprintf(path, sizeof path, "%s/ds4-fuzz-%ld.gguf", folder != NULL ? folder : "/tmp", (long)getpid());
    MUST(stream_model(file, path, NULL, NULL) == DS4_OK);
    free_model_file(file);
    MUST(ds4_model_open(path, &(ds4_model_options){"cpu:scalar", 1}, &model, NULL) == DS4_OK);
    unlink(path);
    MUST(ds4_session_create(model, CONTEXT, DS4_MODE_ROUNDED, &session, NULL) == DS4_OK);
    base = take_at(BASE);
    if (seeds != NULL) {
        write_seeds(seeds);
        exit(0);
    }
    return 0;
}

/* Makes a stream one of this model, whatever the model was when the corpus was written, and all its checksums right. */
static void adopt(uint8_t *data, size_t size)
{
    ds4_model_info info;
    ds4_model_get_info(model, &info);
    if (size < DS4_SNAPSHOT_HEADER)
        return;
    memcpy(data + DS4_SNAPSHOT_AT_FINGERPRINT, info.fingerprint, 64);
    if (ds4_get_u64(data + DS4_SNAPSHOT_AT_BASE) == BASE)
        ds4_put_u64(data + DS4_SNAPSHOT_AT_BASE_LOGITS, ds4_snapshot_identity(base));
    repair_stream(data, size);
}

/* ---- one input ------------------------------------------------------------------------------------------------ */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds4_checkpoint *loaded = (ds4_checkpoint *)&loaded;
    ds4_error error;
    if (size == 0)
        return 0;
    stream s = {.size = size - 1, .data = malloc(size)};
    MUST(s.data != NULL);
    memcpy(s.data, data + 1, size - 1);
    if (data[0] == REPAIR)
        adopt(s.data, s.size);
    ds4_status status = load_stream(model, base, &s, &loaded, &error);
    MUST((status == DS4_OK) == (loaded != NULL));
    if (status == DS4_OK) {
        uint64_t position = ds4_checkpoint_position(loaded);
        ds4_status restored = ds4_session_restore(session, loaded, &error);
        MUST(restored == DS4_OK || position > CONTEXT || ds4_checkpoint_mode(loaded) != DS4_MODE_ROUNDED);
        if (restored == DS4_OK && position < CONTEXT)
            MUST(ds4_session_decode(session, 1, &error) == DS4_OK && ds4_session_position(session) == position + 1);
        ds4_checkpoint_free(loaded);
    }
    free(s.data);
    return 0;
}
