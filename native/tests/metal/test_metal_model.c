/* Whole models on the Metal backend, against the reference and against the CPU. */
#include "agreement.h"
#include "engine.h"
#include "gpu_sim.h"
#include "harness.h"
#include "model_writer.h"
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = GOLDEN_TOKENS, VOCABULARY = GOLDEN_VOCABULARY };

/* ---- the golden model --------------------------------------------------------------------------------------- */

/* Logits after each of `count` tokens, to be freed: a prompt of `first` tokens, then the others one by one. */
static float *golden_logits(ds4_mode mode, const int32_t *tokens, size_t first, size_t count)
{
    ds4_model *model = open_engine_on(golden_path("tiny.gguf"), "metal", 1);
    ds4_session *session = new_session(model, TOKENS, mode);
    float *logits = malloc(TOKENS * VOCABULARY * sizeof *logits);
    uint32_t rows[TOKENS];
    ds4_error error;
    for (uint32_t i = 0; i < TOKENS; i++)
        rows[i] = i;
    ds4_prefill_options options = {.rows = rows, .row_count = first, .row_logits = logits};
    bool good = session != NULL && ds4_session_prefill(session, tokens, first, &options, &error) == DS4_OK;
    for (size_t i = first; good && i < count; i++) {
        good = ds4_session_decode(session, tokens[i], &error) == DS4_OK;
        if (good)
            memcpy(logits + i * VOCABULARY, ds4_session_logits(session), VOCABULARY * sizeof *logits);
    }
    if (!good && session != NULL)
        report_failure("golden", 0, "%s", error.message);
    ds4_session_free(session);
    ds4_model_close(model);
    return logits;
}

static void Exact_logits_match_the_reference_in_a_prompt_and_token_by_token(void)
{
    int32_t tokens[TOKENS];
    float *expected = load_golden_logits("logits_exact.f32");
    REQUIRE(expected != NULL && load_golden_tokens(tokens));
    float *found = golden_logits(DS4_MODE_EXACT, tokens, 250, TOKENS);
    double error = largest_error(found, expected, TOKENS, VOCABULARY);
    REQUIRE_MESSAGE(error < 2e-5, "relative error %g", error);
    free(found);
    free(expected);
}

/* Of a prompt longer than the window and some decoded tokens: a simulation takes its time. */
static void check_statistics(ds4_mode mode, double least_equal, double most_error, double most_divergence)
{
    enum { PROMPT = 150, ALL = 170 };
    int32_t tokens[TOKENS];
    float *expected = load_golden_logits("logits_rounded.f32");
    REQUIRE(expected != NULL && load_golden_tokens(tokens));
    float *found = golden_logits(mode, tokens, PROMPT, ALL);
    agreement agreed = agreement_of(found, expected, ALL, VOCABULARY);
    REQUIRE_MESSAGE(agreed.equal >= least_equal, "%g of the argmaxes", agreed.equal);
    REQUIRE_MESSAGE(agreed.error <= most_error, "median relative error %g", agreed.error);
    REQUIRE_MESSAGE(agreed.divergence <= most_divergence, "mean KL divergence %g", agreed.divergence);
    free(found);
    free(expected);
}

static void Rounded_logits_agree_with_the_reference_statistically(void)
{
    check_statistics(DS4_MODE_ROUNDED, 0.99, 4e-3, 3e-4);
}

static void Fast_logits_agree_with_the_reference_statistically(void)
{
    check_statistics(DS4_MODE_FAST, 0.9, 3e-2, 1e-3);
}

/* ---- against the CPU ---------------------------------------------------------------------------------------- */

typedef struct pair {
    ds4_model *cpu, *metal;
    uint32_t vocabulary;
} pair;

static bool open_pair(pair *p, const model_config *config, const char *name)
{
    model_file *file = describe_model(config, 3);
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", save_model(file, name));
    free_model_file(file);
    *p = (pair){open_engine_on(path, "cpu", 1), open_engine_on(path, "metal", 1), config->vocabulary};
    return p->cpu != NULL && p->metal != NULL;
}

static void close_pair(pair *p)
{
    ds4_model_close(p->cpu);
    ds4_model_close(p->metal);
}

