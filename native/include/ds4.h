/* ds4.h: the boundary of libds4, the inference engine of the deepseek4 architecture.
 *
 * PURPOSE  Token ids in, logits out. What must not cross this line: text, HTTP, JSON, files other than the GGUF,
 *          terminal output, signals, exit().
 *
 * DESIGN   ds4_model    a mapped, validated GGUF plus one thread pool. Immutable after opening; shared by its sessions.
 *          ds4_session  the state of one sequence: KV rows, compressor state, last logits.
 *          Threads: any thread may call, but one compute call at a time per model; another gets DS4_BUSY.
 *          Lifetime: sessions must be freed before their model is closed.
 *          Errors: every fallible call returns a status and, when `error` is not NULL, a sentence that says what was
 *          wrong, where, and what to do. Nothing prints, exits, aborts or installs a signal handler.
 */
#ifndef DS4_H
#define DS4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DS4_API __attribute__((visibility("default")))
#else
#define DS4_API
#endif

/* The boundary's version: a caller refuses a library whose ds4_api_version() differs. */
#define DS4_API_VERSION 1u

typedef struct ds4_model ds4_model;
typedef struct ds4_session ds4_session;

typedef enum ds4_status {
    DS4_OK = 0,
    DS4_INVALID_ARGUMENT = 1, /* a parameter is out of its range */
    DS4_IO = 2,               /* the file cannot be opened, mapped or read */
    DS4_FORMAT = 3,           /* the file is not a well-formed GGUF */
    DS4_UNSUPPORTED = 4,      /* well-formed, but not a model these kernels can run */
    DS4_OUT_OF_MEMORY = 5,
    DS4_CONTEXT_FULL = 6,     /* the tokens do not fit in the session's context */
    DS4_BUSY = 7,             /* another compute call runs on this model */
    DS4_CANCELLED = 8,        /* the cancel flag was seen; the session is valid at ds4_session_position() */
    DS4_POISONED = 9,         /* an earlier error left this session unusable: free it */
    DS4_NOT_FOUND = 10        /* the metadata key does not exist or has another type */
} ds4_status;

typedef struct ds4_error {
    char message[512]; /* UTF-8, NUL-terminated */
} ds4_error;

/* How a session calculates. */
typedef enum ds4_mode {
    DS4_MODE_EXACT = 0,   /* float32 state, none of the model's roundings, the same result for any thread count */
    DS4_MODE_ROUNDED = 1, /* the model's FP8, FP4 and F16 round trips of its KV state; float32 activations */
    DS4_MODE_FAST = 2     /* rounded, and whatever the backend's fastest kernels do to activations */
} ds4_mode;

/* ---- library ---------------------------------------------------------------------------------------------- */

DS4_API uint32_t ds4_api_version(void);

/* "ok", "context full", …: a short name for logs; never NULL. */
DS4_API const char *ds4_status_name(ds4_status status);

/* ---- model ------------------------------------------------------------------------------------------------ */

typedef struct ds4_model_options {
    const char *backend; /* "cpu"; NULL picks the best one compiled in */
    uint32_t threads;    /* 0 = one per usable core */
} ds4_model_options;

typedef struct ds4_model_info {
    char name[128];        /* general.name, or "" */
    char backend[16];      /* "cpu" */
    char kernels[64];      /* instruction sets in use, e.g. "scalar" */
    char fingerprint[65];  /* SHA-256 (hex) over header, tensor table, file size and 64 sampled blocks */
    uint32_t vocabulary_size;
    uint32_t layer_count;
    uint32_t hidden_size;
    uint32_t threads;
    uint64_t context_length;         /* trained context, tokens */
    uint64_t file_bytes;
    uint64_t weight_bytes;           /* tensor data */
    uint64_t weight_bytes_per_token; /* weight bytes one decoded token reads */
} ds4_model_info;

/* Maps and checks `path` (every count, offset, size and type is checked before it is used). `options` may be NULL. */
DS4_API ds4_status ds4_model_open(const char *path, const ds4_model_options *options, ds4_model **model, ds4_error *error);
DS4_API void ds4_model_close(ds4_model *model); /* NULL is allowed */
DS4_API void ds4_model_get_info(const ds4_model *model, ds4_model_info *info);

/* A string value of the metadata: bytes inside the mapping, not NUL-terminated, valid until the model is closed. */
DS4_API ds4_status ds4_model_string(const ds4_model *model, const char *key, const uint8_t **bytes, uint64_t *length);

/* A string array of the metadata as it stands in the file: `count` times { u64 little-endian length; bytes }.
 * The whole range is validated. Valid until the model is closed. */
DS4_API ds4_status ds4_model_string_array(const ds4_model *model, const char *key, const uint8_t **data, uint64_t *length,
                                          uint64_t *count);

/* ---- sessions --------------------------------------------------------------------------------------------- */

/* Exact number of bytes a session of this shape allocates, before any allocation. */
DS4_API ds4_status ds4_session_memory(const ds4_model *model, uint64_t context, ds4_mode mode, uint64_t *bytes, ds4_error *error);

/* `context`: the most positions the session will hold, 1 … the trained context length. */
DS4_API ds4_status ds4_session_create(ds4_model *model, uint64_t context, ds4_mode mode, ds4_session **session, ds4_error *error);
DS4_API void ds4_session_free(ds4_session *session); /* NULL is allowed */

/* Number of tokens evaluated so far. */
DS4_API uint64_t ds4_session_position(const ds4_session *session);

/* Called on the caller's thread between tiles: `done` of `total` tokens of this call are evaluated. */
typedef void (*ds4_progress)(void *user, uint64_t done, uint64_t total);

typedef struct ds4_prefill_options {
    const uint32_t *rows;       /* token indices of this call (ascending) whose logits are wanted besides the last; may be NULL */
    size_t row_count;
    float *row_logits;          /* [row_count][vocabulary], written in the order of `rows`; NULL when row_count is 0 */
    uint32_t tile;              /* tokens evaluated together; 0 = the backend's choice */
    ds4_progress progress;      /* may be NULL */
    void *progress_user;
    const volatile int32_t *cancel; /* set to non-zero by any thread to stop at the next tile; may be NULL */
} ds4_prefill_options;

/* Evaluates `count` tokens after those already in the session. Afterwards ds4_session_logits() has the logits of the
 * last one. On DS4_CANCELLED the session is valid at ds4_session_position(). `options` may be NULL. */
DS4_API ds4_status ds4_session_prefill(ds4_session *session, const int32_t *tokens, size_t count, const ds4_prefill_options *options,
                                       ds4_error *error);

/* Evaluates one token. No allocation. */
DS4_API ds4_status ds4_session_decode(ds4_session *session, int32_t token, ds4_error *error);

/* Logits of the last evaluated token, [vocabulary], without a copy; NULL before the first token. Valid until the
 * session's next call. */
DS4_API const float *ds4_session_logits(const ds4_session *session);

#ifdef __cplusplus
}
#endif
#endif
