/* error.c: statuses, their names and their sentences.
 *
 * DESIGN   A message that does not fit is cut, never in the middle of a UTF-8 character: callers decode it strictly.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Removes a UTF-8 character that the end of the buffer cut in half. */
static void drop_incomplete_character(char *text)
{
    size_t length = strlen(text), start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t follow = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (length - start < follow)
        text[start - 1] = '\0';
}

ds4_status ds4_fail(ds4_error *error, ds4_status status, const char *format, ...)
{
    if (error == NULL)
        return status;
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (needed < 0)
        snprintf(error->message, sizeof error->message, "%s", ds4_status_name(status));
    else if ((size_t)needed >= sizeof error->message)
        drop_incomplete_character(error->message);
    return status;
}

const char *ds4_status_name(ds4_status status)
{
    switch (status) {
    case DS4_OK: return "ok";
    case DS4_INVALID_ARGUMENT: return "invalid argument";
    case DS4_IO: return "input/output error";
    case DS4_FORMAT: return "malformed file";
    case DS4_UNSUPPORTED: return "unsupported model";
    case DS4_OUT_OF_MEMORY: return "out of memory";
    case DS4_CONTEXT_FULL: return "context full";
    case DS4_BUSY: return "busy";
    case DS4_CANCELLED: return "cancelled";
    case DS4_POISONED: return "poisoned";
    case DS4_NOT_FOUND: return "not found";
    }
    return "unknown status";
}

uint32_t ds4_api_version(void)
{
    return DS4_API_VERSION;
}