/* Logits of the last of `count` tokens and of `more` decoded ones agree with the CPU's. */
static bool agree(const pair *p, ds4_mode mode, const int32_t *tokens, size_t count, size_t more, double tolerance)
{
    ds4_session *cpu = new_session(p->cpu, count + more, mode), *metal = new_session(p->metal, count + more, mode);
    bool good = cpu != NULL && metal != NULL;
    for (size_t i = 0; good && i <= more; i++) {
        size_t first = i == 0 ? 0 : count + i - 1, step = i == 0 ? count : 1;
        good = advance(cpu, tokens, first, step) && advance(metal, tokens, first, step);
        double error = good ? relative_error(ds4_session_logits(metal), ds4_session_logits(cpu), p->vocabulary) : 0;
        if (!(error <= tolerance)) {
            report_failure(__FILE__, __LINE__, "%zu tokens, %zu decoded: relative error %g", count, i, error);
            good = false;
        }
    }
    ds4_session_free(cpu);
    ds4_session_free(metal);
    return good;
}

static void Prompts_of_every_length_modulo_4_and_of_many_modulo_128_equal_the_CPU(void)
{
    static const size_t counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 31, 32, 33, 63, 64, 65, 90, 127, 128, 129, 131, 257};
    model_config config = small_config();
    int32_t tokens[300];
    pair p;
    REQUIRE(open_pair(&p, &config, "lengths.gguf"));
    make_tokens(tokens, 300, config.vocabulary);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        REQUIRE(agree(&p, DS4_MODE_EXACT, tokens, counts[i], 3, 2e-5));
    close_pair(&p);
}

static void use_one_format(model_config *config, ds4_format format)
{
    config->attention = config->mix = config->compressor = config->gate_up = config->down = config->shared = config->embedding = format;
}

/* Every row length is a multiple of 256, so that every matrix can have every format. */
static void Every_format_in_every_matrix_equals_the_CPU(void)
{
    static const ds4_format formats[] = {DS4_FORMAT_F32, DS4_FORMAT_F16, DS4_FORMAT_Q8_0, DS4_FORMAT_Q2_K, DS4_FORMAT_Q4_K, DS4_FORMAT_IQ2_XXS};
    int32_t tokens[40];
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        model_config config = small_config();
        pair p;
        config.head_dim = 256;
        config.query_rank = 256;
        config.output_rank = 128;
        use_one_format(&config, formats[i]);
        REQUIRE(open_pair(&p, &config, "formats.gguf"));
        make_tokens(tokens, 40, config.vocabulary);
        REQUIRE_MESSAGE(agree(&p, DS4_MODE_EXACT, tokens, 5, 5, 2e-5) && agree(&p, DS4_MODE_EXACT, tokens, 33, 2, 2e-5), "format %d",
                        (int)formats[i]);
        close_pair(&p);
    }
}

static void Shapes_far_from_the_published_ones_equal_the_CPU(void)
{
    int32_t tokens[80];
    pair p;
    model_config config = small_config();
    config.ratios[0] = 128, config.ratios[1] = 4, config.ratios[2] = 4, config.ratios[3] = 0;
    config.hash_layers = 0;
    config.router_bias = false;
    config.experts = config.experts_used = 3;
    config.heads = 10, config.groups = 5, config.head_dim = 320, config.window = 1, config.index_heads = 11, config.index_top_k = 5;
    config.clamp = 0;
    REQUIRE(open_pair(&p, &config, "shapes.gguf"));
    make_tokens(tokens, 80, config.vocabulary);
    REQUIRE(agree(&p, DS4_MODE_EXACT, tokens, 70, 3, 2e-5));
    REQUIRE(agree(&p, DS4_MODE_EXACT, tokens, 6, 3, 2e-5));
    close_pair(&p);
}

/* Vectors of products are longer than what threadgroup memory has, the input also alone, and rows are no multiple of a threadgroup's. */
static void Widths_beyond_what_a_threadgroup_holds_equal_the_CPU(void)
{
    int32_t tokens[12];
    pair p;
    model_config config = small_config();
    config.layers = 2;
    config.ratios[0] = 4, config.ratios[1] = 128;
    config.hidden = 4104;
    config.query_rank = 1032;
    config.heads = 6, config.groups = 1, config.output_rank = 1056;
    config.experts = 40, config.experts_used = 5, config.expert_width = 72; /* more experts than lanes */
    config.epsilon = 5e-3f;                                                 /* so large that it tells */
    config.position_centre = 60;                                            /* so large that its double has no exponential */
    use_one_format(&config, DS4_FORMAT_F16);
    REQUIRE(open_pair(&p, &config, "widths.gguf"));
    make_tokens(tokens, 12, config.vocabulary);
    REQUIRE(agree(&p, DS4_MODE_EXACT, tokens, 7, 2, 2e-5));
    close_pair(&p);
}

