/* main.c: runs all tests.
 *
 * usage: ds4-tests GOLDEN_FOLDER BUILD_FOLDER [WORD]
 * With WORD only tests whose name contains it. The last line is "N passed, N failed".
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

int main(int argc, char **argv)
{
    const test *const suites[] = {sha256_tests,  rounding_tests, dequantise_tests, activation_tests, hyper_tests,
                                  rope_tests,    select_tests,   compressor_tests, demo_tests,       pool_tests,       gguf_tests,
                                  shape_tests,   weights_tests,  api_tests,        session_tests,    indexer_tests,
                                  formats_tests, memory_tests,   golden_tests,     tools_tests};
    int passed = 0, failed = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: %s GOLDEN_FOLDER BUILD_FOLDER [WORD]\n", argv[0]);
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
        for (const test *t = suites[s]; t->run != NULL; t++)
            if (argc < 4 || strstr(t->name, argv[3]) != NULL)
                *(run(t) ? &passed : &failed) += 1;
    remove_scratch_folder();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
