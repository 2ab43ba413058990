"""The whole network. Exact maths by default; rounded=True adds the KV cache's FP8, FP4 and F16 roundings."""
import torch
from torch import nn

from attention import Attention, rms
from experts import Experts
from hyper import Mixer
from rope import Rope


class Layer(nn.Module):
    def __init__(self, shape, index):
        super().__init__()
        mixed = shape.streams * (shape.streams + 2)
        self.hc_attn, self.hc_ffn = Mixer(shape, mixed, 2 * index), Mixer(shape, mixed, 2 * index + 1)
        self.attn_norm = nn.Parameter(torch.ones(shape.hidden))
        self.ffn_norm = nn.Parameter(torch.ones(shape.hidden))
        self.attn = Attention(shape, shape.ratios[index])
        self.ffn = Experts(shape, index)


class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Parameter(torch.randn(shape.vocab, shape.hidden) * 0.5)
        self.layers = nn.ModuleList(Layer(shape, i) for i in range(shape.layers))
        self.hc_head = Mixer(shape, shape.streams)
        self.norm = nn.Parameter(torch.ones(shape.hidden))
        self.output = nn.Parameter(torch.randn(shape.vocab, shape.hidden) * shape.hidden ** -0.5)
        self.ropes = Rope(shape, False), Rope(shape, True)

    def forward(self, ids, start=0, past=None, rounded=False):
        """ids [B, T] at positions start.. -> (hidden [B, T, D] ready for `logits`, past to continue from)"""
        s, (b, t) = self.shape, ids.shape
        flat = ids.flatten()
        streams = self.embed[flat][:, None].expand(-1, s.streams, -1)
        new = []
        for i, layer in enumerate(self.layers):
            x, post, comb = layer.hc_attn.before(streams)
            a = rms(x, s.eps, layer.attn_norm).view(b, t, -1)
            y, kept = layer.attn(a, start, past and past[i], self.ropes[s.ratios[i] > 0], rounded)
            new.append(kept)
            streams = Mixer.after(streams, y.flatten(0, 1), post, comb)
            x, post, comb = layer.hc_ffn.before(streams)
            y = layer.ffn(rms(x, s.eps, layer.ffn_norm), flat)
            streams = Mixer.after(streams, y, post, comb)
        return rms(self.hc_head.head(streams), s.eps, self.norm).view(b, t, -1), new

    def logits(self, hidden):
        return hidden @ self.output.t()