/* The context is so short that a prompt as long has parts in the first span of its only tile; and no width is a multiple of that of a
 * tile of a product. */
static void A_tile_of_several_spans_and_parts_equals_the_CPU(void)
{
    enum { COUNT = 265, SPAN = 256 };
    int32_t tokens[COUNT];
    uint32_t rows[] = {0, 70, SPAN - 1, SPAN, COUNT - 1};
    float cpu_logits[5 * 64], metal_logits[5 * 64];
    ds4_error error;
    pair p;
    model_config config = small_config();
    config.layers = 2;
    config.ratios[0] = 4, config.ratios[1] = 128;
    config.context = COUNT;
    config.hidden = 1032;
    config.query_rank = 40;
    config.experts = 40, config.experts_used = 3, config.expert_width = 72;
    config.epsilon = 5e-3f;
    use_one_format(&config, DS4_FORMAT_F16);
    REQUIRE(open_pair(&p, &config, "spans.gguf") && config.vocabulary <= 64);
    make_tokens(tokens, COUNT, config.vocabulary);
    ds4_session *cpu = new_session(p.cpu, COUNT, DS4_MODE_EXACT), *metal = new_session(p.metal, COUNT, DS4_MODE_EXACT);
    ds4_prefill_options options = {.tile = COUNT, .rows = rows, .row_count = 5, .row_logits = cpu_logits};
    REQUIRE(cpu != NULL && metal != NULL && ds4_session_prefill(cpu, tokens, COUNT, &options, &error) == DS4_OK);
    options.row_logits = metal_logits;
    REQUIRE_MESSAGE(ds4_session_prefill(metal, tokens, COUNT, &options, &error) == DS4_OK, "%s", error.message);
    double apart = largest_error(metal_logits, cpu_logits, 5, config.vocabulary);
    REQUIRE_MESSAGE(apart < 2e-5, "relative error %g", apart);
    ds4_session_free(cpu);
    ds4_session_free(metal);
    close_pair(&p);
}

static bool is_refused(const model_config *config, const char *number)
{
    ds4_model *model = NULL;
    ds4_error error = {""};
    model_file *file = describe_model(config, 1);
    ds4_status status = ds4_model_open(save_model(file, "wide.gguf"), &(ds4_model_options){.backend = "metal"}, &model, &error);
    bool good = status == DS4_UNSUPPORTED && strstr(error.message, number) != NULL && strstr(error.message, "use the backend cpu") != NULL;
    if (!good)
        report_failure(__FILE__, __LINE__, "status %d, it says: %s", (int)status, error.message);
    ds4_model_close(model);
    free_model_file(file);
    return good;
}

static void What_the_kernels_cannot_take_is_refused_with_the_way_out(void)
{
    model_config wide = small_config(), crowded = small_config();
    wide.head_dim = 576;
    crowded.heads = 66;
    crowded.groups = 2;
    REQUIRE(is_refused(&wide, "576") && is_refused(&crowded, "33 heads"));
}

static void What_the_kernels_cannot_take_runs_on_the_CPU_unless_Metal_was_asked_for(void)
{
    model_config config = small_config();
    ds4_model_info info;
    config.head_dim = 576;
    ds4_model *model = open_small(&config, "wide.gguf", 1);
    REQUIRE(model != NULL);
    ds4_model_get_info(model, &info);
    REQUIRE(strcmp(info.backend, "cpu") == 0);
    ds4_model_close(model);
    config.head_dim = 192;
    model = open_small(&config, "narrow.gguf", 1);
    REQUIRE(model != NULL);
    ds4_model_get_info(model, &info);
    REQUIRE(strcmp(info.backend, "metal") == 0 && strcmp(info.kernels, "simulator") == 0 && info.work_bytes > 0);
    ds4_model_close(model);
}

