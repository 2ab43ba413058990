/* state.c: rows about the state of a long session.
 *
 * DESIGN   Every time is compared with moving the same bytes in the plainest way: memcpy between warm buffers, and a copy
 *          of the file by read and write. Both sides take turns.
 */
#include "arguments.h"
#include "clock.h"
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static bool engine_failed(ds4_status status, const ds4_error *error)
{
    return status != DS4_OK && !fail("%s: %s", ds4_status_name(status), error->message);
}

/* ---- memory ------------------------------------------------------------------------------------------------- */

/* Anonymous memory of this process in bytes; 0 where the system does not say. */
static uint64_t anonymous_memory(void)
{
    char line[256];
    uint64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kilobytes = strtoull(line + 8, NULL, 10);
    if (file != NULL)
        fclose(file);
    return kilobytes * 1024;
}

/* A full session, with its row about memory. What evaluating touches of the model's own buffers counts on both sides. */
static ds4_session *fill_session(const stand *s, uint64_t context)
{
    static samples share;
    ds4_error error;
    ds4_memory estimate = {0, 0};
    int32_t *tokens = make_tokens(s, (size_t)context);
    uint64_t before = anonymous_memory();
    ds4_session *session = tokens != NULL ? new_stand_session(s, context) : NULL;
    if (session != NULL && (engine_failed(ds4_session_memory(s->model, context, DS4_MODE_FAST, &estimate, &error), &error) ||
                            engine_failed(ds4_session_prefill(session, tokens, (size_t)context, NULL, &error), &error))) {
        ds4_session_free(session);
        session = NULL;
    }
    free(tokens);
    if (session != NULL && before != 0) {
        add_sample(&share, (double)(anonymous_memory() + context * sizeof *tokens - before) / (double)(estimate.full + s->info.work_bytes));
        print_row("memory of a full long session and of evaluating it, of the estimate before", &share, 100, "%", "95–105 %");
    }
    return session;
}

/* ---- checkpoints -------------------------------------------------------------------------------------------- */

/* Seconds that memcpy takes for so many bytes from one warm buffer to another. */
static double time_memcpy(uint8_t *to, const uint8_t *from, size_t size)
{
    double start = seconds_now();
    memcpy(to, from, size);
    __asm__ volatile("" : : "r"(to) : "memory"); /* the copy is wanted */
    return seconds_now() - start;
}

static bool time_checkpoint(ds4_session *session, double *take, double *restore, uint64_t *own)
{
    ds4_error error;
    ds4_checkpoint *checkpoint;
    uint64_t shared;
    double start = seconds_now();
    if (engine_failed(ds4_session_checkpoint(session, &checkpoint, &error), &error))
        return false;
    *take = seconds_now() - start;
    ds4_checkpoint_bytes(checkpoint, own, &shared);
    start = seconds_now();
    bool done = !engine_failed(ds4_session_restore(session, checkpoint, &error), &error);
    *restore = seconds_now() - start;
    ds4_checkpoint_free(checkpoint);
    return done;
}

static bool checkpoint_rows(const options *o, ds4_session *session)
{
    static samples take, restore, bytes;
    uint64_t own = 0;
    double took = 0, restored = 0;
    bool done = time_checkpoint(session, &took, &restored, &own); /* fills the pools of buffers */
    uint8_t *from = malloc((size_t)own), *to = malloc((size_t)own);
    done = done && (from != NULL && to != NULL ? true : fail("out of memory"));
    if (done) {
        memset(from, 1, (size_t)own);
        time_memcpy(to, from, (size_t)own);
        add_sample(&bytes, (double)own);
    }
    for (uint32_t i = 0; done && i < o->runs; i++) {
        done = time_checkpoint(session, &took, &restored, &own);
        double copied = time_memcpy(to, from, (size_t)own);
        add_sample(&take, took / copied);
        add_sample(&restore, restored / copied);
    }
    free(from);
    free(to);
    if (done) {
        print_row("taking a checkpoint: time, of a memcpy of the bytes that are its own", &take, 1, "times", "≤ 2");
        print_row("restoring it: the same", &restore, 1, "times", "≤ 2");
        print_row("bytes that are its own", &bytes, 1e-6, "MB", "");
    }
    return done;
}

