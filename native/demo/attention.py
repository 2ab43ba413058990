"""Attention of one layer: low-rank queries, one shared KV head, a raw window, compressed rows, the indexer, sinks.

A layer's past is a dict: `raw` (the last window-1 rows), `rows` (compressed), `kvc`/`score` (compressor inputs of the open
window, for ratio 4 also of the window before it), `index_*` (the same three of the indexer) and `base`, the position at
which kvc/score start. The batch size of a past may be 1: then one prefix serves many continuations.
"""
import torch
import torch.nn.functional as F
from torch import nn

from experts import matrix
from rounding import fp4_blocks, hadamard, store_kv


def rms(x, eps, weight=None):
    y = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)
    return y if weight is None else y * weight


class Compressor(nn.Module):
    """Pools every `ratio` tokens into one row; ratio 4 overlaps with the window before."""

    def __init__(self, shape, ratio, dim):
        super().__init__()
        self.shape, self.ratio, self.dim = shape, ratio, dim
        self.width = 2 * dim if ratio == 4 else dim
        self.kv, self.gate = matrix(self.width, shape.hidden), matrix(self.width, shape.hidden)
        self.ape = nn.Parameter(torch.zeros(ratio, self.width))
        self.norm = nn.Parameter(torch.ones(dim))

    def inputs(self, a, positions):
        return a @ self.kv.t(), a @ self.gate.t() + self.ape[positions % self.ratio]

    def rows(self, kvc, score, base, emitted, rope):
        """Rows that complete within kvc/score [B, n, width] and were not emitted before, rotated, not yet rounded."""
        windows = kvc.shape[1] // self.ratio
        skip = emitted - base // self.ratio
        if windows <= skip:
            return kvc.new_zeros(kvc.shape[0], 0, self.dim)
        v = kvc[:, :windows * self.ratio].unflatten(1, (windows, self.ratio))
        s = score[:, :windows * self.ratio].unflatten(1, (windows, self.ratio))
        if self.ratio == 4:
            v, s = self._overlap(v, 0.0), self._overlap(s, float("-inf"))
        pooled = (torch.softmax(s, 2) * v).sum(2)[:, skip:]
        first = (torch.arange(skip, windows) * self.ratio) + base
        return rope(rms(pooled, self.shape.eps, self.norm), first)

    def _overlap(self, x, fill):
        """[B, windows, 4, 2d] -> [B, windows, 8, d]: first halves of the window before, second halves of this one."""
        before = F.pad(x[:, :-1, :, :self.dim], (0, 0, 0, 0, 1, 0), value=fill)
        return torch.cat([before, x[..., self.dim:]], 2)