/* A system ends work that keeps the device for seconds, and what is encoded must not wait for the rest. */
static void A_prompt_is_given_to_the_device_layer_by_layer_and_a_token_in_two_parts(void)
{
    model_config config = small_config();
    int32_t tokens[42];
    ds4_model *model = open_small(&config, "flushes.gguf", 1);
    ds4_session *session = new_session(model, 42, DS4_MODE_FAST);
    make_tokens(tokens, 42, config.vocabulary);
    ds4_gpu_sim_clear_counts();
    REQUIRE(session != NULL && advance(session, tokens, 0, 41) && ds4_gpu_sim_counts(NULL).flushes == config.layers - 1);
    ds4_gpu_sim_clear_counts();
    REQUIRE(advance(session, tokens, 41, 1) && ds4_gpu_sim_counts(NULL).flushes == 1);
    ds4_session_free(session);
    ds4_model_close(model);
}

/* ---- states ------------------------------------------------------------------------------------------------- */

/* A checkpoint of one backend's session goes on in a session of the other. */
static bool moves(const pair *p, ds4_model *from, ds4_model *to, ds4_mode mode, const int32_t *tokens, size_t count)
{
    ds4_session *source = new_session(from, count + 4, mode), *target = new_session(to, count + 4, mode);
    ds4_checkpoint *kept = NULL, *moved = NULL;
    ds4_error error;
    bool good = source != NULL && target != NULL && advance(source, tokens, 0, count) && ds4_session_checkpoint(source, &kept, &error) == DS4_OK;
    stream stream = good ? save_stream(kept, NULL) : (struct stream){0};
    good = good && load_stream(to, NULL, &stream, &moved, &error) == DS4_OK && ds4_session_restore(target, moved, &error) == DS4_OK;
    for (size_t i = count; good && i < count + 4; i++) {
        good = advance(source, tokens, i, 1) && advance(target, tokens, i, 1);
        double error_of_step = good ? relative_error(ds4_session_logits(target), ds4_session_logits(source), p->vocabulary) : 0;
        if (!(error_of_step <= (mode == DS4_MODE_EXACT ? 2e-5 : 2e-2))) {
            report_failure(__FILE__, __LINE__, "token %zu: relative error %g", i, error_of_step);
            good = false;
        }
    }
    free(stream.data);
    ds4_checkpoint_free(kept);
    ds4_checkpoint_free(moved);
    ds4_session_free(source);
    ds4_session_free(target);
    return good;
}

static void Checkpoints_move_between_CPU_and_Metal(void)
{
    model_config config = small_config();
    int32_t tokens[200];
    pair p;
    REQUIRE(open_pair(&p, &config, "moves.gguf"));
    make_tokens(tokens, 200, config.vocabulary);
    REQUIRE(moves(&p, p.cpu, p.metal, DS4_MODE_EXACT, tokens, 150) && moves(&p, p.metal, p.cpu, DS4_MODE_EXACT, tokens, 150));
    REQUIRE(moves(&p, p.cpu, p.metal, DS4_MODE_ROUNDED, tokens, 61) && moves(&p, p.metal, p.cpu, DS4_MODE_ROUNDED, tokens, 61));
    close_pair(&p);
}

/* The window has more rows than as many of the smallest parts; with the three selected ones, they are parts without a rest. */
static void Attention_in_as_many_parts_as_there_may_be_equals_the_CPU(void)
{
    enum { COUNT = 1150 };
    model_config config = small_config();
    int32_t tokens[COUNT + 4];
    pair p;
    config.layers = 2;
    config.ratios[0] = 4, config.ratios[1] = 128;
    config.window = 1101;
    config.output_rank = 64;
    REQUIRE(open_pair(&p, &config, "parts.gguf"));
    make_tokens(tokens, COUNT + 4, config.vocabulary);
    REQUIRE(moves(&p, p.cpu, p.metal, DS4_MODE_EXACT, tokens, COUNT));
    close_pair(&p);
}

/* ---- trouble ------------------------------------------------------------------------------------------------ */

