"""The numbers that define a model. The demo's values are the defaults; a GGUF file can bring others (see gguf_read.py)."""
from dataclasses import dataclass, field


@dataclass
class Shape:
    layers: int = 4
    hidden: int = 256
    vocab: int = 0
    heads: int = 4
    head_dim: int = 192
    rotary: int = 64
    q_rank: int = 128
    out_rank: int = 128          # per group
    groups: int = 2
    experts: int = 8
    experts_used: int = 2
    expert_width: int = 256
    hash_layers: int = 1
    window: int = 128
    index_heads: int = 2
    index_dim: int = 128
    top_k: int = 2048            # context / 4: every compressed row stays selected
    streams: int = 4
    sinkhorn: int = 20
    swiglu_clamp: float = 10.0
    rope_base: float = 10000.0
    rope_base_compressed: float = 160000.0
    yarn_factor: float = 16.0
    yarn_original: int = 65536
    yarn_fast: float = 32.0
    yarn_slow: float = 1.0
    expert_scale: float = 1.5
    eps: float = 1e-6
    eps_hc: float = 1e-6
    context: int = 8192
    ratios: list = field(default_factory=lambda: [0, 0, 4, 128])
