/* The boundary: arguments, statuses, sentences. */
#include "ds4.h"
#include "engine.h"
#include "error.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

static void The_version_is_that_of_the_header(void)
{
    REQUIRE(ds4_api_version() == DS4_API_VERSION);
}

static void Every_status_has_a_name(void)
{
    for (int i = DS4_OK; i <= DS4_NOT_FOUND; i++)
        for (int j = DS4_OK; j < i; j++)
            REQUIRE(strcmp(ds4_status_name((ds4_status)i), ds4_status_name((ds4_status)j)) != 0);
    REQUIRE(strcmp(ds4_status_name((ds4_status)99), "unknown status") == 0);
}

static void A_long_message_is_cut_between_characters(void)
{
    ds4_error error;
    char text[600];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', sizeof text);
        for (size_t i = 500 + shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 3); /* euro signs */
        text[597] = '\0';
        ds4_fail(&error, DS4_IO, "%s", text);
        size_t length = strlen(error.message);
        REQUIRE(length <= 511 && length > 511 - 3 && (length - 500 - shift) % 3 == 0);
    }
}

static void Opening_says_what_is_wrong_with_its_arguments(void)
{
    ds4_model *model = (ds4_model *)&model;
    ds4_error error;
    REQUIRE(ds4_model_open(NULL, NULL, &model, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "path"));
    REQUIRE(ds4_model_open("x", NULL, NULL, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "model"));
    REQUIRE(ds4_model_open("/no/such/file", NULL, &model, &error) == DS4_IO && strstr(error.message, "/no/such/file") && model == NULL);
    REQUIRE(ds4_model_open("/", NULL, &model, &error) == DS4_IO && strstr(error.message, "not a regular file"));
    REQUIRE(ds4_model_open("x", &(ds4_model_options){"cuda", 1}, &model, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "cuda"));
    REQUIRE(ds4_model_open("x", &(ds4_model_options){"cpu", 5000}, &model, &error) == DS4_INVALID_ARGUMENT &&
            strstr(error.message, "5000"));
    REQUIRE(ds4_model_open("/no/such/file", NULL, &model, NULL) == DS4_IO);
}

static void An_empty_file_is_refused(void)
{
    ds4_model *model;
    ds4_error error;
    const char *path = scratch_path("empty.gguf");
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    fclose(file);
    REQUIRE(ds4_model_open(path, NULL, &model, &error) == DS4_FORMAT && strstr(error.message, "empty"));
    remove(path);
}

static void A_refused_file_leaves_nothing_behind(void)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    ds4_model *model;
    ds4_error error;
    remove_tensor(file, "output.weight");
    const char *path = save_model(file, "refused.gguf");
    free_model_file(file);
    REQUIRE(ds4_model_open(path, NULL, &model, &error) == DS4_UNSUPPORTED && model == NULL && strstr(error.message, "output.weight"));
    remove(path);
}

