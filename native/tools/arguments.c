/* arguments.c: flags with values, and complaints that name them. */
#include "arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program = "ds4";

bool fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return false;
}

bool parse_number(const char *text, long low, long high, long *number)
{
    char *end;
    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= low && *number <= high;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *choice = choices; choice != NULL; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        if (length > 0 && strncmp(choice, text, length) == 0 && (choice[length] == '|' || choice[length] == '\0'))
            return true;
    }
    return false;
}

static bool set_flag(const flag *f, const char *value)
{
    long number;
    if (value == NULL)
        return fail("%s needs a value; see --help", f->name);
    if (f->choices != NULL && !is_choice(f->choices, value))
        return fail("%s is %s; expected %s", f->name, value, f->choices);
    if (f->text != NULL)
        *f->text = value;
    if (f->number == NULL)
        return true;
    if (!parse_number(value, f->zero ? 0 : 1, INT32_MAX, &number))
        return fail("%s is %s; expected a number from %d to %d", f->name, value, f->zero ? 0 : 1, INT32_MAX);
    *f->number = (uint32_t)number;
    return true;
}

static const flag *find_flag(const flag *flags, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(flags[i].name, name) == 0)
            return &flags[i];
    return NULL;
}

parse_result parse_arguments(int argc, char **argv, const flag *flags, size_t count, const char *usage)
{
    if (argc > 0 && argv[0] != NULL)
        program = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return HELP_SHOWN;
        }
    for (int i = 1; i < argc; i += 2) {
        const flag *f = find_flag(flags, count, argv[i]);
        if (f == NULL) {
            fail("unknown flag %s; see --help", argv[i]);
            return WRONG_USAGE;
        }
        if (!set_flag(f, i + 1 < argc ? argv[i + 1] : NULL))
            return WRONG_USAGE;
    }
    for (size_t i = 0; i < count; i++)
        if (flags[i].required && flags[i].text != NULL && *flags[i].text == NULL) {
            fail("%s is missing; see --help", flags[i].name);
            return WRONG_USAGE;
        }
    return PARSED;
}

bool read_numbers(const char *flag_name, const char *path, int32_t **numbers, size_t *count)
{
    char word[32];
    size_t room = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return fail("%s %s: %s", flag_name, path, strerror(errno));
    *numbers = NULL;
    *count = 0;
    bool good = true;
    while (good && fscanf(file, "%31s", word) == 1) {
        long number;
        if (*count == room) {
            room = room == 0 ? 1024 : 2 * room;
            int32_t *grown = realloc(*numbers, room * sizeof **numbers);
            if (grown == NULL) {
                good = fail("%s %s: out of memory", flag_name, path);
                break;
            }
            *numbers = grown;
        }
        if (!parse_number(word, INT32_MIN, INT32_MAX, &number))
            good = fail("%s %s: entry %zu is not a 32-bit number: %s", flag_name, path, *count + 1, word);
        else
            (*numbers)[(*count)++] = (int32_t)number;
    }
    fclose(file);
    if (good && *count == 0)
        good = fail("%s %s: the file holds no numbers", flag_name, path);
    if (!good) {
        free(*numbers);
        *numbers = NULL;
    }
    return good;
}
