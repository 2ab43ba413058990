/* record.c: writes stage records. */
#include "record.h"

#include <inttypes.h>
#include <stdio.h>

static bool write_array(FILE *file, const record_array *array)
{
    size_t count = (size_t)(array->rows * array->columns);
    return fprintf(file, "array %s %s float32 %" PRIu64 " %" PRIu64 "\n", array->role, observed_names[array->what], array->rows,
                   array->columns) > 0 &&
           fwrite(array->values, sizeof *array->values, count, file) == count && fputc('\n', file) != EOF;
}

bool save_record(const char *path, const twin *t, const record_array *arrays, uint32_t count)
{
    char kernels[1024];
    const fault *f = &t->fault;
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    kernel_names(f->kernels, kernels, sizeof kernels);
    bool good = fprintf(file,
                        "ds4 stage record 1\ndevice %s\nmodel %s\nstage %s\nlayer %u\nmode %s\ntokens %u\nposition %" PRIu64
                        "\nkernels %s\nwrong %s\nerror %g\nlimit %g\n",
                        ((const ds4_metal *)t->metal)->info.name, t->model, stage_names[f->stage], f->layer, mode_names[f->mode], f->tokens,
                        f->position, kernels, observed_names[f->what], f->error, f->limit) > 0;
    for (uint32_t i = 0; i < count && good; i++)
        good = write_array(file, &arrays[i]);
    good = good && fputs("end\n", file) != EOF;
    return fclose(file) == 0 && good;
}
