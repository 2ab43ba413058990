/* logits.c: the program ds4-logits, which writes the logits of chosen positions of a token sequence.
 *
 * DESIGN   The sequence is evaluated in chunks; after each one the rows that fell into it are written to their places in
 *          the output file, so that memory holds the rows of one chunk only.
 */
#include "arguments.h"
#include "ds4.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: ds4-logits --model M.gguf --tokens FILE --positions FILE --mode exact|rounded|fast --out FILE.f32\n"
    "                  [--chunk N] [--backend NAME] [--threads N]\n"
    "\n"
    "Evaluates a token sequence and writes, for each wanted position n, the logits after the first n tokens.\n"
    "\n"
    "  --model FILE      the model, a GGUF of the deepseek4 architecture\n"
    "  --tokens FILE     token ids, one a line\n"
    "  --positions FILE  wanted positions, 1 to the number of tokens, one a line\n"
    "  --mode MODE       exact: float32 state; rounded: the model's roundings; fast: rounded with the fastest kernels\n"
    "  --out FILE        float32 rows of the vocabulary, little-endian, in the order of the positions\n"
    "  --chunk N         tokens per prefill call; 1 decodes one by one; default: all at once\n"
    "  --backend NAME    default: the best one in this build\n"
    "  --threads N       default: one per core\n";

/* A wanted position and where its row goes. */
typedef struct wanted {
    uint32_t position;
    size_t row;
} wanted;

typedef struct job {
    const char *model_path, *tokens_path, *positions_path, *mode, *out_path, *backend;
    uint32_t threads;
    uint32_t chunk;

    ds4_model *model;
    ds4_session *session;
    int32_t *tokens;
    size_t token_count;
    wanted *positions; /* ascending */
    size_t position_count;
    uint32_t *rows; /* of a chunk */
    float *logits;  /* of a chunk's rows */
    FILE *out;
    ds4_error error;
} job;

static int compare_wanted(const void *a, const void *b)
{
    uint32_t x = ((const wanted *)a)->position, y = ((const wanted *)b)->position;
    return (x > y) - (x < y);
}

static bool load_positions(job *j)
{
    int32_t *numbers;
    if (!read_numbers("--positions", j->positions_path, &numbers, &j->position_count))
        return false;
    j->positions = calloc(j->position_count, sizeof *j->positions);
    for (size_t i = 0; j->positions != NULL && i < j->position_count; i++) {
        if (numbers[i] < 1 || (size_t)numbers[i] > j->token_count) {
            fail("--positions %s: position %d; expected 1 to %zu, the number of tokens", j->positions_path, (int)numbers[i],
                 j->token_count);
            free(numbers);
            return false;
        }
        j->positions[i] = (wanted){(uint32_t)numbers[i], i};
    }
    free(numbers);
    if (j->positions == NULL)
        return fail("out of memory");
    qsort(j->positions, j->position_count, sizeof *j->positions, compare_wanted);
    return true;
}

/* Writes the logits of `position` to every place that asked for it; `*next` is the first one. */
static bool write_row(job *j, size_t *next, uint32_t position, const float *logits, uint32_t vocabulary)
{
    for (; *next < j->position_count && j->positions[*next].position == position; (*next)++)
        if (fseeko(j->out, (off_t)(j->positions[*next].row * vocabulary * sizeof *logits), SEEK_SET) != 0 ||
            fwrite(logits, sizeof *logits, vocabulary, j->out) != vocabulary)
            return fail("--out: %s", strerror(errno));
    return true;
}

