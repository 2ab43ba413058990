/* arguments.h: command lines and number files of the tools. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of the tools. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* A flag with a value, either text or a number. */
typedef struct flag {
    const char *name;    /* "--model" */
    const char **text;   /* where a text goes, or NULL */
    uint32_t *number;    /* where a number from 1 to 2^31 − 1 goes, or NULL */
    const char *choices; /* NULL, or "one|of|these" */
    bool required;
    bool zero; /* the number may be 0 */
} flag;

typedef enum parse_result { PARSED, HELP_SHOWN, WRONG_USAGE } parse_result;

/* Fills the flags from a command line. Prints the usage for --help, or what is wrong and where. */
parse_result parse_arguments(int argc, char **argv, const flag *flags, size_t count, const char *usage);

/* Prints "program: sentence" to standard error and returns false. */
__attribute__((format(printf, 1, 2))) bool fail(const char *format, ...);

/* Reads a file of integers separated by white space, at least one; the caller frees `numbers`. Complains in terms of `flag_name`. */
bool read_numbers(const char *flag_name, const char *path, int32_t **numbers, size_t *count);

/* Parses a whole number within limits that ends where the text ends. */
bool parse_number(const char *text, long low, long high, long *number);

#endif
