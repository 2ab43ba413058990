/* The shipped demo model against the logits of the framework that trained it. */
#include "agreement.h"
#include "engine.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROMPTS = 20, MOST_TOKENS = 4096 };

static const char *demo_path(const char *name)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/../../demo/%s", golden_folder, name);
    return path;
}

/* The number of ids in the file; 0 after reporting a failure. */
static size_t load_prompt(int prompt, int32_t tokens[MOST_TOKENS])
{
    char name[64];
    (void)snprintf(name, sizeof name, "reference/prompts/%02d.ids", prompt);
    size_t count = read_tokens(demo_path(name), tokens, MOST_TOKENS);
    if (count == 0)
        report_failure(name, 0, "cannot be read");
    return count;
}

static void compare(ds4_model *model, const float *expected, size_t vocabulary)
{
    static int32_t tokens[MOST_TOKENS];
    for (int prompt = 0; prompt < PROMPTS; prompt++) {
        size_t count = load_prompt(prompt, tokens);
        REQUIRE(count > 0);
        ds4_session *session = new_session(model, MOST_TOKENS, DS4_MODE_EXACT);
        REQUIRE(session != NULL);
        bool advanced = advance(session, tokens, 0, count);
        double error =
            advanced ? relative_error(ds4_session_logits(session), expected + (size_t)prompt * vocabulary, vocabulary) : INFINITY;
        ds4_session_free(session);
        REQUIRE_MESSAGE(error < 1e-3, "prompt %02d of %zu tokens: relative error %g", prompt, count, error);
    }
}

static void Exact_logits_of_the_demo_equal_those_of_the_training_framework(void)
{
    ds4_model *model = open_engine(demo_path("ds4-demo.gguf"), 2);
    REQUIRE(model != NULL);
    ds4_model_info info;
    ds4_model_get_info(model, &info);
    size_t size = 0;
    uint8_t *data = read_whole_file(demo_path("reference/logits.f32"), &size);
    if (data != NULL && size == (size_t)PROMPTS * info.vocabulary_size * sizeof(float))
        compare(model, (const float *)(const void *)data, info.vocabulary_size);
    else
        report_failure("logits.f32", 0, "has %zu bytes for %d prompts and a vocabulary of %u", size, PROMPTS, info.vocabulary_size);
    free(data);
    ds4_model_close(model);
}

/* ---- fast mode ---------------------------------------------------------------------------------------------- */

enum { LONG_PROMPTS = 4, REPLY = 40 };

/* Of the tokens that rounded mode replies greedily to a prompt: how many fast mode would have chosen too. */
static int equal_choices(ds4_model *model, int prompt, uint32_t vocabulary)
{
    static int32_t tokens[MOST_TOKENS];
    size_t count = load_prompt(prompt, tokens);
    ds4_session *rounded = new_session(model, MOST_TOKENS, DS4_MODE_ROUNDED), *fast = new_session(model, MOST_TOKENS, DS4_MODE_FAST);
    int equal = 0;
    bool advanced = count > 0 && rounded != NULL && fast != NULL && advance(rounded, tokens, 0, count) && advance(fast, tokens, 0, count);
    for (int i = 0; advanced && i < REPLY; i++) {
        int32_t token = best_token(ds4_session_logits(rounded), vocabulary);
        equal += best_token(ds4_session_logits(fast), vocabulary) == token;
        advanced = advance(rounded, &token, 0, 1) && advance(fast, &token, 0, 1);
    }
    ds4_session_free(rounded);
    ds4_session_free(fast);
    return equal;
}

static void Fast_mode_chooses_the_tokens_of_the_demo_s_replies(void)
{
    ds4_model *model = open_engine(demo_path("ds4-demo.gguf"), 2);
    REQUIRE(model != NULL);
    ds4_model_info info;
    ds4_model_get_info(model, &info);
    int equal = 0;
    for (int prompt = PROMPTS - LONG_PROMPTS; prompt < PROMPTS; prompt++)
        equal += equal_choices(model, prompt, info.vocabulary_size);
    REQUIRE_MESSAGE(equal * 100 >= LONG_PROMPTS * REPLY * 99, "%d of %d tokens are the same", equal, LONG_PROMPTS * REPLY);
    ds4_model_close(model);
}

const test demo_tests[] = {
    TEST(Exact_logits_of_the_demo_equal_those_of_the_training_framework),
    TEST(Fast_mode_chooses_the_tokens_of_the_demo_s_replies),
    {NULL, NULL},
};
