/* twin.h: a backend that runs every stage on the CPU and on Metal, and compares.
 *
 * DESIGN   forward.c drives it like any other. A stage runs on the CPU, then on Metal from the same state of the sessions, which is
 *          put back in between; what both left behind is compared, and Metal is given the CPU's values, so an error shows in the stage
 *          that made it and nowhere after. A stage that fuses with the next leaves nothing that could be compared; its kernels
 *          are named together with those of the stage that does. Fast sessions have no int8 counterpart on the GPU: the CPU
 *          rounds there and multiplies floats.
 *          The first stage that is wrong is saved with its inputs (record.h). What comes after is compared too. The head makes one row of
 *          logits at a time.
 */
#ifndef TWIN_H
#define TWIN_H

#include "observed.h"

typedef enum stage {
    STAGE_embed,
    STAGE_mix_input,
    STAGE_project,
    STAGE_finish_kv,
    STAGE_query,
    STAGE_index_scores,
    STAGE_index_select,
    STAGE_attend,
    STAGE_output,
    STAGE_keep,
    STAGE_route,
    STAGE_expert_inner,
    STAGE_expert_output,
    STAGE_head,
    STAGE_COUNT
} stage;

/* What was seen of one stage in one mode, over all its calls. */
typedef struct finding {
    uint32_t calls, wrong;
    uint64_t kernels;    /* those that it dispatched, a bit each */
    double error, limit; /* the largest one as a share of its limit decides: both of that comparison */
    observed what;       /* where it is */
    double seconds;      /* of Metal, waiting included */
} finding;

/* Where the first wrong result was. */
typedef struct fault {
    bool found;
    stage stage;
    observed what;
    uint32_t layer;
    ds4_mode mode;
    uint32_t tokens;
    uint64_t position;
    uint64_t kernels;
    double error, limit;
} fault;

typedef struct twin {
    void *cpu, *metal;                /* states of the two backends */
    ds4_mode mode;                    /* of the sessions under evaluation */
    finding findings[3][STAGE_COUNT]; /* by mode */
    fault fault;
    const char *record_path; /* NULL: nothing is saved */
    const char *model;       /* for the record */
    bool saved;
    stage running;    /* for the message when the device fails */
    uint64_t pending; /* kernels whose results were not compared yet */
    uint64_t kernels; /* all that were dispatched */
} twin;

extern const char *const stage_names[STAGE_COUNT];
extern const char *const mode_names[3];

/* The backend's table; its state is a twin. Only one may be open. */
extern const ds4_backend twin_backend;

/* Writes the names of the kernels, with blanks between. */
void kernel_names(uint64_t kernels, char *text, size_t size);

#endif
