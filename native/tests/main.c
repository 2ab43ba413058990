/* main.c: runs all tests.
 *
 * usage: ds4-tests GOLDEN_FOLDER BUILD_FOLDER [WORD | -WORD]...
 * With words only tests whose name contains one, or whose suite it is ("golden:"); -WORD leaves such out.
 * The last line is "N passed, N failed".
 */
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIMEOUT_SECONDS = 300 }; /* of one test */

bool test_failed;
const char *golden_folder, *build_folder, *scratch_folder;

static const char *running;

/* A test that hangs ends the run: its threads cannot be stopped. */
static void time_out(int signal)
{
    static const char text[] = ": timed out\n";
    (void)signal;
    if (write(STDOUT_FILENO, running, strlen(running)) >= 0 && write(STDOUT_FILENO, text, sizeof text - 1) >= 0)
        _exit(1);
    _exit(1);
}

static bool run(const test *t)
{
    test_failed = false;
    running = t->name;
    alarm(TIMEOUT_SECONDS);
    t->run();
    alarm(0);
    printf("%s %s\n", test_failed ? "FAILED" : "ok    ", t->name);
    fflush(stdout);
    return !test_failed;
}

/* A folder of its own for every run, so that two may run at once. */
static const char *make_scratch_folder(void)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/scratch-%ld", build_folder, (long)getpid());
    return mkdir(path, 0700) == 0 ? path : NULL;
}

static void remove_scratch_folder(void)
{
    DIR *folder = opendir(scratch_folder);
    for (struct dirent *entry = folder != NULL ? readdir(folder) : NULL; entry != NULL; entry = readdir(folder))
        if (entry->d_name[0] != '.')
            remove(scratch_path(entry->d_name));
    if (folder != NULL)
        closedir(folder);
    remove(scratch_folder);
}

#define SUITE(name) {#name, name##_tests},
static const struct {
    const char *name;
    const test *tests;
} suites[] = {EACH_SUITE(SUITE)};

/* "suite:" or a part of the test's name. */
static bool matches(const char *suite, const char *name, const char *word)
{
    size_t length = strlen(word);
    if (length > 0 && word[length - 1] == ':')
        return strlen(suite) == length - 1 && strncmp(suite, word, length - 1) == 0;
    return strstr(name, word) != NULL;
}

/* Whether one of `words` matches, or none of them says which to run; what matches "-word" is left out. */
static bool is_chosen(const char *suite, const char *name, char **words, int count)
{
    bool named = false, chosen = false;
    for (int i = 0; i < count; i++) {
        if (words[i][0] == '-' && matches(suite, name, words[i] + 1))
            return false;
        if (words[i][0] != '-') {
            named = true;
            chosen = chosen || matches(suite, name, words[i]);
        }
    }
    return chosen || !named;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: %s GOLDEN_FOLDER BUILD_FOLDER [WORD | -WORD]...\n", argv[0]);
        return 2;
    }
    golden_folder = argv[1];
    build_folder = argv[2];
    scratch_folder = make_scratch_folder();
    if (scratch_folder == NULL) {
        fprintf(stderr, "%s: cannot make a folder in %s\n", argv[0], build_folder);
        return 2;
    }
    signal(SIGALRM, time_out);
    for (size_t s = 0; s < sizeof suites / sizeof suites[0]; s++)
        for (const test *t = suites[s].tests; t->run != NULL; t++)
            if (is_chosen(suites[s].name, t->name, argv + 3, argc - 3))
                *(run(t) ? &passed : &failed) += 1;
    remove_scratch_folder();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
