/* error.h: a status together with the sentence that explains it. */
#ifndef DS4_ERROR_H
#define DS4_ERROR_H

#include "ds4.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the sentence into `error` (which may be NULL) and returns `status`. */
__attribute__((format(printf, 3, 4))) ds4_status ds4_fail(ds4_error *error, ds4_status status, const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
