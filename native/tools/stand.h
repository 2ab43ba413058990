/* stand.h: a test stand, which is a warm model and the meters of the machine beside it.
 *
 * What bounds the engine (memory bandwidth, int8 peak) is measured in the same run, by as many threads and right beside
 * what it bounds: figures from elsewhere or from ten minutes ago would compare two machines.
 */
#ifndef STAND_H
#define STAND_H

#include "bandwidth.h"
#include "ds4.h"
#include "samples.h"

typedef struct stand {
    ds4_model *model;
    ds4_model_info info;
    ds4_pool *pool; /* for the meters; the model has its own */
    bandwidth_meter *bandwidth;
} stand;

/* Opens the model and brings its weights into memory. False after saying why. */
bool open_stand(stand *s, const char *path, const char *backend, uint32_t threads);
void close_stand(stand *s);

/* A session for DS4_MODE_FAST; NULL after saying why. */
ds4_session *new_stand_session(const stand *s, uint64_t context);

/* `count` pseudo-random tokens, always the same; to be freed; NULL after saying why. */
int32_t *make_tokens(const stand *s, size_t count);

/* Repeated measurements. */
typedef struct prefill_figures {
    samples tps;        /* tokens per second */
    samples peak;       /* int8 multiply-adds per second of the machine, before and after each run */
    samples peak_share; /* of the weights' multiply-adds per second in it */
} prefill_figures;

typedef struct decode_figures {
    samples tps;
    samples bandwidth; /* bytes per second, right before each run */
    samples share;     /* of the weights' bytes per second in it, pair by pair */
} decode_figures;

/* Evaluates tokens of an empty session, then continues `session` by `count` tokens at a time. False after saying why. */
bool measure_prefill(const stand *s, ds4_session *session, const int32_t *tokens, uint32_t count, prefill_figures *figures);
bool measure_decode(const stand *s, ds4_session *session, const int32_t *tokens, uint32_t count, decode_figures *figures);

#endif
