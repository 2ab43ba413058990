"""Hyper-connections: four residual streams, mixed before and after every sub-layer."""
import torch
from torch import nn


def sinkhorn(a, iterations, eps):
    """a [4, 4, N] (source, destination, tokens) -> nearly doubly stochastic; tokens last keeps the tiny sums vectorised."""
    a = torch.softmax(a, 1) + eps
    a = a / (a.sum(0, keepdim=True) + eps)
    for _ in range(iterations - 1):
        a = a / (a.sum(1, keepdim=True) + eps)
        a = a / (a.sum(0, keepdim=True) + eps)
    return a


class Spread(torch.autograd.Function):
    """out[d] = post[d] * y + sum over s of comb[s][d] * streams[s]; by hand, because 4x4 batched products are slow on a CPU."""

    @staticmethod
    def forward(ctx, streams, y, post, comb):
        ctx.save_for_backward(streams, y, post, comb)
        out = torch.empty_like(streams)
        for d in range(streams.shape[1]):
            torch.mul(y, post[:, d, None], out=out[:, d])
            for s in range(streams.shape[1]):
                out[:, d].addcmul_(streams[:, s], comb[:, s, d, None])
        return out

    @staticmethod
    def backward(ctx, grad):
        streams, y, post, comb = ctx.saved_tensors
        n = streams.shape[1]
        g_streams, g_y = torch.zeros_like(streams), torch.zeros_like(y)
        g_post, g_comb = torch.empty_like(post), torch.empty_like(comb)
        for d in range(n):
            g = grad[:, d]
            g_y.addcmul_(g, post[:, d, None])
            g_post[:, d] = (g * y).sum(1)
            for s in range(n):
                g_comb[:, s, d] = (g * streams[:, s]).sum(1)
                g_streams[:, s].addcmul_(g, comb[:, s, d, None])
        return g_streams, g_y, g_post, g_comb


class Mixer(nn.Module):
    """fn, scale and base of one hyper-connection; `values` is 24 for a sub-layer and 4 for the head."""

    def __init__(self, shape, values, favourite=0):
        super().__init__()
        self.shape, s = shape, shape.streams
        self.fn = nn.Parameter(torch.randn(values, s * shape.hidden) * 0.01)
        self.scale = nn.Parameter(torch.ones(3 if values > s else 1))
        base = torch.zeros(values)
        base[:s] = -1.5
        base[favourite % s] = 1.0            # every sub-layer starts by reading mostly one stream
        if values > s:
            base[2 * s:] = (torch.eye(s) * 4).flatten()      # and streams start by mostly keeping to themselves
        self.base = nn.Parameter(base)

    def _mix(self, streams):
        flat = streams.flatten(-2)
        return (flat @ self.fn.t()) * torch.rsqrt(flat.square().mean(-1, keepdim=True) + self.shape.eps)

    def before(self, streams):
        """streams [N, 4, D] -> (input [N, D], post [N, 4], comb [N, 4 source, 4 destination])"""
        s, m = self.shape.streams, self._mix(streams)
        pre = torch.sigmoid(m[:, :s] * self.scale[0] + self.base[:s]) + self.shape.eps_hc
        post = 2 * torch.sigmoid(m[:, s:2 * s] * self.scale[1] + self.base[s:2 * s])
        a = (m[:, 2 * s:] * self.scale[2] + self.base[2 * s:]).t().reshape(s, s, -1)
        comb = sinkhorn(a, self.shape.sinkhorn, self.shape.eps_hc).permute(2, 0, 1)
        return (pre[:, :, None] * streams).sum(1), post, comb

    @staticmethod
    def after(streams, y, post, comb):
        return Spread.apply(streams, y, post, comb)

    def head(self, streams):
        m = self._mix(streams)
        w = torch.sigmoid(m * self.scale[0] + self.base) + self.shape.eps_hc
        return (w[:, :, None] * streams).sum(1)
