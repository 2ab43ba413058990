/* hyper.c: the arithmetic of the hyper-connections. */
#include "hyper.h"
#include "activation.h"

#include <math.h>

static void softmax_rows(float m[DS4_STREAMS][DS4_STREAMS], float epsilon)
{
    for (int r = 0; r < DS4_STREAMS; r++) {
        float largest = m[r][0], sum = 0;
        for (int c = 1; c < DS4_STREAMS; c++)
            largest = m[r][c] > largest ? m[r][c] : largest;
        for (int c = 0; c < DS4_STREAMS; c++)
            sum += m[r][c] = expf(m[r][c] - largest);
        for (int c = 0; c < DS4_STREAMS; c++)
            m[r][c] = m[r][c] / sum + epsilon;
    }
}

static void divide_rows(float m[DS4_STREAMS][DS4_STREAMS], float epsilon)
{
    for (int r = 0; r < DS4_STREAMS; r++) {
        float sum = m[r][0] + m[r][1] + m[r][2] + m[r][3] + epsilon;
        for (int c = 0; c < DS4_STREAMS; c++)
            m[r][c] /= sum;
    }
}

static void divide_columns(float m[DS4_STREAMS][DS4_STREAMS], float epsilon)
{
    for (int c = 0; c < DS4_STREAMS; c++) {
        float sum = m[0][c] + m[1][c] + m[2][c] + m[3][c] + epsilon;
        for (int r = 0; r < DS4_STREAMS; r++)
            m[r][c] /= sum;
    }
}

void ds4_mix_split(const float raw[DS4_MIX_OUTPUTS], const float *scale, const float *base, double epsilon, uint32_t iterations,
                   ds4_mix *mix)
{
    float eps = (float)epsilon;
    for (int s = 0; s < DS4_STREAMS; s++) {
        int post = DS4_STREAMS + s;
        mix->pre[s] = ds4_sigmoid(raw[s] * scale[0] + base[s]) + eps;
        mix->post[s] = 2 * ds4_sigmoid(raw[post] * scale[1] + base[post]);
        for (int d = 0; d < DS4_STREAMS; d++) {
            int entry = 2 * DS4_STREAMS + DS4_STREAMS * s + d;
            mix->combination[s][d] = raw[entry] * scale[2] + base[entry];
        }
    }
    softmax_rows(mix->combination, eps);
    divide_columns(mix->combination, eps);
    for (uint32_t i = 1; i < iterations; i++) {
        divide_rows(mix->combination, eps);
        divide_columns(mix->combination, eps);
    }
}

void ds4_mix_head(const float raw[DS4_STREAMS], const float *scale, const float *base, double epsilon, float pre[DS4_STREAMS])
{
    for (int s = 0; s < DS4_STREAMS; s++)
        pre[s] = ds4_sigmoid(raw[s] * scale[0] + base[s]) + (float)epsilon;
}

void ds4_mix_input(const float *streams, const float pre[DS4_STREAMS], uint32_t width, float *out)
{
    const float *s0 = streams, *s1 = s0 + width, *s2 = s1 + width, *s3 = s2 + width;
    for (uint32_t i = 0; i < width; i++)
        out[i] = pre[0] * s0[i] + pre[1] * s1[i] + pre[2] * s2[i] + pre[3] * s3[i];
}

void ds4_mix_output(float *streams, const float *output, const ds4_mix *mix, uint32_t width)
{
    float *s0 = streams, *s1 = s0 + width, *s2 = s1 + width, *s3 = s2 + width;
    for (uint32_t i = 0; i < width; i++) {
        float old[DS4_STREAMS] = {s0[i], s1[i], s2[i], s3[i]}, new[DS4_STREAMS];
        for (int d = 0; d < DS4_STREAMS; d++)
            new[d] = mix->post[d] * output[i] + mix->combination[0][d] * old[0] + mix->combination[1][d] * old[1] +
                     mix->combination[2][d] * old[2] + mix->combination[3][d] * old[3];
        s0[i] = new[0], s1[i] = new[1], s2[i] = new[2], s3[i] = new[3];
    }
}
