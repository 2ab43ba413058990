"""Storage roundings of the KV cache: FP8 (E4M3) blocks, FP4 (E2M1) blocks, F16, and the Hadamard transform.

All of them are straight-through for gradients, so that the last part of the training can run with them switched on.
"""
import torch


def power_of_two_at_least(x):
    """2^ceil(log2(x)) from the exponent bits; a float log2 is wrong right above powers of two."""
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp(torch.ones_like(x), torch.where(mantissa > 0.5, exponent, exponent - 1))


def e4m3(x):
    """Nearest value of the finite float8 e4m3fn grid, ties to even; |x| <= 448."""
    _, exponent = torch.frexp(x)
    step = torch.ldexp(torch.ones_like(x), exponent.clamp(min=-5) - 4)
    return torch.round(x / step) * step


def e2m1(x):
    """Nearest of 0, .5, 1, 1.5, 2, 3, 4, 6 with sign; a tie goes to the even grid index; |x| <= 6."""
    a = x.abs()
    step = torch.where(a < 2, 0.5, torch.where(a < 4, 1.0, 2.0)).to(x)
    return torch.round(a / step) * step * torch.sign(x)


def _blocks(x, size, floor, top, grid):
    v = x.unflatten(-1, (-1, size))
    scale = power_of_two_at_least(v.abs().amax(-1, keepdim=True).clamp(min=floor) / top)
    return (grid((v / scale).clamp(-top, top)) * scale).flatten(-2)


def fp8_blocks(x):
    return _blocks(x, 64, 1e-4, 448.0, e4m3)


def fp4_blocks(x):
    return _blocks(x, 32, 6 * 2.0 ** -126, 6.0, e2m1)


def straight_through(x, rounded):
    return x + (rounded - x).detach()


def store_kv(kv, rotary):
    """What the cache gives back for a raw or compressed row: FP8 without the rotary tail, then F16."""
    with torch.no_grad():
        r = torch.cat([fp8_blocks(kv[..., :-rotary]), kv[..., -rotary:]], -1).half().float()
    return straight_through(kv, r)


def hadamard(x):
    """Normalised Walsh-Hadamard transform of the last dimension (128), natural order."""
    n = x.shape[-1]
    stride = 1
    while stride < n:
        v = x.unflatten(-1, (n // (2 * stride), 2, stride))
        a, b = v[..., 0, :], v[..., 1, :]
        x = torch.stack([a + b, a - b], -2).flatten(-3)
        stride *= 2
    return x * n ** -0.5
