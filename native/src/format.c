/* format.c: the table of tensor formats. */
#include "format.h"

#include <stddef.h>

static const ds4_format_info formats[] = {
    {DS4_FORMAT_F32, "F32", 1, 4},      {DS4_FORMAT_F16, "F16", 1, 2},       {DS4_FORMAT_Q8_0, "Q8_0", 32, 34},
    {DS4_FORMAT_Q2_K, "Q2_K", 256, 84}, {DS4_FORMAT_Q4_K, "Q4_K", 256, 144}, {DS4_FORMAT_IQ2_XXS, "IQ2_XXS", 256, 66},
    {DS4_FORMAT_I32, "I32", 1, 4},
};

const ds4_format_info *ds4_format_find(uint32_t type)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if ((uint32_t)formats[i].format == type)
            return &formats[i];
    return NULL;
}
