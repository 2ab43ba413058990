/* The two programs, run as a user runs them. */
#include "engine.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Runs a program of the build folder with both outputs in a file; returns its exit code. `output` is to be freed. */
static int run_tool(const char *tool, const char *arguments, char **output)
{
    char command[16384], path[1024];
    size_t size;
    snprintf(path, sizeof path, "%s/output.txt", scratch_folder);
    snprintf(command, sizeof command, "'%s/%s' %s >'%s' 2>&1", build_folder, tool, arguments, path);
    int status = system(command);
    *output = (char *)read_whole_file(path, &size);
    if (*output != NULL)
        (*output)[size] = '\0';
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool expect(const char *tool, const char *arguments, int code, const char *word)
{
    char *output;
    int found = run_tool(tool, arguments, &output);
    bool good = output != NULL && found == code && strstr(output, word) != NULL;
    if (!good)
        report_failure(tool, found, "%s: expected code %d and \"%s\", got: %s", arguments, code, word, output != NULL ? output : "nothing");
    free(output);
    return good;
}

static bool write_text(const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(name), "w");
    if (file == NULL)
        return false;
    fputs(text, file);
    return fclose(file) == 0;
}

/* Arguments of ds4-logits for the small model, with `more` at the end. */
static const char *logits_arguments(const char *more)
{
    static char text[8192];
    snprintf(text, sizeof text, "--model '%s/small.gguf' --tokens '%s/tokens.txt' --positions '%s/positions.txt' --out '%s/out.f32' %s",
             scratch_folder, scratch_folder, scratch_folder, scratch_folder, more);
    return text;
}

static void Help_is_printed_and_no_error(void)
{
    REQUIRE(expect("ds4-testmodel", "--help", 0, "flash5-q4"));
    REQUIRE(expect("ds4-logits", "--help", 0, "usage: ds4-logits"));
    REQUIRE(expect("ds4-bench", "--help", 0, "usage: ds4-bench"));
}

static void Wrong_command_lines_end_with_code_2_and_name_the_flag(void)
{
    REQUIRE(expect("ds4-logits", "--mdoel x", 2, "--mdoel"));
    REQUIRE(expect("ds4-logits", "--model", 2, "--model needs a value"));
    REQUIRE(expect("ds4-logits", "--model x", 2, "--tokens is missing"));
    REQUIRE(expect("ds4-logits", "--mode quick", 2, "--mode is quick; expected exact|rounded|fast"));
    REQUIRE(expect("ds4-logits", "--chunk 0", 2, "--chunk is 0"));
    REQUIRE(expect("ds4-bench", "--decode many", 2, "--decode is many"));
    REQUIRE(expect("ds4-bench", "", 2, "--model is missing"));
    REQUIRE(expect("ds4-testmodel", "--out x --preset huge", 2, "--preset is huge"));
    REQUIRE(expect("ds4-testmodel", "--out x --ratios 0,4,", 2, "--ratios is 0,4,"));
    REQUIRE(expect("ds4-testmodel", "--out x --layers 3 --ratios 0,4", 2, "--ratios names 2 layers, --layers is 3"));
    REQUIRE(expect("ds4-testmodel", "--out x --down Q9", 2, "--down is Q9"));
}

static void Failures_end_with_code_1_and_name_the_cause(void)
{
    model_config config = small_config();
    ds4_model_close(open_small(&config, "small.gguf", 1));
    REQUIRE(write_text("tokens.txt", "1\n2\n3\n") && write_text("positions.txt", "4\n"));
    REQUIRE(expect("ds4-logits", logits_arguments("--mode exact"), 1, "position 4; expected 1 to 3"));
    REQUIRE(write_text("positions.txt", "1\nx\n"));
    REQUIRE(expect("ds4-logits", logits_arguments("--mode exact"), 1, "entry 2 is not a 32-bit number: x"));
    REQUIRE(write_text("positions.txt", "3\n") && write_text("tokens.txt", "1\n2\n99\n"));
    REQUIRE(expect("ds4-logits", logits_arguments("--mode exact"), 1, "tokens[2] is 99"));
    REQUIRE(expect("ds4-logits", logits_arguments("--mode exact --model /no/such.gguf"), 1, "/no/such.gguf"));
    REQUIRE(expect("ds4-logits", logits_arguments("--mode exact --backend tpu"), 1, "tpu"));
    REQUIRE(expect("ds4-bench", "--model /no/such.gguf", 1, "/no/such.gguf"));
    REQUIRE(expect("ds4-testmodel", "--out /no/such/x.gguf --preset small", 1, "/no/such"));
    REQUIRE(expect("ds4-testmodel", "--out /no/such/x.gguf --experts 5", 1, "expert_used_count is 6"));
}