static void Sessions_check_context_and_mode(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session;
    ds4_error error;
    ds4_memory memory;
    REQUIRE(model != NULL);
    REQUIRE(ds4_session_create(model, 0, DS4_MODE_EXACT, &session, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "4096"));
    REQUIRE(ds4_session_create(model, 4097, DS4_MODE_EXACT, &session, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "4097"));
    REQUIRE(ds4_session_create(model, 10, (ds4_mode)3, &session, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "mode"));
    REQUIRE(ds4_session_create(NULL, 10, DS4_MODE_EXACT, &session, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_session_create(model, 10, DS4_MODE_EXACT, NULL, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_session_memory(model, 4097, DS4_MODE_EXACT, &memory, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_session_memory(model, 10, DS4_MODE_EXACT, NULL, &error) == DS4_INVALID_ARGUMENT);
    ds4_model_close(model);
    ds4_model_close(NULL);
    ds4_session_free(NULL);
}

/* What every refused call must leave alone. */
static bool is_untouched(ds4_session *session, const float *logits, float first)
{
    return ds4_session_position(session) == 3 && ds4_session_logits(session) == logits && logits[0] == first;
}

static void Wrong_arguments_leave_the_session_untouched(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, 8, DS4_MODE_EXACT);
    ds4_error error;
    int32_t tokens[10];
    float rows_out[80];
    REQUIRE(session != NULL && ds4_session_logits(session) == NULL);
    make_tokens(tokens, 10, config.vocabulary);
    REQUIRE(advance(session, tokens, 0, 3));
    const float *logits = ds4_session_logits(session);
    float first = logits[0];

    REQUIRE(ds4_session_prefill(session, tokens, 6, NULL, &error) == DS4_CONTEXT_FULL);
    REQUIRE(strstr(error.message, "6 tokens do not fit: 3 of the session's 8") && is_untouched(session, logits, first));
    REQUIRE(ds4_session_prefill(session, (int32_t[]){1, 2, 40}, 3, NULL, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(strstr(error.message, "tokens[2] is 40; expected 0 to 39") && is_untouched(session, logits, first));
    REQUIRE(ds4_session_decode(session, -1, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(strstr(error.message, "tokens[0] is -1") && is_untouched(session, logits, first));
    REQUIRE(ds4_session_prefill(session, tokens, 0, NULL, &error) == DS4_INVALID_ARGUMENT && is_untouched(session, logits, first));
    REQUIRE(ds4_session_prefill(session, NULL, 1, NULL, &error) == DS4_INVALID_ARGUMENT && is_untouched(session, logits, first));
    REQUIRE(ds4_session_prefill(NULL, tokens, 1, NULL, &error) == DS4_INVALID_ARGUMENT);

    ds4_prefill_options options = {.rows = (uint32_t[]){1, 1}, .row_count = 2, .row_logits = rows_out};
    REQUIRE(ds4_session_prefill(session, tokens, 3, &options, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "rows[1] is 1"));
    options = (ds4_prefill_options){.rows = (uint32_t[]){0, 3}, .row_count = 2, .row_logits = rows_out};
    REQUIRE(ds4_session_prefill(session, tokens, 3, &options, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "rows[1] is 3"));
    options = (ds4_prefill_options){.rows = (uint32_t[]){0}, .row_count = 1};
    REQUIRE(ds4_session_prefill(session, tokens, 3, &options, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "row_logits"));
    options = (ds4_prefill_options){.row_count = 1, .row_logits = rows_out};
    REQUIRE(ds4_session_prefill(session, tokens, 3, &options, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "rows"));
    REQUIRE(is_untouched(session, logits, first));
    ds4_session_free(session);
    ds4_model_close(model);
}

static void A_session_can_be_filled_to_its_last_position(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, 8, DS4_MODE_ROUNDED);
    ds4_error error;
    int32_t tokens[8];
    REQUIRE(session != NULL);
    make_tokens(tokens, 8, config.vocabulary);
    REQUIRE(advance(session, tokens, 0, 7));
    REQUIRE(ds4_session_decode(session, tokens[7], &error) == DS4_OK && ds4_session_position(session) == 8);
    REQUIRE(ds4_session_decode(session, tokens[7], &error) == DS4_CONTEXT_FULL && ds4_session_position(session) == 8);
    REQUIRE(ds4_session_logits(session) != NULL);
    ds4_session_free(session);
    ds4_model_close(model);
}

const test api_tests[] = {
    TEST(The_version_is_that_of_the_header),
    TEST(Every_status_has_a_name),
    TEST(A_long_message_is_cut_between_characters),
    TEST(Opening_says_what_is_wrong_with_its_arguments),
    TEST(An_empty_file_is_refused),
    TEST(A_refused_file_leaves_nothing_behind),
    TEST(Sessions_check_context_and_mode),
    TEST(Wrong_arguments_leave_the_session_untouched),
    TEST(A_session_can_be_filled_to_its_last_position),
    {NULL, NULL},
};