class Indexer(nn.Module):
    """Chooses the compressed rows of a ratio-4 layer. Has no gradient; the demo always keeps every row."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.q = matrix(shape.index_heads * shape.index_dim, shape.q_rank)
        self.weight = matrix(shape.index_heads, shape.hidden)
        self.compressor = Compressor(shape, 4, shape.index_dim)

    def scores(self, a, qr, rows, positions, rope, rounded):
        """-> [B, T, rows]"""
        s = self.shape
        q = (qr @ self.q.t()).unflatten(-1, (s.index_heads, s.index_dim)).transpose(1, 2)
        q = hadamard(rope(q, positions))
        if rounded:
            q = fp4_blocks(q)
        w = a @ self.weight.t() * (s.index_dim * s.index_heads) ** -0.5
        return torch.einsum("bhtc,bth->btc", torch.relu(q @ rows.transpose(1, 2)[:, None]), w)


class Attention(nn.Module):
    def __init__(self, shape, ratio):
        super().__init__()
        self.shape, self.ratio = shape, ratio
        d, h, dh = shape.hidden, shape.heads, shape.head_dim
        self.q_a, self.q_b = matrix(shape.q_rank, d), matrix(h * dh, shape.q_rank)
        self.q_norm = nn.Parameter(torch.ones(shape.q_rank))
        self.kv, self.kv_norm = matrix(dh, d), nn.Parameter(torch.ones(dh))
        self.sinks = nn.Parameter(torch.zeros(h))
        self.out_a = matrix(shape.groups * shape.out_rank, h * dh // shape.groups)
        self.out_b = matrix(d, shape.groups * shape.out_rank)
        if ratio:
            self.compressor = Compressor(shape, ratio, dh)
        if ratio == 4:
            self.indexer = Indexer(shape)

    def forward(self, a, start, past, rope, rounded):
        """a [B, T, D] at positions start.. -> (y [B, T, D], new past)"""
        s, (b, t, _) = self.shape, a.shape
        positions = torch.arange(start, start + t)
        qr = rms(a @ self.q_a.t(), s.eps, self.q_norm)
        q = rms((qr @ self.q_b.t()).unflatten(-1, (s.heads, s.head_dim)).transpose(1, 2), s.eps)
        q = rope(q, positions)
        kv = rope(rms(a @ self.kv.t(), s.eps, self.kv_norm), positions)
        if rounded:
            kv = store_kv(kv, s.rotary)
        raw = _join(past, "raw", kv)
        distance = positions[:, None] - torch.arange(start + t - raw.shape[1], start + t)
        keys, visible = raw, ((distance >= 0) & (distance < s.window))[None].expand(b, -1, -1)
        new = {"raw": raw[:, -(s.window - 1):], "base": 0}
        if self.ratio:
            rows = self._compress(self.compressor, a, start, past, new, "", rope, rounded)
            seen = torch.arange(rows.shape[1]) < ((positions + 1) // self.ratio)[:, None]
            seen = seen[None].expand(b, -1, -1)
            if self.ratio == 4:
                seen = self._select(seen, a, qr, start, past, new, positions, rope, rounded)
            keys, visible = torch.cat([keys, rows], 1), torch.cat([visible, seen], 2)
        y = self._attend(q, keys, visible)
        return self._project(rope(y, positions, inverse=True)), new

    def _compress(self, compressor, a, start, past, new, prefix, rope, rounded):
        """Extends the compressed rows by those that complete in this batch; writes the new past; returns all rows."""
        r, end = compressor.ratio, start + a.shape[1]
        kvc, score = compressor.inputs(a, torch.arange(start, end))
        kvc, score = _join(past, prefix + "kvc", kvc), _join(past, prefix + "score", score)
        base = end - kvc.shape[1]
        fresh = compressor.rows(kvc, score, base, start // r, rope)
        if prefix:
            fresh = hadamard(fresh)
        if rounded:
            fresh = fp4_blocks(fresh) if prefix else store_kv(fresh, self.shape.rotary)
        rows = _join(past, prefix + "rows", fresh)
        keep = end // r * r - (4 if r == 4 and end >= 4 else 0)
        new.update({prefix + "rows": rows, prefix + "kvc": kvc[:, keep - base:], prefix + "score": score[:, keep - base:]})
        return rows

    def _select(self, seen, a, qr, start, past, new, positions, rope, rounded):
        top = self.shape.top_k
        if (start + a.shape[1]) // 4 <= top and self.shape.context // 4 <= top:
            return seen          # every row that can ever exist is kept: the indexer has nothing to choose
        rows = self._compress(self.indexer.compressor, a, start, past, new, "index_", rope, rounded)
        score = self.indexer.scores(a, qr, rows, positions, rope, rounded).masked_fill(~seen, float("-inf"))
        order = torch.sort(score, dim=-1, descending=True, stable=True)[1][..., :top]
        return seen & torch.zeros_like(seen).scatter(2, order, True)

    def _attend(self, q, keys, visible):
        heads = q.shape[1:3]     # heads share the keys: one product per sequence instead of one per head
        score = (q.flatten(1, 2) @ keys.transpose(1, 2) * self.shape.head_dim ** -0.5).unflatten(1, heads)
        score = score.masked_fill(~visible[:, None], float("-inf"))
        sink = self.sinks[None, :, None, None].expand(*score.shape[:3], 1)
        weight = torch.softmax(torch.cat([score, sink], -1), -1)[..., :-1]
        return (weight.flatten(1, 2) @ keys).unflatten(1, heads)

    def _project(self, y):
        s, (b, _, t, _) = self.shape, y.shape
        grouped = y.transpose(1, 2).reshape(b, t, s.groups, -1)
        a = self.out_a.unflatten(0, (s.groups, s.out_rank))
        low = torch.cat([grouped[:, :, g] @ a[g].t() for g in range(s.groups)], -1)
        return low @ self.out_b.t()


def _join(past, name, x):
    if past is None or name not in past:
        return x
    old = past[name]
    return torch.cat([old.expand(x.shape[0], -1, -1), x], 1)
