/* trial.h: which batches the twin is tried with. */
#ifndef TRIAL_H
#define TRIAL_H

#include "forward.h"
#include "subject.h"
#include "twin.h"

/* Evaluates prompts of many tokens, of a few, tokens one by one, and tokens of several sessions together, in every mode. DS4_OK also when
 * stages were wrong: the twin knows. `prompt`: tokens of the long one, at least 9. The twin lives until the forward pass is closed. */
ds4_status run_trials(ds4_forward *forward, const subject *s, uint32_t prompt, ds4_error *error);

#endif