/* ---- snapshots ---------------------------------------------------------------------------------------------- */

static int32_t write_piece(void *user, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(*(int *)user, (const char *)data + done, size - done);
        if (written <= 0)
            return errno != 0 ? errno : EIO;
        done += (size_t)written;
    }
    return 0;
}

static int64_t read_piece(void *user, void *data, size_t size)
{
    size_t done = 0;
    for (ssize_t got = 1; done < size && got != 0; done += (size_t)got) {
        got = read(*(int *)user, (char *)data + done, size - done);
        if (got < 0)
            return -1;
    }
    return (int64_t)done;
}

static bool time_save(const ds4_checkpoint *checkpoint, const char *path, double *seconds)
{
    ds4_error error;
    double start = seconds_now();
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        return fail("--scratch %s: %s", path, strerror(errno));
    bool done = !engine_failed(ds4_checkpoint_save(checkpoint, NULL, write_piece, &file, &error), &error);
    close(file);
    *seconds = seconds_now() - start;
    return done;
}

static bool time_load(ds4_model *model, const char *path, double *seconds)
{
    ds4_error error;
    ds4_checkpoint *checkpoint = NULL;
    double start = seconds_now();
    int file = open(path, O_RDONLY);
    if (file < 0)
        return fail("--scratch %s: %s", path, strerror(errno));
    bool done = !engine_failed(ds4_checkpoint_load(model, NULL, read_piece, &file, &checkpoint, &error), &error);
    close(file);
    *seconds = seconds_now() - start;
    ds4_checkpoint_free(checkpoint);
    return done;
}

static bool time_copy(const char *from, const char *to, void *buffer, double *seconds)
{
    double start = seconds_now();
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool done = in >= 0 && out >= 0;
    for (int64_t size = 1; done && size > 0;) {
        size = read_piece(&in, buffer, PIECE);
        done = size >= 0 && write_piece(&out, buffer, (size_t)size) == 0;
    }
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    *seconds = seconds_now() - start;
    return done ? true : fail("--scratch %s: %s", to, strerror(errno));
}

static bool measure_snapshots(const options *o, ds4_model *model, const ds4_checkpoint *checkpoint)
{
    static samples save, load, bytes;
    char path[1024], copy[1024];
    double saved = 0, loaded = 0, copied = 1;
    void *buffer = malloc(PIECE);
    bool done = buffer != NULL ? true : fail("out of memory");
    snprintf(path, sizeof path, "%s/ds4-engine-bench-%ld", o->scratch, (long)getpid());
    snprintf(copy, sizeof copy, "%s/ds4-engine-bench-%ld-copy", o->scratch, (long)getpid());
    for (uint32_t i = 0; done && i <= o->runs; i++) {
        done = time_save(checkpoint, path, &saved) && time_load(model, path, &loaded) && time_copy(path, copy, buffer, &copied);
        if (done && i > 0) { /* the first makes the files */
            add_sample(&save, saved / copied);
            add_sample(&load, loaded / copied);
        }
    }
    unlink(path);
    unlink(copy);
    free(buffer);
    if (done) {
        add_sample(&bytes, (double)ds4_checkpoint_stream_bytes(checkpoint, NULL));
        print_row("saving it to a file: time, of copying that file", &save, 1, "times", "≤ 1.43");
        print_row("loading it: the same", &load, 1, "times", "≤ 1.43");
        print_row("bytes of the file", &bytes, 1e-6, "MB", "");
    }
    return done;
}

static bool snapshot_rows(const options *o, const stand *s, ds4_session *session)
{
    ds4_error error;
    ds4_checkpoint *checkpoint;
    if (engine_failed(ds4_session_checkpoint(session, &checkpoint, &error), &error))
        return false;
    bool done = measure_snapshots(o, s->model, checkpoint);
    ds4_checkpoint_free(checkpoint);
    return done;
}

bool state_rows(const options *o, const stand *s)
{
    ds4_session *session = fill_session(s, 2 * (uint64_t)o->long_prompt);
    bool done = session != NULL && checkpoint_rows(o, session) && snapshot_rows(o, s, session);
    ds4_session_free(session);
    return done;
}
