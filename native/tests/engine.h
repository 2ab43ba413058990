/* engine.h: shortcuts for tests that run models through the public boundary. */
#ifndef ENGINE_H
#define ENGINE_H

#include "ds4.h"
#include "model_file.h"

/* Writes a file into the scratch folder and returns the path. */
const char *save_model(const model_file *file, const char *name);

/* Opens a model file with a number of threads; NULL after reporting a failure. */
ds4_model *open_engine(const char *path, uint32_t threads);

/* The same on a backend by its name. */
ds4_model *open_engine_on(const char *path, const char *backend, uint32_t threads);

/* Builds, saves and opens a model. */
ds4_model *open_small(const model_config *config, const char *name, uint32_t threads);

/* A session; NULL after reporting a failure. */
ds4_session *new_session(ds4_model *model, uint64_t context, ds4_mode mode);

/* Evaluates tokens first … first + count − 1 of `tokens` in one prefill call; false after reporting a failure. */
bool advance(ds4_session *session, const int32_t *tokens, size_t first, size_t count);

/* Writes `count` tokens below `vocabulary`. */
void make_tokens(int32_t *tokens, size_t count, uint32_t vocabulary);

/* Logits after all tokens, one row per token, evaluated in chunks of `chunk` (1 = decode) by a fresh session of the model;
 * to be freed; NULL after reporting a failure. */
float *all_logits(ds4_model *model, ds4_mode mode, const int32_t *tokens, size_t count, size_t chunk);

/* Opens the model as all_logits needs it, calls it and closes the model. */
float *all_logits_of_file(const char *path, uint32_t threads, ds4_mode mode, const int32_t *tokens, size_t count, size_t chunk);

#endif