/* Positions out of order and repeated; chunks that do not end at them. */
static void Logits_are_written_in_the_order_of_the_positions(void)
{
    static const int wanted[] = {9, 1, 20, 9, 10};
    model_config config = small_config();
    int32_t tokens[20];
    char text[256] = "";
    ds4_model *model = open_small(&config, "small.gguf", 1);
    REQUIRE(model != NULL);
    make_tokens(tokens, 20, config.vocabulary);
    float *expected = all_logits(model, DS4_MODE_ROUNDED, tokens, 20, 20);
    ds4_model_close(model);
    for (int i = 0; i < 20; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d\n", (int)tokens[i]);
    REQUIRE(expected != NULL && write_text("tokens.txt", text) && write_text("positions.txt", "9\n1\n20\n9\n10\n"));
    static const char *const chunks[] = {"", "--chunk 1", "--chunk 7", "--chunk 64"};
    for (int c = 0; c < 4; c++) {
        char more[64];
        size_t size;
        snprintf(more, sizeof more, "--mode rounded %s", chunks[c]);
        REQUIRE(expect("ds4-logits", logits_arguments(more), 0, ""));
        float *found = (float *)(void *)read_whole_file(scratch_path("out.f32"), &size);
        REQUIRE(found != NULL && size == 5 * config.vocabulary * sizeof *found);
        for (int i = 0; i < 5; i++)
            REQUIRE_MESSAGE(memcmp(found + i * config.vocabulary, expected + (wanted[i] - 1) * config.vocabulary,
                                   config.vocabulary * sizeof *found) == 0,
                            "position %d with %s", wanted[i], chunks[c]);
        free(found);
    }
    free(expected);
}

static void The_engine_opens_the_models_of_the_generator(void)
{
    char arguments[2048];
    snprintf(arguments, sizeof arguments, "--out '%s/made.gguf' --preset tiny --ratios 0,4,128 --seed 0 --vocabulary 99 --down F16",
             scratch_folder);
    REQUIRE(expect("ds4-testmodel", arguments, 0, "made.gguf: "));
    ds4_model_info info;
    ds4_model *model = open_engine(scratch_path("made.gguf"), 1);
    REQUIRE(model != NULL);
    ds4_model_get_info(model, &info);
    ds4_model_close(model);
    REQUIRE(info.layer_count == 3 && info.vocabulary_size == 99 && strcmp(info.name, "tiny") == 0);
}

static void The_benchmark_prints_one_line_of_JSON(void)
{
    static const char *const keys[] = {
        "\"prefill_tps\":", "\"decode_tps\":",         "\"weight_bytes_per_token\":", "\"read_bandwidth\":", "\"roofline_share\":",
        "\"int8_peak\":",   "\"prefill_peak_share\":", "\"major_faults\":",           "\"threads\":2",       "\"backend\":\"cpu\"",
        "\"kernels\":\""};
    char arguments[2048], *output;
    snprintf(arguments, sizeof arguments, "--model '%s/small.gguf' --prefill 20 --decode 5 --runs 2 --prefill-runs 2 --threads 2",
             scratch_folder);
    REQUIRE(run_tool("ds4-bench", arguments, &output) == 0 && output != NULL);
    REQUIRE(output[0] == '{' && strcmp(output + strlen(output) - 2, "}\n") == 0 && strchr(output, '\n') == output + strlen(output) - 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        REQUIRE_MESSAGE(strstr(output, keys[i]) != NULL, "%s is not in %s", keys[i], output);
    free(output);
}

const test tools_tests[] = {
    TEST(Help_is_printed_and_no_error),
    TEST(Wrong_command_lines_end_with_code_2_and_name_the_flag),
    TEST(Failures_end_with_code_1_and_name_the_cause),
    TEST(Logits_are_written_in_the_order_of_the_positions),
    TEST(The_engine_opens_the_models_of_the_generator),
    TEST(The_benchmark_prints_one_line_of_JSON),
    {NULL, NULL},
};
