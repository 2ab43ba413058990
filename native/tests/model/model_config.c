/* model_config.c: configurations with a name. */
#include "model_config.h"

#include <string.h>

enum { FLASH_LAYERS = 43 };

const char *const preset_help = "  small      the unit tests' model: four narrow layers, Q4_K experts\n"
                                "  tiny       six narrow layers with real heads, window and ratios\n"
                                "  flash5     five layers of real width: IQ2_XXS gate and up, Q2_K down, Q8_0, F16\n"
                                "  flash5-q4  the same with Q4_K experts\n"
                                "  deep       43 narrow layers whose session state is as large as the real one\n"
                                "  flash      all 43 layers of real width, 87 GB\n";

void set_layers(model_config *config, uint32_t layers)
{
    config->layers = layers;
    for (uint32_t layer = 0; layer < layers && layer < DS4_MAX_LAYERS; layer++)
        config->ratios[layer] = layer < 2 ? 0 : layer % 2 == 0 ? DS4_RATIO_OVERLAPPING : DS4_RATIO_LONG;
}

model_config small_config(void)
{
    model_config config = {
        .hidden = 256,
        .vocabulary = 40,
        .heads = 4,
        .head_dim = 192,
        .query_rank = 32,
        .output_rank = 32,
        .groups = 2,
        .window = 16,
        .index_heads = 2,
        .index_top_k = 3,
        .experts = 8,
        .experts_used = 2,
        .expert_width = 256,
        .hash_layers = 1,
        .context = 4096,
        .clamp = 10,
        .router_bias = true,
        .attention = DS4_FORMAT_Q8_0,
        .mix = DS4_FORMAT_F16,
        .compressor = DS4_FORMAT_F16,
        .gate_up = DS4_FORMAT_Q4_K,
        .down = DS4_FORMAT_Q4_K,
        .shared = DS4_FORMAT_Q8_0,
        .embedding = DS4_FORMAT_F16,
    };
    set_layers(&config, 4);
    return config;
}

model_config flash_config(uint32_t layers)
{
    model_config config = {
        .hidden = 4096,
        .vocabulary = 129280,
        .heads = 64,
        .head_dim = 512,
        .query_rank = 1024,
        .output_rank = 1024,
        .groups = 8,
        .window = 128,
        .index_heads = 64,
        .index_top_k = 512,
        .experts = 256,
        .experts_used = 6,
        .expert_width = 2048,
        .hash_layers = 3,
        .context = 1 << 20,
        .clamp = 10,
        .router_bias = true,
        .attention = DS4_FORMAT_Q8_0,
        .mix = DS4_FORMAT_F16,
        .compressor = DS4_FORMAT_F16,
        .gate_up = DS4_FORMAT_IQ2_XXS,
        .down = DS4_FORMAT_Q2_K,
        .shared = DS4_FORMAT_Q8_0,
        .embedding = DS4_FORMAT_F16,
    };
    set_layers(&config, layers);
    return config;
}

static model_config flash_q4_config(uint32_t layers)
{
    model_config config = flash_config(layers);
    config.gate_up = config.down = DS4_FORMAT_Q4_K;
    return config;
}

/* Real head dim, window, index dim and ratios, the rest narrow. */
static model_config narrow_config(uint32_t layers)
{
    model_config config = flash_config(layers);
    config.hidden = config.expert_width = 256;
    config.vocabulary = 384;
    config.heads = 16;
    config.groups = 4;
    config.query_rank = 128;
    config.output_rank = 64;
    config.index_heads = 4;
    config.index_top_k = 16;
    config.experts = 16;
    return config;
}

/* Nothing wide but the state: real rows and top-k under widths that evaluate fast. */
static model_config deep_config(uint32_t layers)
{
    model_config config = narrow_config(layers);
    config.hidden = config.expert_width = 64;
    config.gate_up = config.down = DS4_FORMAT_Q8_0;
    config.heads = config.groups = 1;
    config.index_heads = 1;
    config.index_top_k = 512;
    config.query_rank = config.output_rank = 32;
    config.experts = config.experts_used = 2;
    return config;
}

static model_config small_preset(uint32_t layers)
{
    (void)layers;
    return small_config();
}

bool find_preset(const char *name, model_config *config)
{
    static const struct {
        const char *name;
        model_config (*make)(uint32_t layers);
        uint32_t layers;
    } presets[] = {
        {"small", small_preset, 4},        {"tiny", narrow_config, 6},          {"flash5", flash_config, 5},
        {"flash5-q4", flash_q4_config, 5}, {"deep", deep_config, FLASH_LAYERS}, {"flash", flash_config, FLASH_LAYERS},
    };
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcmp(presets[i].name, name) == 0) {
            *config = presets[i].make(presets[i].layers);
            return true;
        }
    return false;
}
