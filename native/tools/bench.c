/* bench.c: the program ds4-bench, which measures how close decoding comes to what memory allows.
 *
 * DESIGN   Decoding reads weight_bytes_per_token for every token, so the machine's read bandwidth bounds it. The bandwidth
 *          is measured in the same run, by as many threads as the model uses, because a figure from elsewhere would
 *          compare two machines. Tokens are a fixed pseudo-random sequence.
 */
#define _POSIX_C_SOURCE 200809L
#include "arguments.h"
#include "ds4.h"
#include "pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] = "usage: ds4-bench --model M.gguf [--prefill N] [--decode N] [--threads N] [--backend NAME]\n"
                            "\n"
                            "Measures prefill, decode and read bandwidth and prints one line of JSON.\n"
                            "\n"
                            "  --model FILE    the model, a GGUF of the deepseek4 architecture\n"
                            "  --prefill N     tokens of the prompt (default 512)\n"
                            "  --decode N      tokens decoded after it (default 64)\n"
                            "  --threads N     default: one per core\n"
                            "  --backend NAME  default: the best one in this build\n";

enum { STREAM_BYTES = 256 << 20, STREAM_PASSES = 4, STREAM_BLOCK = 1 << 20 };

typedef struct measurement {
    double prefill_tps, decode_tps, read_bandwidth;
} measurement;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- bandwidth ---------------------------------------------------------------------------------------------- */

typedef struct stream {
    uint64_t *words;
    uint64_t sums[STREAM_BYTES / STREAM_BLOCK];
} stream;

static void fill_block(void *context, uint32_t block, uint32_t worker)
{
    stream *s = context;
    (void)worker;
    memset((char *)s->words + (size_t)block * STREAM_BLOCK, (int)(block & 127) + 1, STREAM_BLOCK);
}

static void read_block(void *context, uint32_t block, uint32_t worker)
{
    enum { WORDS = STREAM_BLOCK / sizeof(uint64_t), LANES = 16 };
    stream *s = context;
    const uint64_t *words = s->words + (size_t)block * WORDS;
    uint64_t lanes[LANES] = {0};
    (void)worker;
    for (size_t i = 0; i < WORDS; i += LANES)
        for (int j = 0; j < LANES; j++)
            lanes[j] += words[i + j];
    for (int j = 0; j < LANES; j++)
        s->sums[block] += lanes[j];
}

/* Best of several passes over a buffer that no cache holds, in bytes per second. */
static bool measure_bandwidth(uint32_t threads, double *bandwidth)
{
    const uint32_t blocks = STREAM_BYTES / STREAM_BLOCK;
    ds4_error error;
    ds4_pool *pool;
    stream *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->words = malloc(STREAM_BYTES);
    if (s == NULL || s->words == NULL || ds4_pool_create(threads, &pool, &error) != DS4_OK) {
        if (s != NULL)
            free(s->words);
        free(s);
        return fail("no memory to measure the read bandwidth");
    }
    ds4_pool_run(pool, blocks, fill_block, s);
    *bandwidth = 0;
    for (int pass = 0; pass < STREAM_PASSES; pass++) {
        double start = seconds_now();
        ds4_pool_run(pool, blocks, read_block, s);
        double rate = STREAM_BYTES / (seconds_now() - start);
        *bandwidth = rate > *bandwidth ? rate : *bandwidth;
    }
    ds4_pool_free(pool);
    free(s->words);
    free(s);
    return true;
}

/* ---- evaluation --------------------------------------------------------------------------------------------- */

static int32_t *make_tokens(size_t count, uint32_t vocabulary)
{
    int32_t *tokens = malloc(count * sizeof *tokens);
    uint32_t state = 12345;
    for (size_t i = 0; tokens != NULL && i < count; i++) {
        state = state * 1664525u + 1013904223u;
        tokens[i] = (int32_t)((state >> 8) % vocabulary);
    }
    return tokens;
}

static bool measure_evaluation(ds4_session *session, const int32_t *tokens, uint32_t prefill, uint32_t decode, measurement *m)
{
    ds4_error error;
    double start = seconds_now();
    ds4_status status = ds4_session_prefill(session, tokens, prefill, NULL, &error);
    m->prefill_tps = prefill / (seconds_now() - start);
    start = seconds_now();
    for (uint32_t i = 0; status == DS4_OK && i < decode; i++)
        status = ds4_session_decode(session, tokens[prefill + i], &error);
    m->decode_tps = decode / (seconds_now() - start);
    return status == DS4_OK ? true : fail("%s: %s", ds4_status_name(status), error.message);
}

static bool measure(ds4_model *model, const ds4_model_info *info, uint32_t prefill, uint32_t decode, measurement *m)
{
    ds4_error error;
    ds4_session *session;
    ds4_status status = ds4_session_create(model, (uint64_t)prefill + decode, DS4_MODE_FAST, &session, &error);
    if (status != DS4_OK)
        return fail("%s: %s", ds4_status_name(status), error.message);
    int32_t *tokens = make_tokens((size_t)prefill + decode, info->vocabulary_size);
    bool done = tokens != NULL ? measure_evaluation(session, tokens, prefill, decode, m) : fail("out of memory");
    free(tokens);
    ds4_session_free(session);
    return done && measure_bandwidth(info->threads, &m->read_bandwidth);
}

static void print(const ds4_model_info *info, uint32_t prefill, uint32_t decode, const measurement *m)
{
    double roofline = m->decode_tps * (double)info->weight_bytes_per_token / m->read_bandwidth;
    printf("{\"prefill_tokens\":%" PRIu32 ",\"decode_tokens\":%" PRIu32 ",\"prefill_tps\":%.3f,\"decode_tps\":%.3f,"
           "\"weight_bytes_per_token\":%" PRIu64 ",\"read_bandwidth\":%.0f,\"roofline_share\":%.4f,"
           "\"threads\":%" PRIu32 ",\"backend\":\"%s\",\"kernels\":\"%s\"}\n",
           prefill, decode, m->prefill_tps, m->decode_tps, info->weight_bytes_per_token, m->read_bandwidth, roofline, info->threads,
           info->backend, info->kernels);
}

int main(int argc, char **argv)
{
    const char *path = NULL, *backend = NULL;
    uint32_t prefill = 512, decode = 64, threads = 0;
    const flag flags[] = {
        {"--model", &path, NULL, NULL, true},       {"--prefill", NULL, &prefill, NULL, false}, {"--decode", NULL, &decode, NULL, false},
        {"--threads", NULL, &threads, NULL, false}, {"--backend", &backend, NULL, NULL, false},
    };
    parse_result parsed = parse_arguments(argc, argv, flags, sizeof flags / sizeof flags[0], usage);
    if (parsed != PARSED)
        return parsed == HELP_SHOWN ? EXIT_DONE : EXIT_USAGE;
    ds4_model *model;
    ds4_model_info info;
    ds4_error error;
    measurement m = {0, 0, 0};
    ds4_status status = ds4_model_open(path, &(ds4_model_options){backend, threads}, &model, &error);
    if (status != DS4_OK) {
        fail("--model %s: %s: %s", path, ds4_status_name(status), error.message);
        return EXIT_FAILED;
    }
    ds4_model_get_info(model, &info);
    bool done = measure(model, &info, prefill, decode, &m);
    if (done)
        print(&info, prefill, decode, &m);
    ds4_model_close(model);
    return done ? EXIT_DONE : EXIT_FAILED;
}
