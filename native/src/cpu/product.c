/* product.c: matrix products of the CPU backend.
 *
 * DESIGN   A work item is a block of rows of one matrix times a block of vectors: small enough to spread over threads and
 *          to keep the vectors in cache, large enough that a quantised row is expanded once for many vectors. Every
 *          output is computed by one kernel call, so the split does not change results. In fast mode quantised weights are
 *          multiplied with the int8 form of the vectors, all others with their float32 values.
 */
#include "cpu.h"

#include <math.h>

/* ---- one block ---------------------------------------------------------------------------------------------- */

/* Which int8 form goes with the weights; DS4_CPU_FORMS when none does. */
static uint32_t form_of(const ds4_format_info *format)
{
    uint32_t block = ds4_activation_block(format);
    return block == 32 ? 0 : block == 256 ? 1 : DS4_CPU_FORMS;
}

static void multiply_int8(const ds4_cpu *cpu, const ds4_product *p, const ds4_cpu_int8 *form, float *out, void *scratch)
{
    uint32_t columns = p->matrix->columns, block = ds4_activation_block(p->matrix->format);
    size_t first = p->index == NULL ? p->first_input : 0;
    ds4_quantised inputs = {
        .q = form->q + first * columns,
        .scale = form->scale + first * (columns / block),
        .sums = form->sums + first * (columns / DS4_SUM_VALUES),
        .columns = columns,
        .block = block,
        .index = p->index,
    };
    cpu->kernels->quantised_rows(p->matrix, p->first_row, p->rows, &inputs, p->count, out, scratch);
}

void ds4_cpu_multiply(const ds4_cpu *cpu, ds4_mode mode, const ds4_product *block, float *out, uint32_t worker)
{
    uint32_t form = form_of(block->matrix->format);
    void *scratch = cpu->row_scratch[worker];
    if (mode == DS4_MODE_FAST && form < DS4_CPU_FORMS && block->inputs->forms[form].q != NULL) {
        multiply_int8(cpu, block, &block->inputs->forms[form], out, scratch);
        return;
    }
    size_t columns = block->matrix->columns;
    ds4_vectors inputs = {block->inputs->values + (block->index == NULL ? block->first_input * columns : 0), columns, block->index};
    cpu->kernels->matrix_rows(block->matrix, block->first_row, block->rows, inputs, block->count, out, scratch);
}

/* ---- whole products ----------------------------------------------------------------------------------------- */

typedef struct product_run {
    const ds4_cpu *cpu;
    ds4_mode mode;
    const ds4_product *products;
    uint32_t rows_per_item;
    uint32_t first_item[DS4_MAX_GROUPS + 1]; /* of each product, and the end */
} product_run;

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
    uint32_t row_blocks = ds4_divide_up(product->rows, run->rows_per_item);
    uint32_t row = (item - run->first_item[p]) % row_blocks * run->rows_per_item;
    uint32_t input = (item - run->first_item[p]) / row_blocks * DS4_CPU_VECTOR_BLOCK;
    ds4_product block = *product;
    float out[DS4_CPU_ROW_BLOCK * DS4_CPU_VECTOR_BLOCK];
    block.first_row += row;
    block.rows = ds4_least(product->rows - row, run->rows_per_item);
    block.first_input += input;
    block.index = product->index == NULL ? NULL : product->index + input;
    block.count = ds4_least(product->count - input, DS4_CPU_VECTOR_BLOCK);
    ds4_cpu_multiply(run->cpu, run->mode, &block, out, worker);
    store(product, row, block.rows, input, block.count, out);
}

uint32_t ds4_cpu_rows_per_item(const ds4_cpu *cpu, uint64_t rows, uint32_t vectors)
{
    enum { MANY_VECTORS = 4, FEW_ROWS = 4 };
    uint32_t block = vectors >= MANY_VECTORS ? DS4_CPU_ROW_BLOCK : DS4_CPU_ROW_BLOCK / 4;
    while (block > FEW_ROWS && rows / block < 4 * ds4_pool_threads(cpu->pool))
        block /= 4;
    return block;
}

void ds4_cpu_run_products(ds4_cpu *cpu, ds4_mode mode, const ds4_product *products, uint32_t count)
{
    product_run run = {.cpu = cpu, .mode = mode, .products = products};
    uint64_t rows = 0;
    for (uint32_t p = 0; p < count; p++)
        rows += (uint64_t)products[p].rows * ds4_divide_up(products[p].count, DS4_CPU_VECTOR_BLOCK);
    run.rows_per_item = ds4_cpu_rows_per_item(cpu, rows, products[0].count);
    for (uint32_t p = 0; p < count; p++)
        run.first_item[p + 1] =
            run.first_item[p] + ds4_divide_up(products[p].rows, run.rows_per_item) * ds4_divide_up(products[p].count, DS4_CPU_VECTOR_BLOCK);
    ds4_pool_run(cpu->pool, run.first_item[count], run_item, &run);
}

ds4_product ds4_cpu_whole_product(const ds4_matrix *matrix, const ds4_cpu_vectors *inputs, ds4_span span, float *y)
{
    return (ds4_product){
        .matrix = matrix,
        .rows = matrix->rows,
        .inputs = inputs,
        .first_input = span.first,
        .count = span.count,
        .y = y == NULL ? NULL : y + (size_t)span.first * matrix->rows,
        .y_stride = matrix->rows,
    };
}

/* ---- vectors ------------------------------------------------------------------------------------------------ */

typedef struct quantise_run {
    const ds4_cpu *cpu;
    ds4_cpu_vectors *vectors;
    uint32_t first;
} quantise_run;

static void quantise_vector(void *context, uint32_t item, uint32_t worker)
{
    const quantise_run *run = context;
    size_t vector = run->first + item, columns = run->vectors->columns;
    (void)worker;
    for (uint32_t f = 0; f < DS4_CPU_FORMS; f++) {
        const ds4_cpu_int8 *form = &run->vectors->forms[f];
        uint32_t block = f == 0 ? 32 : 256;
        if (form->q != NULL)
            run->cpu->kernels->quantise(run->vectors->values + vector * columns, (uint32_t)columns, block, form->q + vector * columns,
                                        form->scale + vector * (columns / block), form->sums + vector * (columns / DS4_SUM_VALUES));
    }
}

void ds4_cpu_quantise(ds4_cpu *cpu, ds4_mode mode, ds4_cpu_vectors *vectors, ds4_span span)
{
    quantise_run run = {cpu, vectors, span.first};
    if (mode == DS4_MODE_FAST && (vectors->forms[0].q != NULL || vectors->forms[1].q != NULL))
        ds4_pool_run(cpu->pool, span.count, quantise_vector, &run);
}

void ds4_cpu_rms_norm(const ds4_cpu *cpu, const float *x, const float *weight, uint32_t n, float *out)
{
    float scale = (float)(1 / sqrt(cpu->kernels->sum_squares(x, n) / n + cpu->shape->rms_epsilon));
    for (uint32_t i = 0; i < n; i++)
        out[i] = weight == NULL ? x[i] * scale : x[i] * scale * weight[i];
}
