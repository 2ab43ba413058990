"""Rotary position embedding: interleaved pairs on the last dims of a head; YaRN frequencies in compressed layers."""
import math

import torch


def frequencies(shape, compressed):
    n = shape.rotary
    i = torch.arange(n // 2, dtype=torch.float64)
    if not compressed:
        return shape.rope_base ** (-2 * i / n)
    base = shape.rope_base_compressed
    f = base ** (-2 * i / n)

    def turning_point(rotations):
        return n * math.log(shape.yarn_original / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low = max(0, math.floor(turning_point(shape.yarn_fast)))
    high = min(n - 1, math.ceil(turning_point(shape.yarn_slow)))
    keep = 1 - ((i - low) / max(0.001, high - low)).clamp(0, 1)
    return f / shape.yarn_factor * (1 - keep) + f * keep


class Rope:
    """Cosines and sines of one layer kind, computed in F64 and kept as F32 tables by position."""

    def __init__(self, shape, compressed):
        angle = torch.arange(shape.context, dtype=torch.float64)[:, None] * frequencies(shape, compressed)
        self.cos, self.sin, self.n = angle.cos().float(), angle.sin().float(), shape.rotary

    def __call__(self, x, positions, inverse=False):
        """x [..., T, dim] rotated by positions [T]; heads, if any, come before T."""
        cos, sin = self.cos[positions], self.sin[positions]
        if inverse:
            sin = -sin
        plain, tail = x[..., :-self.n], x[..., -self.n:]
        a, b = tail[..., 0::2], tail[..., 1::2]
        turned = torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)
        return torch.cat([plain, turned], -1)
