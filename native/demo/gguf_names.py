"""Which GGUF tensor every parameter of the PyTorch model is, and in which type it is stored."""
F32, F16, Q8_0, I32 = 0, 1, 8, 26


def _compressor(prefix, name):
    return [(f"{prefix}_kv.weight", f"{name}.kv", F16), (f"{prefix}_gate.weight", f"{name}.gate", F16),
            (f"{prefix}_ape.weight", f"{name}.ape", F16), (f"{prefix}_norm.weight", f"{name}.norm", F32)]


def _mixer(prefix, name):
    return [(f"{prefix}_fn.weight", f"{name}.fn", F16), (f"{prefix}_scale.weight", f"{name}.scale", F32),
            (f"{prefix}_base.weight", f"{name}.base", F32)]


def _layer(shape, n):
    b, l, ratio = f"blk.{n}.", f"layers.{n}.", shape.ratios[n]
    yield from _mixer(b + "hc_attn", l + "hc_attn")
    yield from _mixer(b + "hc_ffn", l + "hc_ffn")
    yield b + "attn_norm.weight", l + "attn_norm", F32
    yield b + "ffn_norm.weight", l + "ffn_norm", F32
    for gguf, ours in (("q_a", "q_a"), ("q_b", "q_b"), ("kv", "kv"), ("output_a", "out_a"), ("output_b", "out_b")):
        yield f"{b}attn_{gguf}.weight", f"{l}attn.{ours}", Q8_0
    for gguf, ours in (("q_a_norm", "q_norm"), ("kv_a_norm", "kv_norm"), ("sinks", "sinks")):
        yield f"{b}attn_{gguf}.weight", f"{l}attn.{ours}", F32
    if ratio:
        yield from _compressor(b + "attn_compressor", l + "attn.compressor")
    if ratio == 4:
        yield b + "indexer.attn_q_b.weight", l + "attn.indexer.q", F16
        yield b + "indexer.proj.weight", l + "attn.indexer.weight", F16
        yield from _compressor(b + "indexer_compressor", l + "attn.indexer.compressor")
    yield b + "ffn_gate_inp.weight", l + "ffn.router", F16
    for part in ("gate", "up", "down"):
        yield f"{b}ffn_{part}_exps.weight", f"{l}ffn.{part}", Q8_0
        yield f"{b}ffn_{part}_shexp.weight", f"{l}ffn.shared_{part}", Q8_0
    if n < shape.hash_layers:
        yield b + "ffn_gate_tid2eid.weight", l + "ffn.table", I32
    else:
        yield b + "exp_probs_b.bias", l + "ffn.bias", F32


def tensors(shape):
    """Yields (GGUF name, name in the model's state dict, GGUF type)."""
    yield "token_embd.weight", "embed", F16
    yield "output.weight", "output", Q8_0
    yield "output_norm.weight", "norm", F32
    yield from _mixer("output_hc", "hc_head")
    for n in range(shape.layers):
        yield from _layer(shape, n)
