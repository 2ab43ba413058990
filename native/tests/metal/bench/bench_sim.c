/* bench_sim.c: the program ds4-bench-sim, which counts what a decoded token costs on the Metal backend, by simulation.
 *
 *   ds4-bench-sim FOLDER [POSITION]
 *
 * FOLDER gets models of the published widths with one or two layers, and is left empty. Counts are exact and the same on every
 * machine: dispatches, stages (what lies between two barriers), bytes of weights and of rows of the state (raw rows of the window,
 * compressed rows, indexer keys) in sectors of 32 that are touched, each once per dispatch. What a GPU would make of them is an
 * estimate, and is called so.
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
    double dispatches, stages;
    double weights, must_weights;                        /* bytes that are read, and those of which every token needs each once */
    double rows, must_rows;                              /* the same of rows of the state */
    double activations;                                  /* bytes of all other memory, each sector once per dispatch */
    double weights_again, rows_again, activations_again; /* what threadgroups load that another of their dispatch has loaded */
    double written;
} cost;

enum { NUMBERS = sizeof(cost) / sizeof(double) };

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

/* Rows of a layer's state: those that a token at `position` must read, for each is read by it and no other memory has it. */
static double rows_of_layer(const ds4_session *session, const ds4_shape *shape, uint32_t layer, uint64_t position)
{
    const ds4_layer_state *state = &session->layers[layer];
    uint64_t before = position < shape->window ? position : shape->window - 1,
             seen = ds4_compressed_rows(shape->ratio[layer], position + 1);
    bool selects = shape->ratio[layer] == DS4_RATIO_OVERLAPPING && seen > shape->index_top_k;
    double bytes = (double)before * session->row_bytes;
    bytes += (double)(selects ? shape->index_top_k : seen) * state->compressed.row_bytes;
    return bytes + (selects ? (double)seen * state->index.row_bytes : 0);
}

static double must_read_rows(const ds4_session *session, const ds4_shape *shape, uint64_t position)
{
    double bytes = 0;
    for (uint32_t layer = 0; layer < shape->layers; layer++)
        bytes += rows_of_layer(session, shape, layer, position);
    return bytes;
}

/* The windows of all layers, and everything in pages. */
static void mark_rows(const ds4_session *session)
{
    const ds4_state *state = &session->state;
    ds4_gpu_sim_mark_rows(state->fixed->data + state->store->window_offset, state->store->window_bytes * state->store->shape->layers);
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        for (uint64_t i = 0; i < state->pages[kind].capacity && state->pages[kind].pages[i] != NULL; i++)
            ds4_gpu_sim_mark_rows(state->pages[kind].pages[i]->data, state->store->pages[kind].pool.size);
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
    if (status == DS4_OK)
        status = ds4_session_reserve(session, 1, &error);
    if (status == DS4_OK)
        mark_rows(session);
    ds4_gpu_sim_clear_counts();
    if (status == DS4_OK)
        status = ds4_session_decode(session, 1, &error);
    if (status == DS4_OK) {
        ds4_gpu_counts counts = ds4_gpu_sim_counts(NULL);
        ds4_model_get_info(model, &info);
        *result = (cost){
            .dispatches = (double)counts.dispatches,
            .stages = (double)counts.barriers + 1, /* the last one ends with the wait */
            .weights = (double)counts.weights.bytes,
            .must_weights = (double)info.weight_bytes_per_token,
            .rows = (double)counts.rows.bytes,
            .must_rows = must_read_rows(session, &model->shape, position),
            .activations = (double)counts.others.bytes,
            .weights_again = (double)(counts.weights.group_bytes - counts.weights.bytes),
            .rows_again = (double)(counts.rows.group_bytes - counts.rows.bytes),
            .activations_again = (double)(counts.others.group_bytes - counts.others.bytes),
            .written = (double)counts.written_bytes,
        };
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

/* a + times · b, number by number. */
static cost sum(cost a, double times, cost b)
{
    double *to = (double *)&a;
    const double *from = (const double *)&b;
    for (size_t i = 0; i < NUMBERS; i++)
        to[i] += times * from[i];
    return a;
}

static double must_read(cost c)
{
    return c.must_weights + c.must_rows;
}

static void print_row(const char *name, cost c)
{
    printf("| %s | %.0f | %.0f | %.1f | %.3f | %.2f | %.3f | %.4f | %.1f |\n", name, c.stages, c.dispatches, c.weights / 1e6,
           c.weights / c.must_weights, c.rows / 1e6, c.must_rows > 0 ? c.rows / c.must_rows : 1, (c.weights + c.rows) / must_read(c),
           c.written / 1e6);
}

static void print_again(const char *name, cost c)
{
    printf("| %s | %.1f | %.1f | %.1f | %.1f |\n", name, c.weights_again / 1e6, c.rows_again / 1e6, c.activations / 1e6,
           c.activations_again / 1e6);
}

/* An estimate: weights and rows at a share of the bandwidth, and a time for every stage, during which little else happens. */
static void print_estimates(cost token)
{
    static const struct {
        const char *name;
        double bytes_per_second, published;
    } machines[] = {{"M3 Max, 400 GB/s", 400e9, 26.7}, {"M4 Max, 546 GB/s", 546e9, 26.8}, {"M3 Ultra, 819 GB/s", 819e9, 36.9}};
    const double share = 0.8, stage_seconds = 3e-6;
    printf("\nEstimate, not a measurement: weights and rows at %.0f %% of the bandwidth, %.0f us for every stage.\n\n"
           "| machine | tokens/s at the bandwidth | tokens/s, estimate | the peer's, published (short context) |\n|---|--:|--:|--:|\n",
           share * 100, stage_seconds * 1e6);
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        printf("| %s | %.1f | %.1f | %.1f |\n", machines[i].name, machines[i].bytes_per_second / must_read(token),
               1 / ((token.weights + token.rows) / (share * machines[i].bytes_per_second) + token.stages * stage_seconds),
               machines[i].published);
}

static bool run(const char *folder, uint64_t position)
{
    cost plain, twice, overlapping, longer;
    if (!measure(folder, 0, 1, position, &plain) || !measure(folder, 0, 2, position, &twice) ||
        !measure(folder, DS4_RATIO_OVERLAPPING, 1, position, &overlapping) || !measure(folder, DS4_RATIO_LONG, 1, position, &longer))
        return false;
    cost layer = sum(twice, -1, plain), frame = sum(plain, -1, layer);
    cost four = sum(overlapping, -1, frame), many = sum(longer, -1, frame);
    cost token = sum(sum(sum(frame, 2, layer), 21, four), 20, many);
    const struct {
        const char *name;
        cost cost;
    } rows[] = {{"layer of ratio 0", layer},
                {"layer of ratio 4", four},
                {"layer of ratio 128", many},
                {"embedding and head", frame},
                {"token, 43 layers", token}};
    enum { ROWS = sizeof rows / sizeof rows[0] };
    printf("One decoded token at position %" PRIu64 ", published widths, two-bit experts:\n\n"
           "| | stages | dispatches | weights, MB | ÷ must | rows of the state, MB | ÷ must | both ÷ must | written, MB |\n"
           "|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
           position);
    for (int i = 0; i < ROWS; i++)
        print_row(rows[i].name, rows[i].cost);
    printf("\nLoaded again by other threadgroups of the same dispatch, which caches must serve, MB:\n\n"
           "| | weights | rows of the state | activations, once per dispatch | activations, again |\n|---|--:|--:|--:|--:|\n");
    for (int i = 0; i < ROWS; i++)
        print_again(rows[i].name, rows[i].cost);
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
