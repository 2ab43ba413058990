/* testmodel.c: the program ds4-testmodel, which writes models of random weights in any shape.
 *
 * Such a model says nothing sensible, but it takes the time and the memory of a real one, so speed can be measured where
 * the weights are not.
 */
#define _POSIX_C_SOURCE 200809L
#include "arguments.h"
#include "model_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage_head[] =
    "usage: ds4-testmodel --out M.gguf [--preset NAME] [--seed N] [SHAPE] [FORMATS]\n"
    "\n"
    "Writes a GGUF of the deepseek4 architecture with random weights. The same arguments give the same bytes.\n"
    "\n"
    "Presets (default: flash5)\n";

static const char usage_tail[] = "\n"
                                 "Shape: changes to the preset\n"
                                 "  --layers N          in the published order of ratios: 0, 0, 4, 128, 4, 128, …\n"
                                 "  --ratios N,N,…      another order of 0, 4 and 128, one per layer\n"
                                 "  --hidden N          width of a stream               --vocabulary N\n"
                                 "  --heads N           --head-dim N                    --groups N          of the output projection\n"
                                 "  --query-rank N      --output-rank N                 --window N\n"
                                 "  --index-heads N     --index-top-k N                 --context N         trained context, tokens\n"
                                 "  --experts N         --experts-used N                --expert-width N    --hash-layers N\n"
                                 "\n"
                                 "Formats: F32, F16, Q8_0, Q2_K, Q4_K or IQ2_XXS\n"
                                 "  --attention F       also the output matrix          --mix F             also the router\n"
                                 "  --compressor F      also the indexer                --embedding F\n"
                                 "  --gate-up F         --down F        the experts     --shared F          the shared expert\n";

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* ---- arguments ---------------------------------------------------------------------------------------------- */

static bool set_ratios(model_config *config, const char *text)
{
    uint32_t count = 0;
    for (const char *rest = text;; rest++) {
        char *end;
        unsigned long ratio = strtoul(rest, &end, 10);
        if (end == rest || (*end != ',' && *end != '\0') || count == DS4_MAX_LAYERS || ratio > UINT32_MAX)
            return fail("--ratios is %s; expected up to %d numbers with commas between them", text, DS4_MAX_LAYERS);
        config->ratios[count++] = (uint32_t)ratio;
        rest = end;
        if (*rest == '\0')
            break;
    }
    if (config->layers != count && config->layers != 0)
        return fail("--ratios names %" PRIu32 " layers, --layers is %" PRIu32, count, config->layers);
    config->layers = count;
    return true;
}

static bool set_format(ds4_format *format, const char *flag_name, const char *name)
{
    if (name == NULL)
        return true;
    for (uint32_t type = 0; type <= DS4_FORMAT_IQ2_XXS; type++) {
        const ds4_format_info *info = ds4_format_find(type);
        if (info != NULL && strcmp(info->name, name) == 0) {
            *format = info->format;
            return true;
        }
    }
    return fail("%s is %s; expected F32, F16, Q8_0, Q2_K, Q4_K or IQ2_XXS", flag_name, name);
}

typedef struct arguments {
    const char *path, *preset, *ratios;
    uint32_t seed, layers, context;
    const char *formats[7];
} arguments;

