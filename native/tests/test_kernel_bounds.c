/* What kernels read: operands here end where memory ends, so that a byte too far is a fault. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "harness.h"
#include "kernels.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROWS = 11, MOST_VECTORS = 9 };

/* A region of memory whose last byte is followed by none. */
typedef struct region {
    uint8_t *pages;
    size_t size;
    void *data;
} region;

static region open_region(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (bytes + page - 1) / page * page + page;
    uint8_t *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + size - page, page, PROT_NONE) != 0) {
        report_failure(__FILE__, __LINE__, "no memory with an end");
        abort();
    }
    return (region){pages, size, pages + size - page - bytes};
}

static void close_region(region *region)
{
    munmap(region->pages, region->size);
}

static void fill(random_source *random, region *region, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)region->data)[i] = (uint8_t)random_bits(random);
}

static void *open_scratch(uint32_t columns)
{
    return aligned_alloc(DS4_KERNEL_ALIGNMENT,
                         (ds4_kernel_scratch(columns) + DS4_KERNEL_ALIGNMENT - 1) / DS4_KERNEL_ALIGNMENT * DS4_KERNEL_ALIGNMENT);
}

static void multiply_quantised(const ds4_kernels *kernels, const ds4_format_info *format, uint32_t columns, uint32_t count)
{
    uint32_t block = ds4_activation_block(format);
    uint64_t row_bytes = (uint64_t)columns / format->block_values * format->block_bytes;
    size_t values = (size_t)count * columns;
    random_source random = {columns + count};
    region weights = open_region(ROWS * row_bytes), q = open_region(values), scale = open_region(values / block * sizeof(float));
    region sums = open_region(values / DS4_SUM_VALUES * sizeof(int16_t)), x = open_region(columns * sizeof(float));
    region out = open_region((size_t)ROWS * count * sizeof(float));
    void *scratch = open_scratch(columns);
    fill(&random, &weights, ROWS * row_bytes);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t c = 0; c < columns; c++)
            ((float *)x.data)[c] = random_float(&random);
        kernels->quantise(x.data, columns, block, (int8_t *)q.data + (size_t)i * columns,
                          (float *)scale.data + (size_t)i * (columns / block),
                          (int16_t *)sums.data + (size_t)i * (columns / DS4_SUM_VALUES));
    }
    ds4_matrix matrix = {weights.data, format, columns, ROWS, row_bytes};
    ds4_quantised inputs = {q.data, scale.data, sums.data, columns, block, NULL};
    kernels->quantised_rows(&matrix, 0, ROWS, &inputs, count, out.data, scratch);
    kernels->quantised_rows(&matrix, ROWS - 1, 1, &inputs, count, out.data, scratch);
    free(scratch);
    close_region(&weights), close_region(&q), close_region(&scale), close_region(&sums), close_region(&x), close_region(&out);
}

static void multiply_floats(const ds4_kernels *kernels, const ds4_format_info *format, uint32_t columns, uint32_t count)
{
    uint64_t row_bytes = (uint64_t)columns / format->block_values * format->block_bytes;
    region weights = open_region(ROWS * row_bytes), x = open_region((size_t)count * columns * sizeof(float));
    region out = open_region((size_t)ROWS * count * sizeof(float));
    void *scratch = open_scratch(columns);
    ds4_matrix matrix = {weights.data, format, columns, ROWS, row_bytes};
    kernels->matrix_rows(&matrix, 0, ROWS, (ds4_vectors){x.data, columns, NULL}, count, out.data, scratch);
    kernels->sum_squares(x.data, count * columns);
    kernels->softmax(x.data, count * columns, 1, 0);
    kernels->swiglu(x.data, x.data, count * columns, 10);
    free(scratch);
    close_region(&weights), close_region(&x), close_region(&out);
}

static void No_kernel_reads_or_writes_past_the_end_of_an_operand(void)
{
    static const ds4_format formats[] = {DS4_FORMAT_Q8_0, DS4_FORMAT_Q2_K, DS4_FORMAT_Q4_K, DS4_FORMAT_IQ2_XXS};
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        for (uint32_t count = 1; (*next)->is_usable() && count <= MOST_VECTORS; count++) {
            for (int f = 0; f < 4; f++) {
                const ds4_format_info *format = ds4_format_find(formats[f]);
                for (uint32_t blocks = 1; blocks <= 3; blocks++)
                    multiply_quantised(*next, format, blocks * format->block_values, count);
            }
            for (uint32_t columns = 1; columns <= 37; columns += 6) {
                multiply_floats(*next, ds4_format_find(DS4_FORMAT_F16), columns, count);
                multiply_floats(*next, ds4_format_find(DS4_FORMAT_F32), columns, count);
            }
        }
}

const test kernel_bounds_tests[] = {TEST(No_kernel_reads_or_writes_past_the_end_of_an_operand), {NULL, NULL}};
