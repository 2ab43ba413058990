/* check_metal.c: the program ds4-check-metal, which tries every stage of the Metal backend on this machine.
 *
 * Prints a report for people, whose last line is the verdict: what somebody else needs to know of a GPU that computes something else
 * than the CPU, or slowly. A GPU may hang, which no call returns from: an alarm tells the stage then, and ends the program.
 */
#include "../arguments.h"
#include "read_speed.h"
#include "topology.h"
#include "trial.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: ds4-check-metal --model FILE [--record FILE] [--prompt N] [--megabytes N] [--seconds N]\n"
    "\n"
    "Runs a model stage by stage on the CPU and on the GPU, compares, measures how fast the GPU reads memory, and reports.\n"
    "Exit code 0 when every stage agrees, 1 when one does not or the GPU fails.\n"
    "\n"
    "  --model FILE     a small model in GGUF\n"
    "  --record FILE    where the first wrong stage goes, with its inputs\n"
    "  --prompt N       tokens of the longest prompt, 9 or more (160)\n"
    "  --megabytes N    of memory that is read for the speed (1024)\n"
    "  --seconds N      after which a GPU counts as hanging (180)\n";

typedef struct job {
    const char *model, *record;
    uint32_t prompt, megabytes, seconds;
    subject subject;
    ds4_forward forward;
    double speed; /* 0: not measured */
    ds4_error error;
} job;

/* ---- the report ---------------------------------------------------------------------------------------------- */

static void print_stage(const twin *t, ds4_mode mode, stage stage)
{
    char kernels[1024];
    const finding *f = &t->findings[mode][stage];
    if (f->calls == 0)
        return;
    kernel_names(f->kernels, kernels, sizeof kernels);
    printf("%-8s %-14s %5u %9.2f  %-9s ", mode_names[mode], stage_names[stage], f->calls, 1e3 * f->seconds, f->wrong > 0 ? "WRONG" : "ok");
    if (f->limit > 0)
        printf("%8.1e of %.0e in %-16s", f->error, f->limit, observed_names[f->what]);
    else
        printf("%-35s", "compared with the next");
    printf(" %s\n", kernels);
}

static void print_stages(const twin *t)
{
    printf("%-8s %-14s %5s %9s  %-9s %-35s %s\n", "mode", "stage", "calls", "ms", "", "largest relative error", "kernels");
    for (int mode = 0; mode < 3; mode++)
        for (int stage = 0; stage < STAGE_COUNT; stage++)
            print_stage(t, (ds4_mode)mode, (enum stage)stage);
}

static uint32_t wrong_calls(const twin *t)
{
    uint32_t wrong = 0;
    for (int mode = 0; mode < 3; mode++)
        for (int stage = 0; stage < STAGE_COUNT; stage++)
            wrong += t->findings[mode][stage].wrong;
    return wrong;
}

static void print_idle_kernels(const twin *t)
{
    char names[1024];
    kernel_names(~t->kernels, names, sizeof names);
    if (names[0] != '\0')
        printf("not tried: %s\n", names);
}

/* The last line. */
static bool print_verdict(const job *j, const twin *t, ds4_status status)
{
    char kernels[1024];
    const fault *f = &t->fault;
    if (status != DS4_OK) {
        printf("The GPU failed in stage %s (%s mode): %s\n", stage_names[t->running], mode_names[t->mode], j->error.message);
        return false;
    }
    if (!f->found) {
        printf("Every stage agrees with the CPU; memory is read at %.3g GB/s.\n", j->speed / 1e9);
        return true;
    }
    kernel_names(f->kernels, kernels, sizeof kernels);
    printf(
        "Stage %s of layer %u is wrong (%s mode, %u tokens at position %llu): %s has a relative error of %.1e, allowed %.0e; kernels: %s",
        stage_names[f->stage], f->layer, mode_names[f->mode], f->tokens, (unsigned long long)f->position, observed_names[f->what], f->error,
        f->limit, kernels);
    if (t->saved)
        printf("; saved in %s", j->record);
    printf(". %u calls of stages were wrong.\n", wrong_calls(t));
    return false;
}

/* ---- a GPU that hangs ---------------------------------------------------------------------------------------- */

static const twin *watched;

static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(EXIT_FAILED);
}

/* Only what a signal handler may call. */
static void tell_hang(int signal)
{
    (void)signal;
    say("The GPU did not end in time: stage ");
    say(stage_names[watched->running]);
    say(" (");
    say(mode_names[watched->mode]);
    say(" mode)\n");
    _exit(EXIT_FAILED);
}

static void watch(const twin *t, uint32_t seconds)
{
    watched = t;
    signal(SIGALRM, tell_hang);
    alarm(seconds);
}

/* ---- the run ------------------------------------------------------------------------------------------------- */

static bool check(job *j, twin *t)
{
    const ds4_metal *metal = t->metal;
    t->record_path = j->record;
    t->model = j->model;
    printf("GPU: %s; buffers of at most %.1f GB, pages of %u bytes\n", metal->info.name, (double)metal->info.buffer_bytes / 1e9,
           metal->info.page_bytes);
    fflush(stdout); /* what there is when the GPU hangs */
    watch(t, j->seconds);
    ds4_status status = run_trials(&j->forward, &j->subject, j->prompt, &j->error);
    print_stages(t);
    print_idle_kernels(t);
    fflush(stdout);
    if (status == DS4_OK)
        status = measure_read_speed(metal->gpu, (uint64_t)j->megabytes << 20, &j->speed, &j->error);
    return print_verdict(j, t, status);
}

static bool run(job *j)
{
    ds4_topology topology;
    ds4_topology_read(&topology);
    ds4_backend_options options = {.shape = &j->subject.shape, .weights = &j->subject.weights, .threads = ds4_topology_threads(&topology)};
    ds4_status status = open_subject(j->model, &j->subject, &j->error);
    options.mapping = j->subject.memory;
    options.mapping_bytes = j->subject.bytes;
    if (status == DS4_OK)
        status = ds4_forward_open(&j->forward, &twin_backend, &options, &j->error);
    if (status == DS4_OK)
        return check(j, j->forward.state);
    printf("The GPU cannot be opened: %s\n", j->error.message);
    return false;
}

int main(int argc, char **argv)
{
    job j = {.prompt = 160, .megabytes = 1024, .seconds = 180};
    const flag flags[] = {
        {"--model", &j.model, NULL, NULL, true, false},
        {"--record", &j.record, NULL, NULL, false, false},
        {"--prompt", NULL, &j.prompt, NULL, false, false},
        {"--megabytes", NULL, &j.megabytes, NULL, false, false},
        {"--seconds", NULL, &j.seconds, NULL, false, false},
    };
    parse_result parsed = parse_arguments(argc, argv, flags, sizeof flags / sizeof flags[0], usage);
    if (parsed != PARSED)
        return parsed == HELP_SHOWN ? EXIT_DONE : EXIT_USAGE;
    bool good = run(&j);
    ds4_forward_close(&j.forward);
    close_subject(&j.subject);
    return good ? EXIT_DONE : EXIT_FAILED;
}
