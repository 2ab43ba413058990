/* ds4.h: the boundary of libds4, the inference engine of the deepseek4 architecture.
 *
 * PURPOSE  Token ids in, logits out. What must not cross this line: text, HTTP, JSON, files other than the GGUF,
 *          terminal output, signals, exit().
 *
 * DESIGN   ds4_model    a mapped, validated GGUF plus one thread pool. Immutable after opening; shared by its sessions.
 *          ds4_session  the state of one sequence: KV rows, compressor state, last logits. Grows with its position.
 *          ds4_checkpoint  the state a session had, to restore it, to save it as a stream. Immutable; shares memory.
 *          Threads: any thread may call, but one compute call at a time per model; another gets DS4_BUSY. Prefill, decode,
 *          taking and restoring a checkpoint are compute calls. Other functions run beside them, on other objects or
 *          on checkpoints; a session is freed by nobody while another thread uses it.
 *          Lifetime: sessions and checkpoints must be freed before their model is closed; a checkpoint outlives its session.
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
#define DS4_API_VERSION 2u

typedef struct ds4_model ds4_model;
typedef struct ds4_session ds4_session;
typedef struct ds4_checkpoint ds4_checkpoint;

typedef enum ds4_status {
    DS4_OK = 0,
    DS4_INVALID_ARGUMENT = 1, /* a parameter is out of its range */
    DS4_IO = 2,               /* the file cannot be opened, mapped or read */
    DS4_FORMAT = 3,           /* the file is not a well-formed GGUF */
    DS4_UNSUPPORTED = 4,      /* well-formed, but not a model these kernels can run */
    DS4_OUT_OF_MEMORY = 5,
    DS4_CONTEXT_FULL = 6, /* the tokens do not fit in the session's context */
    DS4_BUSY = 7,         /* another compute call runs on this model */
    DS4_CANCELLED = 8,    /* the cancel flag was seen; the session is valid at ds4_session_position() */
    DS4_POISONED = 9,     /* an earlier error left this session unusable: restore a checkpoint or free it */
    DS4_NOT_FOUND = 10    /* the metadata key does not exist or has another type */
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
    const char *backend; /* "metal", "cpu", or "cpu:NAME" for the kernels of one instruction set; NULL picks the best that runs here */
    uint32_t threads;    /* 0 = one per usable core */
} ds4_model_options;

typedef struct ds4_model_info {
    char name[128];       /* general.name, or "" */
    char backend[16];     /* "cpu", "metal" */
    char kernels[64];     /* instruction sets in use, e.g. "scalar", or the device, e.g. "Apple M3 Max" */
    char fingerprint[65]; /* SHA-256 (hex) over header, tensor table, file size and 64 sampled blocks */
    uint32_t vocabulary_size;
    uint32_t layer_count;
    uint32_t hidden_size;
    uint32_t threads;
    uint64_t context_length; /* trained context, tokens */
    uint64_t file_bytes;
    uint64_t weight_bytes;           /* tensor data */
    uint64_t weight_bytes_per_token; /* weight bytes one decoded token reads */
    uint64_t work_bytes;             /* allocated when it is opened: buffers of a batch and of the threads */
} ds4_model_info;

/* Maps and checks `path` (every count, offset, size and type is checked before it is used). `options` may be NULL. */
DS4_API ds4_status ds4_model_open(const char *path, const ds4_model_options *options, ds4_model **model, ds4_error *error);
DS4_API void ds4_model_close(ds4_model *model); /* NULL is allowed */
DS4_API void ds4_model_get_info(const ds4_model *model, ds4_model_info *info);

/* Called on the caller's thread while a long call goes on: `done` of `total` tokens or bytes. */
typedef void (*ds4_progress)(void *user, uint64_t done, uint64_t total);

/* Reads the whole file into memory, as far as it fits there; `progress` gets bytes, and may be NULL. A non-zero `*cancel` ends it with
 * DS4_CANCELLED; `cancel` may be NULL. May run beside evaluations. */