/* Two passes over the same flags: the first finds the preset, which the second changes. */
static parse_result parse(int argc, char **argv, arguments *a, model_config *c, const char *usage)
{
    const flag flags[] = {
        {"--out", &a->path, NULL, NULL, true, false},
        {"--preset", &a->preset, NULL, NULL, false, false},
        {"--seed", NULL, &a->seed, NULL, false, true},
        {"--layers", NULL, &a->layers, NULL, false, false},
        {"--ratios", &a->ratios, NULL, NULL, false, false},
        {"--hidden", NULL, &c->hidden, NULL, false, false},
        {"--vocabulary", NULL, &c->vocabulary, NULL, false, false},
        {"--heads", NULL, &c->heads, NULL, false, false},
        {"--head-dim", NULL, &c->head_dim, NULL, false, false},
        {"--groups", NULL, &c->groups, NULL, false, false},
        {"--query-rank", NULL, &c->query_rank, NULL, false, false},
        {"--output-rank", NULL, &c->output_rank, NULL, false, false},
        {"--window", NULL, &c->window, NULL, false, false},
        {"--index-heads", NULL, &c->index_heads, NULL, false, false},
        {"--index-top-k", NULL, &c->index_top_k, NULL, false, false},
        {"--context", NULL, &a->context, NULL, false, false},
        {"--experts", NULL, &c->experts, NULL, false, false},
        {"--experts-used", NULL, &c->experts_used, NULL, false, false},
        {"--expert-width", NULL, &c->expert_width, NULL, false, false},
        {"--hash-layers", NULL, &c->hash_layers, NULL, false, true},
        {"--attention", &a->formats[0], NULL, NULL, false, false},
        {"--mix", &a->formats[1], NULL, NULL, false, false},
        {"--compressor", &a->formats[2], NULL, NULL, false, false},
        {"--gate-up", &a->formats[3], NULL, NULL, false, false},
        {"--down", &a->formats[4], NULL, NULL, false, false},
        {"--shared", &a->formats[5], NULL, NULL, false, false},
        {"--embedding", &a->formats[6], NULL, NULL, false, false},
    };
    return parse_arguments(argc, argv, flags, sizeof flags / sizeof flags[0], usage);
}

static bool apply(const arguments *a, model_config *c)
{
    ds4_format *formats[] = {&c->attention, &c->mix, &c->compressor, &c->gate_up, &c->down, &c->shared, &c->embedding};
    static const char *const names[] = {"--attention", "--mix", "--compressor", "--gate-up", "--down", "--shared", "--embedding"};
    if (a->layers != 0)
        set_layers(c, a->layers);
    if (a->ratios != NULL) {
        c->layers = a->layers;
        if (!set_ratios(c, a->ratios))
            return false;
    }
    if (a->context != 0)
        c->context = a->context;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (!set_format(formats[i], names[i], a->formats[i]))
            return false;
    /* A preset's hash layers need not fit fewer layers that were asked for. */
    if (c->hash_layers > c->layers && a->layers + (a->ratios != NULL) != 0)
        c->hash_layers = c->layers;
    return true;
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool write_file(const arguments *a, const model_config *config)
{
    ds4_error error;
    if (check_config(config, &error) != DS4_OK)
        return fail("%s", error.message);
    model_file *file = describe_model(config, a->seed);
    set_string(file, "general.name", a->preset);
    double start = seconds_now();
    ds4_status status = stream_model(file, a->path, &interrupted, &error);
    double seconds = seconds_now() - start, megabytes = (double)model_size(file) * 1e-6;
    free_model_file(file);
    if (status != DS4_OK)
        return fail("%s", error.message);
    printf("%s: %.1f MB in %.1f s, %.0f MB/s\n", a->path, megabytes, seconds, megabytes / seconds);
    return true;
}

int main(int argc, char **argv)
{
    char usage[4096];
    arguments a = {.preset = "flash5", .seed = 1};
    model_config config = {.layers = 0};
    snprintf(usage, sizeof usage, "%s%s%s", usage_head, preset_help, usage_tail);
    parse_result parsed = parse(argc, argv, &a, &config, usage);
    if (parsed != PARSED)
        return parsed == HELP_SHOWN ? EXIT_DONE : EXIT_USAGE;
    if (!find_preset(a.preset, &config)) {
        fail("--preset is %s; see --help", a.preset);
        return EXIT_USAGE;
    }
    parse(argc, argv, &a, &config, usage);
    if (!apply(&a, &config))
        return EXIT_USAGE;
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return write_file(&a, &config) ? EXIT_DONE : EXIT_FAILED;
}
