/* engine.c: the program ds4-engine-bench, which measures the engine against its goals and prints a Markdown table.
 *
 * DESIGN   A row is a ratio of what the engine does to what the same machine allows or did in the same run, because
 *          seconds say more about the machine than about the engine. Rows need a wide model (weights larger than any cache)
 *          or a deep one (a real session state under narrow weights); a row whose model was not given is left out.
 */
#include "arguments.h"
#include "clock.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: ds4-engine-bench [--q2 M.gguf] [--q4 M.gguf] [--deep M.gguf] [--runs N] [--long N]\n"
                            "                        [--threads N] [--scratch FOLDER]\n"
                            "\n"
                            "Prints rows of a Markdown table: what, measured, range, goal.\n"
                            "\n"
                            "  --q2 FILE    ds4-testmodel --preset flash5: decode and prefill\n"
                            "  --q4 FILE    ds4-testmodel --preset flash5-q4: decode\n"
                            "  --deep FILE  ds4-testmodel --preset deep: state of a long session\n"
                            "  --runs N     repetitions of each row (default 9; prompts a third of it)\n"
                            "  --long N     tokens of the long prompt and the long session (default 16384, and twice that)\n"
                            "  --threads N  default: one per core\n"
                            "  --scratch F  folder for a snapshot of some megabytes (default /tmp)\n";

enum { SHORT_PROMPT = 256, MIDDLE_PROMPT = 2048, DECODED = 16, WARM_TOKENS = 2, SESSIONS = 4 };

/* ---- rows --------------------------------------------------------------------------------------------------- */

void print_row(const char *what, const samples *s, double scale, const char *unit, const char *goal)
{
    if (s->count == 1)
        printf("| %s | %.1f %s | | %s |\n", what, scale * median_of(s), unit, goal);
    else
        printf("| %s | %.1f %s | %.1f – %.1f | %s |\n", what, scale * median_of(s), unit, scale * smallest_of(s), scale * largest_of(s),
               goal);
    fflush(stdout);
}

/* ---- weights ------------------------------------------------------------------------------------------------ */

static bool decode_rows(const options *o, const stand *s, const char *formats)
{
    static decode_figures figures, warm;
    char what[128];
    uint32_t count = WARM_TOKENS + DECODED * o->runs;
    int32_t *tokens = make_tokens(s, count);
    ds4_session *session = tokens != NULL ? new_stand_session(s, count) : NULL;
    figures = warm = (decode_figures){.tps = {.count = 0}};
    bool done = session != NULL && measure_decode(s, session, tokens, WARM_TOKENS, &warm);
    for (uint32_t i = 0; done && i < o->runs; i++)
        done = measure_decode(s, session, tokens + WARM_TOKENS + i * DECODED, DECODED, &figures);
    ds4_session_free(session);
    free(tokens);
    if (done) {
        snprintf(what, sizeof what, "decode, %s: weight bytes per second, of the read bandwidth", formats);
        print_row(what, &figures.share, 100, "%", "≥ 65 %");
        print_row("tokens of these five layers", &figures.tps, 1, "tokens/s", "");
        snprintf(what, sizeof what, "read bandwidth beside it");
        print_row(what, &figures.bandwidth, 1e-9, "GB/s", "");
    }
    return done;
}

/* One prompt into a session of its own. */
static bool measure_prompt(const stand *s, const int32_t *tokens, uint32_t count, prefill_figures *figures)
{
    ds4_session *session = new_stand_session(s, count);
    bool done = session != NULL && measure_prefill(s, session, tokens, count, figures);
    ds4_session_free(session);
    return done;
}

/* Prompts of different lengths take turns, so that a slow minute of the machine meets all of them. */
static bool prefill_rows(const options *o, const stand *s)
{
    static prefill_figures small, middle, large;
    static samples growth;
    int32_t *tokens = make_tokens(s, o->long_prompt);
    bool done = tokens != NULL;
    for (uint32_t i = 0; done && i < o->prompts; i++) {
        done = measure_prompt(s, tokens, SHORT_PROMPT, &small) && measure_prompt(s, tokens, MIDDLE_PROMPT, &middle) &&
               (i > 0 || measure_prompt(s, tokens, o->long_prompt, &large));
        if (done && i == 0)
            add_sample(&growth, median_of(&middle.tps) / median_of(&large.tps) - 1);
    }
    free(tokens);
    if (done) {
        print_row("prefill of 256 tokens: multiply-adds with weights, of the int8 peak", &small.peak_share, 100, "%", "≥ 30 %");
        print_row("prefill of 2,048 tokens: the same", &middle.peak_share, 100, "%", "≥ 40 %");
        print_row("tokens of these five layers", &middle.tps, 1, "tokens/s", "");
        print_row("int8 peak beside it", &middle.peak, 1e-9, "G multiply-adds/s", "");
        print_row("prefill of the long prompt against 2,048 tokens: more time per token", &growth, 100, "%", "< 25 %");
    }
    return done;
}

