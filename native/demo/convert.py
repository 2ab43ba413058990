"""Model <-> GGUF: metadata and tensors out, a shape and a dequantised model back in."""
import numpy as np
import torch

import gguf
from gguf import ARRAY, BOOL, FLOAT, INT32, STRING, U32
from gguf_names import tensors
from model import Model
from shape import Shape

# metadata key (after "deepseek4.") -> value kind, field of Shape or a constant
KEYS = [
    ("block_count", U32, "layers"), ("embedding_length", U32, "hidden"), ("vocab_size", U32, "vocab"),
    ("context_length", U32, "context"), ("attention.head_count", U32, "heads"), ("attention.head_count_kv", U32, 1),
    ("attention.key_length", U32, "head_dim"), ("attention.value_length", U32, "head_dim"),
    ("rope.dimension_count", U32, "rotary"), ("attention.q_lora_rank", U32, "q_rank"),
    ("attention.output_lora_rank", U32, "out_rank"), ("attention.output_group_count", U32, "groups"),
    ("expert_count", U32, "experts"), ("expert_used_count", U32, "experts_used"),
    ("expert_feed_forward_length", U32, "expert_width"), ("expert_shared_count", U32, 1),
    ("hash_layer_count", U32, "hash_layers"), ("expert_group_count", U32, 0), ("expert_group_used_count", U32, 0),
    ("attention.sliding_window", U32, "window"), ("attention.indexer.head_count", U32, "index_heads"),
    ("attention.indexer.key_length", U32, "index_dim"), ("attention.indexer.top_k", U32, "top_k"),
    ("hyper_connection.count", U32, "streams"), ("hyper_connection.sinkhorn_iterations", U32, "sinkhorn"),
    ("rope.scaling.type", STRING, "yarn"), ("rope.scaling.original_context_length", U32, "yarn_original"),
    ("rope.freq_base", FLOAT, "rope_base"), ("rope.scaling.factor", FLOAT, "yarn_factor"),
    ("rope.scaling.yarn_beta_fast", FLOAT, "yarn_fast"), ("rope.scaling.yarn_beta_slow", FLOAT, "yarn_slow"),
    ("attention.compress_rope_freq_base", FLOAT, "rope_base_compressed"),
    ("expert_weights_scale", FLOAT, "expert_scale"), ("attention.layer_norm_rms_epsilon", FLOAT, "eps"),
    ("hyper_connection.epsilon", FLOAT, "eps_hc"), ("expert_weights_norm", BOOL, True),
    ("expert_gating_func", U32, 4), ("nextn_predict_layers", U32, 0),
]


def metadata(shape, tokens, merges, special):
    """All required keys of the architecture, and the tokenizer."""
    pairs = [("general.architecture", STRING, "deepseek4"), ("general.name", STRING, "DeepSeek V4 demo"),
             ("general.alignment", U32, gguf.ALIGNMENT)]
    for key, kind, what in KEYS:
        value = getattr(shape, what) if isinstance(what, str) and hasattr(shape, what) else what
        pairs.append(("deepseek4." + key, kind, value))
    pairs += [("deepseek4.attention.compress_ratios", ARRAY, (INT32, shape.ratios)),
              ("deepseek4.swiglu_clamp_exp", ARRAY, (FLOAT, [shape.swiglu_clamp] * shape.layers)),
              ("tokenizer.ggml.model", STRING, "gpt2"), ("tokenizer.ggml.pre", STRING, "joyai-llm"),
              ("tokenizer.ggml.tokens", ARRAY, (STRING, tokens)),
              # 3 = control token, 1 = ordinary token
              ("tokenizer.ggml.token_type", ARRAY, (INT32, [3 if t in special else 1 for t in tokens])),
              ("tokenizer.ggml.merges", ARRAY, (STRING, merges)),
              ("tokenizer.ggml.bos_token_id", U32, 0), ("tokenizer.ggml.eos_token_id", U32, 1),
              ("tokenizer.ggml.add_bos_token", BOOL, False)]
    return pairs


def save(path, model, tokenizer):
    state = model.state_dict()
    items = [(name, state[ours].numpy(), kind) for name, ours, kind in tensors(model.shape)]
    gguf.write(path, metadata(model.shape, tokenizer.tokens, tokenizer.merges, tokenizer.special_ids), items)


def load(path, reader=None):
    """-> the model with the file's dequantised weights, in evaluation mode"""
    reader = reader or gguf.Reader(path)
    get = lambda key: reader.metadata["deepseek4." + key]
    fields = {what: get(key) for key, _, what in KEYS if isinstance(what, str) and hasattr(Shape, what) and "deepseek4." + key in reader.metadata}
    shape = Shape(**fields, ratios=list(get("attention.compress_ratios"))[:get("block_count")],
                  swiglu_clamp=get("swiglu_clamp_exp")[0])
    model = Model(shape)
    state = model.state_dict()
    for name, ours, _ in tensors(shape):
        state[ours].copy_(torch.from_numpy(np.array(reader.tensor(name))))
    return model.eval()