DS4_API ds4_status ds4_model_warm(const ds4_model *model, ds4_progress progress, void *user, const volatile int32_t *cancel,
                                  ds4_error *error);

typedef struct ds4_residency {
    uint64_t mapped_bytes;   /* the file */
    uint64_t resident_bytes; /* of it, in memory (where the kernel tells: it hides this for files of other users) */
    uint64_t major_faults;   /* of this process so far: readings that waited for the disk */
} ds4_residency;
DS4_API ds4_status ds4_model_get_residency(const ds4_model *model, ds4_residency *residency, ds4_error *error);

/* A string value of the metadata: bytes inside the mapping, not NUL-terminated, valid until the model is closed. */
DS4_API ds4_status ds4_model_string(const ds4_model *model, const char *key, const uint8_t **bytes, uint64_t *length);

/* A string array of the metadata as it stands in the file: `count` times { u64 little-endian length; bytes }.
 * The whole range is validated. Valid until the model is closed. */
DS4_API ds4_status ds4_model_string_array(const ds4_model *model, const char *key, const uint8_t **data, uint64_t *length, uint64_t *count);

/* ---- sessions --------------------------------------------------------------------------------------------- */

/* Bytes that a session allocates: exact, headers and whole pages included. */
typedef struct ds4_memory {
    uint64_t fixed; /* when it is created */
    uint64_t full;  /* when its context is full: fixed, and pages that are allocated as tokens come */
} ds4_memory;

/* What a session of this shape will allocate, before any allocation. */
DS4_API ds4_status ds4_session_memory(ds4_model *model, uint64_t context, ds4_mode mode, ds4_memory *memory, ds4_error *error);

/* `context`: the most positions the session will hold, 1 … the trained context length. */
DS4_API ds4_status ds4_session_create(ds4_model *model, uint64_t context, ds4_mode mode, ds4_session **session, ds4_error *error);
DS4_API void ds4_session_free(ds4_session *session); /* NULL is allowed */

/* Number of tokens evaluated so far. */
DS4_API uint64_t ds4_session_position(const ds4_session *session);

/* Bytes the session holds now: `own`, which freeing it gives back, and `shared`, pages that others hold too. */
DS4_API void ds4_session_bytes(const ds4_session *session, uint64_t *own, uint64_t *shared);

/* Bytes allocated for the states of all sessions and checkpoints of the model: each page once, and the few free buffers
 * that are kept for the next ones. This is the figure to hold against a budget. */
DS4_API uint64_t ds4_model_state_bytes(ds4_model *model);

typedef struct ds4_prefill_options {
    const uint32_t *rows; /* token indices of this call (ascending) whose logits are wanted besides the last; may be NULL */
    size_t row_count;
    float *row_logits;     /* [row_count][vocabulary], written in the order of `rows`; NULL when row_count is 0 */
    uint32_t tile;         /* tokens evaluated together; 0 = what takes a few seconds at most */
    ds4_progress progress; /* between tiles, in tokens of this call; may be NULL */
    void *progress_user;
    const volatile int32_t *cancel; /* set to non-zero by any thread to stop at the next tile; may be NULL */
} ds4_prefill_options;

/* Evaluates `count` tokens after those already in the session. Afterwards ds4_session_logits() has the logits of the
 * last one. On DS4_CANCELLED, and on DS4_OUT_OF_MEMORY for the pages of a tile, the session is valid at
 * ds4_session_position(), the end of the last full tile. `options` may be NULL. */
DS4_API ds4_status ds4_session_prefill(ds4_session *session, const int32_t *tokens, size_t count, const ds4_prefill_options *options,
                                       ds4_error *error);

/* Evaluates one token. Allocates only when its compressed row begins a page: every 1024 tokens, and every 32768. */
DS4_API ds4_status ds4_session_decode(ds4_session *session, int32_t token, ds4_error *error);

