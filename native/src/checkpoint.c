/* checkpoint.c: taking and restoring checkpoints in memory.
 *
 * DESIGN   Taking copies the fixed part of the session's state and shares its pages; restoring does the same the other way
 *          round. Both take the model as a compute call does, so that they see a state between two tiles. Restoring
 *          allocates nothing and therefore cannot fail half-way.
 *          A complete checkpoint is immutable: it may be restored, measured and saved by several threads at once.
 */
#include "checkpoint.h"
#include "memory.h"
#include "model.h"

ds4_checkpoint *ds4_checkpoint_allocate(ds4_model *model, ds4_mode mode, uint64_t position)
{
    ds4_state_store *store = ds4_model_store(model, mode);
    ds4_checkpoint *checkpoint = ds4_allocate(sizeof *checkpoint + ds4_state_table_bytes(store, position));
    if (checkpoint == NULL)
        return NULL;
    *checkpoint = (ds4_checkpoint){.model = model, .mode = mode, .position = position};
    if (ds4_state_open(&checkpoint->state, store, position, checkpoint + 1))
        return checkpoint;
    ds4_release(checkpoint);
    return NULL;
}

void ds4_checkpoint_free(ds4_checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    ds4_state_close(&checkpoint->state);
    ds4_release(checkpoint);
}

uint64_t ds4_checkpoint_position(const ds4_checkpoint *checkpoint)
{
    return checkpoint->position;
}

ds4_mode ds4_checkpoint_mode(const ds4_checkpoint *checkpoint)
{
    return checkpoint->mode;
}

void ds4_checkpoint_bytes(const ds4_checkpoint *checkpoint, uint64_t *own, uint64_t *shared)
{
    ds4_state_bytes(&checkpoint->state, own, shared);
    *own += sizeof *checkpoint + ds4_state_table_bytes(checkpoint->state.store, checkpoint->position);
}

static ds4_status take(ds4_session *session, ds4_checkpoint **checkpoint, ds4_error *error)
{
    if (session->poisoned)
        return ds4_fail(error, DS4_POISONED, "an earlier error left this session unusable; there is nothing to keep");
    *checkpoint = ds4_checkpoint_allocate(session->model, session->mode, session->position);
    if (*checkpoint == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a checkpoint (%llu bytes); free others",
                        (unsigned long long)ds4_buffer_bytes(&session->state.store->fixed));
    ds4_state_copy(&(*checkpoint)->state, &session->state, session->position);
    return DS4_OK;
}

ds4_status ds4_session_checkpoint(ds4_session *session, ds4_checkpoint **checkpoint, ds4_error *error)
{
    if (session == NULL || checkpoint == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%s is NULL", session == NULL ? "session" : "checkpoint");
    *checkpoint = NULL;
    if (!ds4_model_begin(session->model))
        return ds4_model_busy(error);
    ds4_status status = take(session, checkpoint, error);
    ds4_model_end(session->model);
    return status;
}

static ds4_status check_restore(const ds4_session *session, const ds4_checkpoint *checkpoint, ds4_error *error)
{
    if (session->model != checkpoint->model)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "the checkpoint belongs to another model than the session");
    if (session->mode != checkpoint->mode)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "the checkpoint has mode %d, the session mode %d; expected the same",
                        (int)checkpoint->mode, (int)session->mode);
    if (checkpoint->position > session->context)
        return ds4_fail(error, DS4_CONTEXT_FULL, "the checkpoint has %llu tokens, the session's context is %llu",
                        (unsigned long long)checkpoint->position, (unsigned long long)session->context);
    return DS4_OK;
}

ds4_status ds4_session_restore(ds4_session *session, const ds4_checkpoint *checkpoint, ds4_error *error)
{
    if (session == NULL || checkpoint == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%s is NULL", session == NULL ? "session" : "checkpoint");
    ds4_status status = check_restore(session, checkpoint, error);
    if (status != DS4_OK)
        return status;
    if (!ds4_model_begin(session->model))
        return ds4_model_busy(error);
    ds4_state_copy(&session->state, &checkpoint->state, checkpoint->position);
    session->position = checkpoint->position;
    session->poisoned = false;
    ds4_model_end(session->model);
    return DS4_OK;
}
