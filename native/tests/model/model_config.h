/* model_config.h: the shape and the formats of a random model. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "format.h"
#include "shape.h"

typedef struct model_config {
    uint32_t layers, ratios[DS4_MAX_LAYERS];
    uint32_t hidden, vocabulary, heads, head_dim, query_rank, output_rank, groups, window;
    uint32_t index_heads, index_top_k;
    uint32_t experts, experts_used, expert_width, hash_layers;
    uint64_t context;
    float clamp;
    float epsilon;         /* of norms and hyper-connections; 0: the published 1e-6 */
    float position_centre; /* around which the compressors' position terms are, in plain formats: no softmax may mind it */
    bool router_bias;
    ds4_format attention, mix, compressor, gate_up, down, shared, embedding;
} model_config;

/* Four layers (ratios 0, 0, 4, 128), heads of 192, a window of 16, an indexer that chooses from 12 tokens on. */
model_config small_config(void);

/* Widths and formats of the published 2-bit file, in a number of layers of their ratios: 43 is all of it, 5 has every kind. */
model_config flash_config(uint32_t layers);

/* Sets the ratios of `layers` layers by the published rule: 0, 0, 4, 128, 4, 128, … */
void set_layers(model_config *config, uint32_t layers);

/* A configuration by name; false when there is none. */
bool find_preset(const char *name, model_config *config);

/* Names and what they stand for, a line each, for a usage text. */
extern const char *const preset_help;

#endif
