/* product.c: matrix products of the CPU backend.
 *
 * DESIGN   A work item is a block of rows of one matrix times a block of vectors: small enough to spread over threads and
 *          to keep the vectors in cache, large enough that a quantised row is expanded once for many vectors. Every
 *          output is computed by one kernel call, so the split does not change results.
 */
#include "cpu.h"

#include <math.h>

typedef struct product_run {
    const ds4_cpu *cpu;
    const ds4_product *products;
    uint32_t count;
    uint32_t rows_per_item;
    uint32_t first_item[DS4_MAX_GROUPS + 1]; /* of each product, and the end */
} product_run;

static uint32_t divide_up(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

static void store(const ds4_product *product, uint32_t first_row, uint32_t rows, uint32_t first_input, uint32_t inputs, const float *out)
{
    for (uint32_t i = 0; i < inputs; i++) {
        uint32_t input = first_input + i;
        float *y = (product->destinations != NULL ? product->destinations[input] : product->y + product->y_stride * input) + first_row;
        for (uint32_t r = 0; r < rows; r++)
            y[r] = out[r * inputs + i];
    }
}

static void run_item(void *context, uint32_t item, uint32_t worker)
{
    const product_run *run = context;
    uint32_t p = 0;
    while (item >= run->first_item[p + 1])
        p++;
    const ds4_product *product = &run->products[p];
    uint32_t row_blocks = divide_up(product->rows, run->rows_per_item);
    uint32_t first_row = (item - run->first_item[p]) % row_blocks * run->rows_per_item;
    uint32_t first_input = (item - run->first_item[p]) / row_blocks * DS4_CPU_TOKEN_BLOCK;
    uint32_t rows = product->rows - first_row < run->rows_per_item ? product->rows - first_row : run->rows_per_item;
    uint32_t inputs = product->count - first_input < DS4_CPU_TOKEN_BLOCK ? product->count - first_input : DS4_CPU_TOKEN_BLOCK;
    ds4_vectors vectors = product->inputs;
    if (vectors.index != NULL)
        vectors.index += first_input;
    else
        vectors.base += vectors.stride * first_input;
    float out[DS4_CPU_ROW_BLOCK * DS4_CPU_TOKEN_BLOCK];
    run->cpu->kernels->matrix_rows(product->matrix, product->first_row + first_row, rows, vectors, inputs, out,
                                   run->cpu->row_scratch[worker]);
    store(product, first_row, rows, first_input, inputs, out);
}

uint32_t ds4_cpu_rows_per_item(const ds4_cpu *cpu, uint64_t rows)
{
    uint64_t share = rows / (8 * ds4_pool_threads(cpu->pool)) + 1;
    return share < DS4_CPU_ROW_BLOCK ? (uint32_t)share : DS4_CPU_ROW_BLOCK;
}

void ds4_cpu_run_products(ds4_cpu *cpu, const ds4_product *products, uint32_t count)
{
    product_run run = {.cpu = cpu, .products = products, .count = count};
    uint64_t work = 0;
    for (uint32_t p = 0; p < count; p++)
        work += (uint64_t)products[p].rows * divide_up(products[p].count, DS4_CPU_TOKEN_BLOCK);
    run.rows_per_item = ds4_cpu_rows_per_item(cpu, work);
    for (uint32_t p = 0; p < count; p++)
        run.first_item[p + 1] =
            run.first_item[p] + divide_up(products[p].rows, run.rows_per_item) * divide_up(products[p].count, DS4_CPU_TOKEN_BLOCK);
    ds4_pool_run(cpu->pool, run.first_item[count], run_item, &run);
}

ds4_product ds4_cpu_whole_product(const ds4_matrix *matrix, const float *inputs, uint32_t count, float *y)
{
    return (ds4_product){
        .matrix = matrix,
        .rows = matrix->rows,
        .inputs = {inputs, matrix->columns, NULL},
        .count = count,
        .y = y,
        .y_stride = matrix->rows,
    };
}

void ds4_cpu_rms_norm(const ds4_cpu *cpu, const float *x, const float *weight, uint32_t n, float *out)
{
    float scale = (float)(1 / sqrt(cpu->kernels->sum_squares(x, n) / n + cpu->shape->rms_epsilon));
    for (uint32_t i = 0; i < n; i++)
        out[i] = weight == NULL ? x[i] * scale : x[i] * scale * weight[i];
}
