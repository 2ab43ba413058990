"""The feed-forward half of a layer: router (hash or learned), routed experts, shared expert."""
import torch
import torch.nn.functional as F
from torch import nn


def swiglu(x, gate, up, clamp):
    g = (x @ gate.t()).clamp(max=clamp)
    u = (x @ up.t()).clamp(-clamp, clamp)
    return F.silu(g) * u


def matrix(*dims):
    return nn.Parameter(torch.randn(*dims) * dims[-1] ** -0.5)


class Experts(nn.Module):
    def __init__(self, shape, layer):
        super().__init__()
        self.shape, d, w, n = shape, shape.hidden, shape.expert_width, shape.experts
        self.hashed = layer < shape.hash_layers
        self.router = matrix(n, d)
        self.gate, self.up, self.down = matrix(n, w, d), matrix(n, w, d), matrix(n, d, w)
        self.shared_gate, self.shared_up, self.shared_down = matrix(w, d), matrix(w, d), matrix(d, w)
        self.register_buffer("bias", torch.zeros(n))
        self.register_buffer("load", torch.zeros(n), persistent=False)
        if self.hashed:
            # Two different experts per token id; a fixed multiplicative hash keeps the load even.
            ids = torch.arange(shape.vocab, dtype=torch.int64) * 2654435761 % 2 ** 32
            first, step = (ids >> 13) % n, (ids >> 21) % (n - 1) + 1
            table = torch.stack([(first + k * step) % n for k in range(shape.experts_used)], 1)
            self.register_buffer("table", table)

    def route(self, x, ids):
        """-> expert ids [N, used] and weights [N, used]"""
        prob = F.softplus(x @ self.router.t()).sqrt()
        if self.hashed:
            chosen = self.table[ids]
        else:
            # A stable sort breaks ties towards the lowest index, as every backend does.
            order = torch.sort(prob.detach() + self.bias, dim=-1, descending=True, stable=True)[1]
            chosen = order[:, :self.shape.experts_used]
        w = prob.gather(1, chosen)
        return chosen, w / w.sum(1, keepdim=True).clamp(min=2.0 ** -14) * self.shape.expert_scale

    def forward(self, x, ids):
        clamp = self.shape.swiglu_clamp
        y = swiglu(x, self.shared_gate, self.shared_up, clamp) @ self.shared_down.t()
        chosen, weights = self.route(x, ids)
        if self.training:
            self.load += torch.bincount(chosen.flatten(), minlength=self.shape.experts)
        for e in range(self.shape.experts):
            token, slot = (chosen == e).nonzero(as_tuple=True)
            if len(token):
                h = swiglu(x[token], self.gate[e], self.up[e], clamp) * weights[token, slot, None]
                y = y.index_add(0, token, h @ self.down[e].t())
        return y

    def balance(self, rate):
        """Nudges the selection bias towards equal load (auxiliary-loss-free balancing)."""
        if not self.hashed and self.load.sum() > 0:
            self.bias += rate * torch.sign(self.load.mean() - self.load)
        self.load.zero_()