/* Evaluates one token of each of `count` different sessions, all of one model and one mode, reading every weight once for
 * all of them. The result of each is the same, bit by bit, as alone. Arguments are checked before anything is
 * evaluated. */
DS4_API ds4_status ds4_sessions_decode(ds4_session *const *sessions, const int32_t *tokens, size_t count, ds4_error *error);

/* Logits of the last evaluated token, [vocabulary], without a copy; NULL before the first token. Valid until the
 * session's next call. */
DS4_API const float *ds4_session_logits(const ds4_session *session);

/* ---- checkpoints ------------------------------------------------------------------------------------------ */

/* Keeps the session's state at its position, 0 included: copies windows, open compressor rows and logits (a fixed size),
 * shares the pages of the other rows. A compute call (DS4_BUSY). The session goes on; its later rows are never seen by the checkpoint. */
DS4_API ds4_status ds4_session_checkpoint(ds4_session *session, ds4_checkpoint **checkpoint, ds4_error *error);

/* Makes a session of the same model and mode what the checkpoint's was: position, logits and everything evaluated from there
 * on are the same, bit for bit. Also revives a poisoned session. DS4_CONTEXT_FULL when its context is too small. A compute call.
 * Allocates nothing; on an error the session is as before. */
DS4_API ds4_status ds4_session_restore(ds4_session *session, const ds4_checkpoint *checkpoint, ds4_error *error);

DS4_API void ds4_checkpoint_free(ds4_checkpoint *checkpoint); /* NULL is allowed */
DS4_API uint64_t ds4_checkpoint_position(const ds4_checkpoint *checkpoint);
DS4_API ds4_mode ds4_checkpoint_mode(const ds4_checkpoint *checkpoint);

/* As ds4_session_bytes. A page shared by two becomes the own page of the one that remains. */
DS4_API void ds4_checkpoint_bytes(const ds4_checkpoint *checkpoint, uint64_t *own, uint64_t *shared);

/* ---- snapshots: checkpoints as streams -------------------------------------------------------------------- */

/* Takes the next `size` bytes of a stream. 0, or a code of the caller's that ends the save with DS4_IO. */
typedef int32_t (*ds4_write)(void *user, const void *data, size_t size);

/* Gives the next `size` bytes of a stream: returns how many, fewer only at its end; negative ends the load with DS4_IO. */
typedef int64_t (*ds4_read)(void *user, void *data, size_t size);

/* Writes a checkpoint as a stream. Not a compute call: it runs beside them, on any thread.
 * `base` (may be NULL): a checkpoint of the first tokens of the same sequence; rows that it has are left out, and it, or an
 * equal one, is needed to load the stream. Token ids are not in the stream. */
DS4_API ds4_status ds4_checkpoint_save(const ds4_checkpoint *checkpoint, const ds4_checkpoint *base, ds4_write write, void *user,
                                       ds4_error *error);

/* Bytes that ds4_checkpoint_save would write. 0 when `base` does not fit. */
DS4_API uint64_t ds4_checkpoint_stream_bytes(const ds4_checkpoint *checkpoint, const ds4_checkpoint *base);

/* Reads a stream that ds4_checkpoint_save wrote, and nothing after its end. Not a compute call. `base`: what it was saved
 * against, or NULL; memory is shared with it. A stream that is damaged or cut off (DS4_FORMAT), of another format version or model
 * (DS4_UNSUPPORTED), or without its base (DS4_INVALID_ARGUMENT) is refused, with section and offset where there are any;
 * *checkpoint is NULL then. Values are trusted when the checksums are right. */
DS4_API ds4_status ds4_checkpoint_load(ds4_model *model, const ds4_checkpoint *base, ds4_read read, void *user, ds4_checkpoint **checkpoint,
                                       ds4_error *error);

#ifdef __cplusplus
}
#endif
#endif