static bool run_chunk(job *j, size_t first, size_t count, size_t *next, uint32_t vocabulary)
{
    ds4_prefill_options options = {.rows = j->rows, .row_logits = j->logits};
    for (size_t i = *next; i < j->position_count && j->positions[i].position <= first + count; i++) {
        uint32_t row = j->positions[i].position - 1 - (uint32_t)first;
        if (options.row_count == 0 || j->rows[options.row_count - 1] != row)
            j->rows[options.row_count++] = row;
    }
    ds4_status status = j->chunk == 1 ? ds4_session_decode(j->session, j->tokens[first], &j->error)
                                      : ds4_session_prefill(j->session, j->tokens + first, count, &options, &j->error);
    if (status != DS4_OK)
        return fail("%s: %s", ds4_status_name(status), j->error.message);
    for (size_t i = 0; i < options.row_count; i++) {
        const float *row = j->chunk == 1 ? ds4_session_logits(j->session) : j->logits + i * vocabulary;
        if (!write_row(j, next, (uint32_t)first + j->rows[i] + 1, row, vocabulary))
            return false;
    }
    return true;
}

static ds4_mode mode_of(const char *name)
{
    return strcmp(name, "exact") == 0 ? DS4_MODE_EXACT : strcmp(name, "rounded") == 0 ? DS4_MODE_ROUNDED : DS4_MODE_FAST;
}

static bool evaluate(job *j)
{
    ds4_model_info info;
    size_t next = 0, chunk = j->chunk != 0 && j->chunk < j->token_count ? j->chunk : j->token_count;
    ds4_model_get_info(j->model, &info);
    ds4_status status = ds4_session_create(j->model, j->token_count, mode_of(j->mode), &j->session, &j->error);
    if (status != DS4_OK)
        return fail("%s: %s", ds4_status_name(status), j->error.message);
    size_t rows = chunk < j->position_count ? chunk : j->position_count;
    j->rows = calloc(rows, sizeof *j->rows);
    j->logits = calloc(rows * info.vocabulary_size, sizeof *j->logits);
    if (j->rows == NULL || j->logits == NULL)
        return fail("out of memory");
    for (size_t first = 0; first < j->token_count; first += chunk)
        if (!run_chunk(j, first, j->token_count - first < chunk ? j->token_count - first : chunk, &next, info.vocabulary_size))
            return false;
    return true;
}

static bool run(job *j)
{
    ds4_model_options options = {j->backend, j->threads};
    if (!read_numbers("--tokens", j->tokens_path, &j->tokens, &j->token_count) || !load_positions(j))
        return false;
    ds4_status status = ds4_model_open(j->model_path, &options, &j->model, &j->error);
    if (status != DS4_OK)
        return fail("--model %s: %s: %s", j->model_path, ds4_status_name(status), j->error.message);
    j->out = fopen(j->out_path, "wb");
    if (j->out == NULL)
        return fail("--out %s: %s", j->out_path, strerror(errno));
    bool done = evaluate(j);
    if (fclose(j->out) != 0 && done)
        return fail("--out %s: %s", j->out_path, strerror(errno));
    return done;
}

int main(int argc, char **argv)
{
    job j = {.chunk = 0};
    const flag flags[] = {
        {"--model", &j.model_path, NULL, NULL, true, false},
        {"--tokens", &j.tokens_path, NULL, NULL, true, false},
        {"--positions", &j.positions_path, NULL, NULL, true, false},
        {"--mode", &j.mode, NULL, "exact|rounded|fast", true, false},
        {"--out", &j.out_path, NULL, NULL, true, false},
        {"--chunk", NULL, &j.chunk, NULL, false, false},
        {"--backend", &j.backend, NULL, NULL, false, false},
        {"--threads", NULL, &j.threads, NULL, false, false},
    };
    parse_result parsed = parse_arguments(argc, argv, flags, sizeof flags / sizeof flags[0], usage);
    if (parsed != PARSED)
        return parsed == HELP_SHOWN ? EXIT_DONE : EXIT_USAGE;
    bool done = run(&j);
    free(j.logits);
    free(j.rows);
    ds4_session_free(j.session);
    ds4_model_close(j.model);
    free(j.positions);
    free(j.tokens);
    return done ? EXIT_DONE : EXIT_FAILED;
}