static void A_kernel_that_fails_is_named_and_a_checkpoint_revives_the_session(void)
{
    model_config config = small_config();
    int32_t tokens[16];
    ds4_checkpoint *kept = NULL;
    ds4_error error;
    ds4_model *model = open_small(&config, "fails.gguf", 1);
    ds4_session *session = new_session(model, 16, DS4_MODE_EXACT);
    make_tokens(tokens, 16, config.vocabulary);
    REQUIRE(session != NULL && advance(session, tokens, 0, 3) && ds4_session_checkpoint(session, &kept, &error) == DS4_OK);
    float before = ds4_session_logits(session)[0];
    ds4_gpu_sim_fail("attend");
    REQUIRE(ds4_session_prefill(session, tokens + 3, 9, NULL, &error) == DS4_IO);
    REQUIRE_MESSAGE(strstr(error.message, "attend") != NULL, "it says: %s", error.message);
    REQUIRE(ds4_session_logits(session) == NULL && ds4_session_decode(session, tokens[3], &error) == DS4_POISONED);
    REQUIRE(ds4_session_restore(session, kept, &error) == DS4_OK && ds4_session_logits(session)[0] == before);
    REQUIRE(advance(session, tokens, 3, 1));
    ds4_checkpoint_free(kept);
    ds4_session_free(session);
    ds4_model_close(model);
}

static void Memory_that_the_device_refuses_ends_the_opening_and_leaves_nothing_behind(void)
{
    model_config config = small_config();
    ds4_error error;
    ds4_model_options options = {.backend = "metal"};
    char path[1024];
    uint32_t refused = 0;
    model_file *file = describe_model(&config, 1);
    (void)snprintf(path, sizeof path, "%s", save_model(file, "refused.gguf"));
    free_model_file(file);
    REQUIRE(ds4_gpu_sim_buffers() == 0);
    for (ds4_model *model = NULL; model == NULL; refused++) {
        ds4_gpu_sim_refuse_after(refused);
        ds4_status status = ds4_model_open(path, &options, &model, &error);
        REQUIRE(status == (model == NULL ? DS4_OUT_OF_MEMORY : DS4_OK));
        ds4_model_close(model);
        REQUIRE(ds4_gpu_sim_buffers() == 0);
    }
    ds4_gpu_sim_refuse_after(UINT32_MAX);
    REQUIRE_MESSAGE(refused > 20, "%u buffers", refused);
}

/* ---- several sessions --------------------------------------------------------------------------------------- */

enum { SESSIONS = 5, STEPS = 3, LONGEST = 75 };

/* Of the prompts. The longest has its rows of attention in two parts, the others in one. */
static const size_t prompt_lengths[SESSIONS] = {1, 26, 33, 70, 8};

/* Decodes tokens after the prompts, together or one by one. Logits of the last are kept: [SESSIONS][vocabulary]. */
static bool decode_sessions(ds4_session *const *sessions, const int32_t *tokens, bool together, float *logits, uint32_t vocabulary)
{
    ds4_error error;
    bool good = true;
    for (int step = 0; good && step < STEPS; step++) {
        int32_t next[SESSIONS];
        for (int i = 0; i < SESSIONS; i++)
            next[i] = tokens[prompt_lengths[i] + (size_t)step];
        for (int i = 0; good && i < SESSIONS; i += together ? SESSIONS : 1)
            good = ds4_sessions_decode(sessions + i, next + i, together ? SESSIONS : 1, &error) == DS4_OK;
    }
    for (int i = 0; good && i < SESSIONS; i++)
        memcpy(logits + (size_t)i * vocabulary, ds4_session_logits(sessions[i]), vocabulary * sizeof *logits);
    return good;
}

/* The same tokens after the same prompts, alone and together. */
static bool decode_alike(ds4_model *model, ds4_mode mode, const int32_t *tokens, float *alone, float *together, uint32_t vocabulary)
{
    ds4_session *sessions[SESSIONS];
    ds4_checkpoint *prompts[SESSIONS] = {NULL};
    ds4_error error;
    bool good = true;
    for (int i = 0; i < SESSIONS; i++) {
        sessions[i] = new_session(model, LONGEST, mode);
        good = good && sessions[i] != NULL && advance(sessions[i], tokens, 0, prompt_lengths[i]) &&
               ds4_session_checkpoint(sessions[i], &prompts[i], &error) == DS4_OK;
    }
    good = good && decode_sessions(sessions, tokens, false, alone, vocabulary);
    for (int i = 0; good && i < SESSIONS; i++)
        good = ds4_session_restore(sessions[i], prompts[i], &error) == DS4_OK;
    good = good && decode_sessions(sessions, tokens, true, together, vocabulary);
    for (int i = 0; i < SESSIONS; i++) {
        ds4_checkpoint_free(prompts[i]);
        ds4_session_free(sessions[i]);
    }
    return good;
}