static bool with_stand(const options *o, const char *path, bool (*rows)(const options *o, const stand *s))
{
    stand s;
    if (path == NULL)
        return true;
    if (!open_stand(&s, path, NULL, o->threads))
        return false;
    bool done = rows(o, &s);
    close_stand(&s);
    return done;
}

static bool q4_rows(const options *o, const stand *s)
{
    return decode_rows(o, s, "Q4_K experts");
}

/* ---- several sessions --------------------------------------------------------------------------------------- */

/* Tokens per second of `count` sessions that decode together, after as many tokens as `advance` says. */
static bool measure_batch(ds4_session *const *sessions, const int32_t *tokens, size_t count, double *tps)
{
    ds4_error error;
    ds4_status status = DS4_OK;
    double start = seconds_now();
    for (int i = 0; status == DS4_OK && i < DECODED; i++)
        status = ds4_sessions_decode(sessions, tokens + (size_t)i * count, count, &error);
    *tps = (double)count * DECODED / (seconds_now() - start);
    return status == DS4_OK ? true : fail("%s: %s", ds4_status_name(status), error.message);
}

static bool batch_rows(const options *o, const stand *s)
{
    static samples gain;
    uint32_t context = DECODED * (2 * o->runs + 2);
    ds4_session *sessions[SESSIONS] = {NULL};
    int32_t *tokens = make_tokens(s, (size_t)SESSIONS * DECODED);
    double one, all;
    bool done = tokens != NULL;
    for (int i = 0; done && i < SESSIONS; i++)
        done = (sessions[i] = new_stand_session(s, context)) != NULL;
    done = done && measure_batch(sessions, tokens, SESSIONS, &all); /* warm */
    for (uint32_t i = 0; done && i < o->runs; i++) {
        done = measure_batch(sessions, tokens, 1, &one) && measure_batch(sessions, tokens, SESSIONS, &all);
        if (done)
            add_sample(&gain, all / one);
    }
    for (int i = 0; i < SESSIONS; i++)
        ds4_session_free(sessions[i]);
    free(tokens);
    if (done)
        print_row("four sessions decoding together: tokens per second, of one alone", &gain, 1, "times", "≥ 1.7");
    return done;
}

static bool q2_rows(const options *o, const stand *s)
{
    return decode_rows(o, s, "IQ2_XXS and Q2_K experts") && batch_rows(o, s) && prefill_rows(o, s);
}

int main(int argc, char **argv)
{
    options o = {.runs = 9, .long_prompt = 16384, .scratch = "/tmp"};
    const flag flags[] = {
        {"--q2", &o.q2, NULL, NULL, false, false},
        {"--q4", &o.q4, NULL, NULL, false, false},
        {"--deep", &o.deep, NULL, NULL, false, false},
        {"--runs", NULL, &o.runs, NULL, false, false},
        {"--long", NULL, &o.long_prompt, NULL, false, false},
        {"--threads", NULL, &o.threads, NULL, false, false},
        {"--scratch", &o.scratch, NULL, NULL, false, false},
    };
    parse_result parsed = parse_arguments(argc, argv, flags, sizeof flags / sizeof flags[0], usage);
    if (parsed != PARSED)
        return parsed == HELP_SHOWN ? EXIT_DONE : EXIT_USAGE;
    o.prompts = (o.runs + 2) / 3;
    printf("| what | measured | range | goal |\n|---|---|---|---|\n");
    bool done = with_stand(&o, o.q2, q2_rows) && with_stand(&o, o.q4, q4_rows) && with_stand(&o, o.deep, state_rows);
    return done ? EXIT_DONE : EXIT_FAILED;
}
