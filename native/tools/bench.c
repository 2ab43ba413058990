/* bench.c: the program ds4-bench, which measures how close the engine comes to what the machine allows.
 *
 * DESIGN   Decoding reads weight_bytes_per_token for every token, so the read bandwidth bounds it; prefill does
 *          multiply-adds with the weights, so the int8 peak bounds it. Both are measured in the same run (stand.h), many
 *          times over; medians are printed, with the range beside them. Tokens are a fixed pseudo-random sequence, so that
 *          experts are chosen about evenly; only the bytes of the chosen ones count.
 */
#include "arguments.h"
#include "int8_peak.h"
#include "stand.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: ds4-bench --model M.gguf [--prefill N] [--decode N] [--runs N] [--prefill-runs N]\n"
                            "                 [--threads N] [--backend NAME]\n"
                            "\n"
                            "Measures prefill, decode and what the machine allows, and prints one line of JSON: medians and ranges.\n"
                            "\n"
                            "  --model FILE      the model, a GGUF of the deepseek4 architecture\n"
                            "  --prefill N       tokens of the prompt (default 512)\n"
                            "  --decode N        tokens decoded in each run (default 16)\n"
                            "  --runs N          decode runs, each beside a reading of the bandwidth (default 9)\n"
                            "  --prefill-runs N  prompts evaluated, each between two readings of the int8 peak (default 3)\n"
                            "  --threads N       default: one per core\n"
                            "  --backend NAME    default: the best one in this build\n"
                            "\n"
                            "  roofline_share      weight bytes per second of decoding, of the read bandwidth (bytes per second)\n"
                            "  prefill_peak_share  multiply-adds with weights of active experts per second of prefill, of the int8\n"
                            "                      peak; attention counts as no work, so this is a lower bound\n"
                            "  major_faults        waits for the disk while measuring; resident_share: part of the file in memory\n";

enum { WARM_TOKENS = 2 };

typedef struct plan {
    uint32_t prefill, decode, runs, prefill_runs;
} plan;

typedef struct results {
    prefill_figures prefill;
    decode_figures decode;
    uint64_t major_faults;
    double resident_share;
} results;

/* Pages of the file, as the library knows them; zeros where the system does not say. */
static ds4_residency residency(const stand *s)
{
    ds4_residency found;
    return ds4_model_get_residency(s->model, &found, NULL) == DS4_OK ? found : (ds4_residency){.mapped_bytes = 1};
}

static bool run_prefill(const stand *s, const plan *p, uint64_t context, const int32_t *tokens, results *r, ds4_session **session)
{
    for (uint32_t i = 0; i < p->prefill_runs; i++) {
        ds4_session_free(*session);
        *session = new_stand_session(s, context);
        if (*session == NULL || !measure_prefill(s, *session, tokens, p->prefill, &r->prefill))
            return false;
    }
    return true;
}

static bool run_decode(const stand *s, const plan *p, const int32_t *tokens, results *r, ds4_session *session)
{
    decode_figures warm = {.tps = {.count = 0}};
    if (!measure_decode(s, session, tokens, WARM_TOKENS, &warm))
        return false;
    tokens += WARM_TOKENS;
    for (uint32_t i = 0; i < p->runs; i++, tokens += p->decode)
        if (!measure_decode(s, session, tokens, p->decode, &r->decode))
            return false;
    return true;
}

static bool measure(const stand *s, const plan *p, results *r)
{
    uint64_t context = (uint64_t)p->prefill + WARM_TOKENS + (uint64_t)p->decode * p->runs;
    int32_t *tokens = make_tokens(s, (size_t)context);
    ds4_session *session = NULL;
    uint64_t faults = residency(s).major_faults;
    bool done = tokens != NULL && run_prefill(s, p, context, tokens, r, &session) && run_decode(s, p, tokens + p->prefill, r, session);
    ds4_residency after = residency(s);
    r->major_faults = after.major_faults - faults;
    r->resident_share = (double)after.resident_bytes / (double)after.mapped_bytes;
    ds4_session_free(session);
    free(tokens);
    return done;
}

static void print_samples(const char *name, const samples *s, int digits)
{
    printf("\"%s\":%.*f,\"%s_min\":%.*f,\"%s_max\":%.*f,", name, digits, median_of(s), name, digits, smallest_of(s), name, digits,
           largest_of(s));
}

static void print(const stand *s, const plan *p, const results *r)
{
    printf("{\"prefill_tokens\":%" PRIu32 ",\"decode_tokens\":%" PRIu32 ",\"runs\":%" PRIu32 ",\"prefill_runs\":%" PRIu32 ",", p->prefill,
           p->decode, p->runs, p->prefill_runs);
    print_samples("prefill_tps", &r->prefill.tps, 3);
    print_samples("decode_tps", &r->decode.tps, 3);
    printf("\"weight_bytes_per_token\":%" PRIu64 ",\"weight_bytes\":%" PRIu64 ",", s->info.weight_bytes_per_token, s->info.weight_bytes);
    print_samples("read_bandwidth", &r->decode.bandwidth, 0);
    print_samples("roofline_share", &r->decode.share, 4);
    print_samples("int8_peak", &r->prefill.peak, 0);
    printf("\"int8_instruction\":\"%s\",", int8_instruction());
    print_samples("prefill_peak_share", &r->prefill.peak_share, 4);
    printf("\"major_faults\":%" PRIu64 ",\"resident_share\":%.4f,", r->major_faults, r->resident_share);
    printf("\"threads\":%" PRIu32 ",\"backend\":\"%s\",\"kernels\":\"%s\"}\n", s->info.threads, s->info.backend, s->info.kernels);
}

int main(int argc, char **argv)
{
    const char *path = NULL, *backend = NULL;
    uint32_t threads = 0;
    plan p = {.prefill = 512, .decode = 16, .runs = 9, .prefill_runs = 3};
    const flag flags[] = {
        {"--model", &path, NULL, NULL, true, false},
        {"--prefill", NULL, &p.prefill, NULL, false, false},
        {"--decode", NULL, &p.decode, NULL, false, false},
        {"--runs", NULL, &p.runs, NULL, false, false},
        {"--prefill-runs", NULL, &p.prefill_runs, NULL, false, false},
        {"--threads", NULL, &threads, NULL, false, false},
        {"--backend", &backend, NULL, NULL, false, false},
    };
    parse_result parsed = parse_arguments(argc, argv, flags, sizeof flags / sizeof flags[0], usage);
    if (parsed != PARSED)
        return parsed == HELP_SHOWN ? EXIT_DONE : EXIT_USAGE;
    stand s;
    static results r;
    if (!open_stand(&s, path, backend, threads))
        return EXIT_FAILED;
    bool done = measure(&s, &p, &r);
    if (done)
        print(&s, &p, &r);
    close_stand(&s);
    return done ? EXIT_DONE : EXIT_FAILED;
}