static void Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone(void)
{
    model_config config = small_config();
    int32_t tokens[LONGEST];
    float alone[SESSIONS * 64], together[SESSIONS * 64];
    ds4_mode modes[] = {DS4_MODE_EXACT, DS4_MODE_FAST};
    pair p;
    config.window = 70;
    REQUIRE(open_pair(&p, &config, "together.gguf") && config.vocabulary <= 64);
    make_tokens(tokens, LONGEST, config.vocabulary);
    for (int m = 0; m < 2; m++) {
        REQUIRE(decode_alike(p.metal, modes[m], tokens, alone, together, config.vocabulary));
        REQUIRE(memcmp(alone, together, SESSIONS * config.vocabulary * sizeof *alone) == 0 && alone[0] == alone[0]);
    }
    close_pair(&p);
}

/* ---- the demo model ----------------------------------------------------------------------------------------- */

/* The prompt is evaluated by the CPU, which is faster than a simulation, and the reply by both. */
static void The_demo_model_replies_as_on_the_CPU(void)
{
    enum { MOST = 4096, REPLY = 25 };
    static int32_t tokens[MOST];
    char path[1024];
    ds4_model_info info;
    ds4_error error;
    (void)snprintf(path, sizeof path, "%s/../../demo/reference/prompts/16.ids", golden_folder);
    size_t count = read_tokens(path, tokens, MOST);
    REQUIRE(count > 0);
    (void)snprintf(path, sizeof path, "%s/../../demo/ds4-demo.gguf", golden_folder);
    pair p = {open_engine_on(path, "cpu", 2), open_engine_on(path, "metal", 1), 0};
    REQUIRE(p.cpu != NULL && p.metal != NULL);
    ds4_model_get_info(p.cpu, &info);
    ds4_session *cpu = new_session(p.cpu, MOST, DS4_MODE_FAST), *metal = new_session(p.metal, MOST, DS4_MODE_FAST);
    ds4_checkpoint *kept = NULL, *moved = NULL;
    REQUIRE(cpu != NULL && metal != NULL && advance(cpu, tokens, 0, count) && ds4_session_checkpoint(cpu, &kept, &error) == DS4_OK);
    stream stream = save_stream(kept, NULL);
    REQUIRE(load_stream(p.metal, NULL, &stream, &moved, &error) == DS4_OK && ds4_session_restore(metal, moved, &error) == DS4_OK);
    for (int i = 0; i < REPLY; i++) {
        int32_t token = best_token(ds4_session_logits(cpu), info.vocabulary_size);
        REQUIRE_MESSAGE(best_token(ds4_session_logits(metal), info.vocabulary_size) == token, "token %d of the reply differs", i);
        REQUIRE(advance(cpu, &token, 0, 1) && advance(metal, &token, 0, 1));
    }
    free(stream.data);
    ds4_checkpoint_free(kept);
    ds4_checkpoint_free(moved);
    ds4_session_free(cpu);
    ds4_session_free(metal);
    close_pair(&p);
}

const test metal_model_tests[] = {
    TEST(Prompts_of_every_length_modulo_4_and_of_many_modulo_128_equal_the_CPU),
    TEST(Every_format_in_every_matrix_equals_the_CPU),
    TEST(Shapes_far_from_the_published_ones_equal_the_CPU),
    TEST(Widths_beyond_what_a_threadgroup_holds_equal_the_CPU),
    TEST(A_tile_of_several_spans_and_parts_equals_the_CPU),
    TEST(What_the_kernels_cannot_take_is_refused_with_the_way_out),
    TEST(What_the_kernels_cannot_take_runs_on_the_CPU_unless_Metal_was_asked_for),
    TEST(A_prompt_is_given_to_the_device_layer_by_layer_and_a_token_in_two_parts),
    TEST(A_kernel_that_fails_is_named_and_a_checkpoint_revives_the_session),
    TEST(Memory_that_the_device_refuses_ends_the_opening_and_leaves_nothing_behind),
    TEST(Checkpoints_move_between_CPU_and_Metal),
    TEST(Attention_in_as_many_parts_as_there_may_be_equals_the_CPU),
    TEST(Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone),
    TEST(Exact_logits_match_the_reference_in_a_prompt_and_token_by_token),
    TEST(Rounded_logits_agree_with_the_reference_statistically),
    TEST(Fast_logits_agree_with_the_reference_statistically),
    TEST(The_demo_model_replies_as_on_the_CPU),
    {NULL, NULL},
};
