/* Block formats against exact reference values, and the tables of IQ2_XXS against their checksums. */
#include "dequantise.h"
#include "harness.h"
#include "iq2_tables.h"
#include "sha256.h"

#include <string.h>

/* The 256 values of one block. */
static void values_of(ds4_format format, const uint8_t *block, float values[256])
{
    const ds4_format_info *info = ds4_format_find(format);
    ds4_matrix matrix = {block, info, 256, 1, 256 / info->block_values * info->block_bytes};
    ds4_dequantise_row(&matrix, 0, values);
}

static double sum_of(const float values[256])
{
    double sum = 0;
    for (int i = 0; i < 256; i++)
        sum += values[i];
    return sum;
}

static void put_half(uint8_t *block, uint16_t half)
{
    memcpy(block, &half, sizeof half);
}

static void IQ2_XXS_reproduces_the_reference_block(void)
{
    static const float first[] = {-7, -37.625f, -7, -7, -7, 7, 7, -7, 37.625f, 37.625f, -37.625f, -7, 7, 7, -7, -7};
    static const float last[] = {71.875f, -71.875f, -23, 71.875f};
    uint8_t block[66];
    float values[256];
    put_half(block, 0x3c00);
    for (int k = 0; k < 64; k++)
        block[2 + k] = (uint8_t)(7 * k + 3);
    values_of(DS4_FORMAT_IQ2_XXS, block, values);
    REQUIRE(memcmp(values, first, sizeof first) == 0);
    REQUIRE(memcmp(values + 252, last, sizeof last) == 0);
    REQUIRE_NEAR(sum_of(values), -1265.375, 0);
}

static void Q2_K_reproduces_the_reference_block(void)
{
    uint8_t block[84];
    float values[256];
    for (int k = 0; k < 80; k++)
        block[k] = (uint8_t)(11 * k + 5);
    put_half(block + 80, 0x3800);
    put_half(block + 82, 0x3400);
    values_of(DS4_FORMAT_Q2_K, block, values);
    REQUIRE(memcmp(values, (float[]){2.5f, 0, 7.5f, 5, 2.5f, 0}, 24) == 0);
    REQUIRE(memcmp(values + 16, (float[]){-0.25f, -0.25f, -0.25f}, 12) == 0);
    REQUIRE(memcmp(values + 32, (float[]){5.25f, -0.25f, 10.75f}, 12) == 0);
    REQUIRE(memcmp(values + 128, (float[]){5.25f, -1.25f, 18.25f}, 12) == 0);
    REQUIRE(memcmp(values + 253, (float[]){2.5f, 2.5f, 2.5f}, 12) == 0);
    REQUIRE_NEAR(sum_of(values), 1092.5, 0);
}

static void Q4_K_reproduces_the_reference_block(void)
{
    uint8_t block[144];
    float values[256];
    put_half(block, 0x3800);
    put_half(block + 2, 0x3400);
    for (int k = 0; k < 140; k++)
        block[4 + k] = (uint8_t)(13 * k + 7);
    values_of(DS4_FORMAT_Q4_K, block, values);
    REQUIRE(memcmp(values, (float[]){-4.25f, -14.75f, 30.75f, 20.25f}, 16) == 0);
    REQUIRE(memcmp(values + 32, (float[]){98, 108, 108}, 12) == 0);
    REQUIRE(memcmp(values + 128, (float[]){21, -1.5f, 96}, 12) == 0);
    REQUIRE(memcmp(values + 160, (float[]){78.25f, 84.25f, 84.25f}, 12) == 0);
    REQUIRE(memcmp(values + 253, (float[]){38.75f, -6.25f, -3.25f}, 12) == 0);
    REQUIRE_NEAR(sum_of(values), 16436, 0);
}

static void Q8_0_multiplies_signed_bytes_by_the_scale_of_their_block(void)
{
    uint8_t blocks[8 * 34];
    float values[256];
    for (int b = 0; b < 8; b++) {
        put_half(blocks + 34 * b, b == 7 ? 0xb800 : 0x3800); /* 0.5; the last -0.5 */
        for (int i = 0; i < 32; i++)
            blocks[34 * b + 2 + i] = (uint8_t)(32 * b + i);
    }
    values_of(DS4_FORMAT_Q8_0, blocks, values);
    for (int i = 0; i < 256; i++)
        REQUIRE_NEAR(values[i], (i < 128 ? i : i - 256) * (i < 224 ? 0.5 : -0.5), 0);
}

static void Plain_formats_are_copied_exactly(void)
{
    float source[256], values[256];
    uint16_t halves[256];
    for (int i = 0; i < 256; i++) {
        source[i] = (float)i * 0.37f - 40;
        halves[i] = (uint16_t)(0x3c00 + i);
    }
    values_of(DS4_FORMAT_F32, (const uint8_t *)source, values);
    REQUIRE(memcmp(values, source, sizeof source) == 0);
    values_of(DS4_FORMAT_F16, (const uint8_t *)halves, values);
    for (int i = 0; i < 256; i++)
        REQUIRE_NEAR(values[i], 1 + i / 1024.0, 0);
}

static void The_IQ2_XXS_grid_has_its_published_checksum(void)
{
    ds4_sha256 hash;
    uint8_t digest[32];
    char hex[65];
    unsigned sum = 0;
    for (int i = 0; i < 256; i++)
        for (int j = 0; j < 8; j++)
            sum += ds4_iq2_grid[i][j];
    REQUIRE(sum == 38611);
    ds4_sha256_init(&hash);
    ds4_sha256_add(&hash, ds4_iq2_grid, sizeof ds4_iq2_grid);
    ds4_sha256_finish(&hash, digest);
    ds4_sha256_hex(digest, hex);
    REQUIRE(strcmp(hex, "05826b5d3e472a3a78f196be62ac78acf81df0f909626e12ab9fa2a5d490dd54") == 0);
}

static void IQ2_XXS_signs_are_the_bits_of_their_index_with_an_even_number_of_negatives(void)
{
    for (unsigned k = 0; k < 128; k++) {
        int negatives = 0;
        for (int i = 0; i < 8; i++) {
            REQUIRE(ds4_iq2_signs[k][i] == 1 || ds4_iq2_signs[k][i] == -1);
            negatives += ds4_iq2_signs[k][i] < 0;
            REQUIRE(i == 7 || (ds4_iq2_signs[k][i] < 0) == (k >> i & 1));
        }
        REQUIRE(negatives % 2 == 0);
    }
}

const test dequantise_tests[] = {
    TEST(IQ2_XXS_reproduces_the_reference_block),
    TEST(Q2_K_reproduces_the_reference_block),
    TEST(Q4_K_reproduces_the_reference_block),
    TEST(Q8_0_multiplies_signed_bytes_by_the_scale_of_their_block),
    TEST(Plain_formats_are_copied_exactly),
    TEST(The_IQ2_XXS_grid_has_its_published_checksum),
    TEST(IQ2_XXS_signs_are_the_bits_of_their_index_with_an_even_number_of_negatives),
    {NULL, NULL},
};
