/* bench_sim.c: the program ds4-bench-sim, which counts what a decoded token costs on the Metal backend, by simulation.
 *
 *   ds4-bench-sim FOLDER [POSITION]
 *
 * FOLDER gets models of the published widths with one or two layers, and is left empty. Counts are exact and the same on every
 * machine: dispatches, stages (what lies between two barriers), bytes of weights in sectors of 32 that are touched. What a GPU would
 * make of them is an estimate, and is called so.
 */
#include "gpu_sim.h"
#include "model.h"
#include "model_config.h"
#include "model_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one decoded token of a model costs. */
typedef struct cost {
    double dispatches, stages, weight_bytes, must_read, read_bytes, written_bytes;
} cost;

static bool fail(const char *what, const ds4_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->message);
    return false;
}

/* Makes a session that has `position` tokens behind it. Their rows are whatever the memory holds: what is counted does not depend on
 * values. */
static ds4_status stand_at(ds4_session *session, uint64_t position, ds4_error *error)
{
    while (session->position < position) {
        uint64_t step = position - session->position < 1024 ? position - session->position : 1024;
        ds4_status status = ds4_session_reserve(session, (uint32_t)step, error);
        if (status != DS4_OK)
            return status;
        session->position += step;
    }
    return DS4_OK;
}

static bool count_token(const char *path, uint64_t position, cost *result)
{
    ds4_error error;
    ds4_model_info info;
    ds4_model *model = NULL;
    ds4_session *session = NULL;
    ds4_status status = ds4_model_open(path, &(ds4_model_options){.backend = "metal"}, &model, &error);
    if (status == DS4_OK)
        status = ds4_session_create(model, position + 1, DS4_MODE_FAST, &session, &error);
    if (status == DS4_OK)
        status = stand_at(session, position, &error);
    ds4_gpu_sim_clear_counts();
    if (status == DS4_OK)
        status = ds4_session_decode(session, 1, &error);
    if (status == DS4_OK) {
        ds4_gpu_counts counts = ds4_gpu_sim_counts(NULL);
        ds4_model_get_info(model, &info);
        /* The last stage ends with the wait. */
        *result = (cost){(double)counts.dispatches, (double)counts.barriers + 1, (double)counts.weight_bytes,
                         (double)info.weight_bytes_per_token, (double)counts.read_bytes, (double)counts.written_bytes};
    }
    ds4_session_free(session);
    ds4_model_close(model);
    return status == DS4_OK || fail(path, &error);
}

/* A model of `layers` layers of one ratio, and what its token costs. */
static bool measure(const char *folder, uint32_t ratio, uint32_t layers, uint64_t position, cost *result)
{
    enum { EXPERTS = 16 }; /* six are read of any number */
    char path[1024];
    ds4_error error;
    model_config config = flash_config(layers);
    config.experts = EXPERTS;
    config.hash_layers = 0;
    for (uint32_t i = 0; i < layers; i++)
        config.ratios[i] = ratio;
    (void)snprintf(path, sizeof path, "%s/ratio-%u-layers-%u.gguf", folder, ratio, layers);
    model_file *file = describe_model(&config, 1);
    ds4_status status = stream_model(file, path, NULL, &error);
    free_model_file(file);
    bool good = status == DS4_OK ? count_token(path, position, result) : fail(path, &error);
    (void)unlink(path);
    return good;
}

static cost difference(cost a, cost b)
{
    return (cost){a.dispatches - b.dispatches, a.stages - b.stages, a.weight_bytes - b.weight_bytes,
                  a.must_read - b.must_read, a.read_bytes - b.read_bytes, a.written_bytes - b.written_bytes};
}

static cost sum(cost a, double times, cost b)
{
    return (cost){a.dispatches + times * b.dispatches, a.stages + times * b.stages, a.weight_bytes + times * b.weight_bytes,
                  a.must_read + times * b.must_read, a.read_bytes + times * b.read_bytes, a.written_bytes + times * b.written_bytes};
}

static void print_row(const char *name, cost c)
{
    printf("| %s | %.0f | %.0f | %.1f | %.3f | %.1f | %.1f |\n", name, c.stages, c.dispatches, c.weight_bytes / 1e6,
           c.weight_bytes / c.must_read, c.read_bytes / 1e6, c.written_bytes / 1e6);
}

/* An estimate: weights at a share of the bandwidth, and a time for every stage, during which little else happens. */
static void print_estimates(cost token)
{
    static const struct {
        const char *name;
        double bytes_per_second, published;
    } machines[] = {{"M3 Max, 400 GB/s", 400e9, 26.7}, {"M4 Max, 546 GB/s", 546e9, 26.8}, {"M3 Ultra, 819 GB/s", 819e9, 36.9}};
    const double share = 0.8, stage_seconds = 3e-6;
    printf("\nEstimate, not a measurement: weights at %.0f %% of the bandwidth, %.0f us for every stage.\n\n"
           "| machine | tokens/s at the bandwidth | tokens/s, estimate | the peer's, published (short context) |\n|---|--:|--:|--:|\n",
           share * 100, stage_seconds * 1e6);
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        printf("| %s | %.1f | %.1f | %.1f |\n", machines[i].name, machines[i].bytes_per_second / token.must_read,
               1 / (token.weight_bytes / (share * machines[i].bytes_per_second) + token.stages * stage_seconds), machines[i].published);
}

static bool run(const char *folder, uint64_t position)
{
    cost plain, twice, overlapping, longer;
    if (!measure(folder, 0, 1, position, &plain) || !measure(folder, 0, 2, position, &twice) ||
        !measure(folder, DS4_RATIO_OVERLAPPING, 1, position, &overlapping) || !measure(folder, DS4_RATIO_LONG, 1, position, &longer))
        return false;
    cost layer = difference(twice, plain), frame = difference(plain, layer);
    cost four = difference(overlapping, frame), many = difference(longer, frame);
    cost token = sum(sum(sum(frame, 2, layer), 21, four), 20, many);
    printf("One decoded token at position %" PRIu64 ", published widths, two-bit experts:\n\n"
           "| | stages | dispatches | weights, MB | weights ÷ what must be read | other bytes read, MB | written, MB |\n|---|--:|--:|--:|--:|--:|--:|\n",
           position);
    print_row("layer of ratio 0", layer);
    print_row("layer of ratio 4", four);
    print_row("layer of ratio 128", many);
    print_row("embedding and head", frame);
    print_row("token, 43 layers", token);
    printf("\nStages per layer, mean: %.1f\n", (token.stages - frame.stages) / 43);
    print_estimates(token);
    return true;
}

int main(int count, char **arguments)
{
    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: ds4-bench-sim FOLDER [POSITION]\n");
        return 2;
    }
    return run(arguments[1], count == 3 ? strtoull(arguments[2], NULL, 10) : 32768) ? 0 : 1;
}
