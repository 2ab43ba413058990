/* fuzz_gguf.c: any bytes at all as a model file.
 *
 * The file goes the whole way of ds4_model_open: mapping, container, shape, tensors, backend. A model that is accepted is
 * then used, because it may be well-formed and still hold weights that nobody would train.
 */
#define _GNU_SOURCE /* memfd_create */
#include "ds4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TOKENS = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void use(ds4_model *model)
{
    ds4_model_info info;
    ds4_session *session;
    ds4_error error;
    ds4_model_get_info(model, &info);
    uint64_t context = info.context_length < TOKENS ? info.context_length : TOKENS;
    if (ds4_session_create(model, context, DS4_MODE_FAST, &session, &error) != DS4_OK)
        return;
    int32_t tokens[TOKENS];
    for (uint32_t i = 0; i < TOKENS; i++)
        tokens[i] = (int32_t)(i % info.vocabulary_size);
    ds4_status status = ds4_session_prefill(session, tokens, (size_t)context, NULL, &error);
    require(status == DS4_OK, "a model that was opened cannot be evaluated");
    ds4_session_free(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    ds4_model *model = NULL;
    ds4_error error = {""};
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    require(file >= 0 && write(file, data, size) == (ssize_t)size, "the input cannot be written");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    ds4_status status = ds4_model_open(path, &(ds4_model_options){"cpu", 1}, &model, &error);
    close(file);
    require((status == DS4_OK) == (model != NULL), "status and model disagree");
    require(status == DS4_OK || error.message[0] != '\0', "a refusal without a sentence");
    if (model != NULL)
        use(model);
    ds4_model_close(model);
    return 0;
}
