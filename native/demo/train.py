"""Trains the demo: first copying, then dialogues with some copying, at last with the cache's roundings switched on.

usage: train.py RUN_FOLDER MINUTES      (minutes of processor time; an existing run is continued)
"""
import os
import random
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")     # before torch is loaded: its BLAS has threads of its own
import torch
import torch.nn.functional as F

from data import Copies, Dialogues
from model import Model
from shape import Shape
from start import prepare
from tokenizer import Tokenizer

HERE = Path(__file__).parent
COPY_SHARE, COPY_LATER, DECAY_FROM, ROUND_FROM = 0.10, 0.12, 0.5, 0.7
PEAK, FLOOR, WARMUP = 1.5e-3, 5e-5, 40
PREFIX_LIFE = 5          # steps for which a computed prefix is reused; it takes no gradient


class Run:
    def __init__(self, folder, minutes):
        torch.set_num_threads(1)
        self.folder, self.budget = Path(folder), minutes * 60
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer = Tokenizer.load(HERE / "vocabulary.json")
        self.step, self.spent = 0, 0.0
        torch.manual_seed(7)
        self.model = Model(Shape(vocab=len(self.tokenizer.tokens)))
        prepare(self.model)
        matrices = [p for p in self.model.parameters() if p.dim() > 1]
        others = [p for p in self.model.parameters() if p.dim() <= 1]
        self.optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
                                           lr=PEAK, betas=(0.9, 0.95), eps=1e-8)
        self._resume()
        self.dialogues = Dialogues(self.tokenizer, random.Random(1000 + self.step))
        self.copies = Copies(self.tokenizer, random.Random(2000 + self.step))
        self.choice = random.Random(3000 + self.step)
        self.prefixes = {}

    def _resume(self):
        path = self.folder / "checkpoint.pt"
        if path.exists():
            saved = torch.load(path)
            self.model.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.step, self.spent = saved["step"], saved["spent"]

    def save(self):
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step, "spent": self.spent}
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").rename(self.folder / "checkpoint.pt")

    def rate(self, progress):
        warm = min(1.0, (self.step + 1) / WARMUP)
        falling = 1 - max(0.0, progress - DECAY_FROM) / (1 - DECAY_FROM)
        return warm * (FLOOR + (PEAK - FLOOR) * max(0.0, falling))

    def prefix_past(self, key, ids, rounded):
        """The prefix's cache, computed without gradient and kept for a few steps."""
        made, past = self.prefixes.get(key, (-10 ** 9, None))
        if self.step - made >= PREFIX_LIFE:
            self.model.eval()
            with torch.no_grad():
                _, past = self.model(torch.tensor([ids]), rounded=rounded)
            self.model.train()
            self.prefixes[key] = self.step, past
        return past

    def loss(self, progress):
        """-> (kind of batch, loss, share of right tokens)"""
        rounded = progress >= ROUND_FROM
        if progress < COPY_SHARE or self.choice.random() < COPY_LATER:
            kind, start, past = "copy", 0, None
            ids, mask = self.copies.batch()
        else:
            key, prefix, ids, mask = self.dialogues.batch()
            kind, start, past = "dialogue", len(prefix), self.prefix_past(key, prefix, rounded)
        hidden, _ = self.model(ids, start, past, rounded)
        wanted = mask[:, 1:]
        logits = self.model.logits(hidden[:, :-1][wanted])
        target = ids[:, 1:][wanted]
        right = (logits.argmax(-1) == target).float().mean().item()
        return kind, F.cross_entropy(logits, target), right

    def train(self):
        self.model.train()
        begun, before, saved, seen = time.time(), time.process_time() - self.spent, self.spent, {}
        while self.spent < self.budget:
            progress = self.spent / self.budget
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(progress)
            kind, loss, right = self.loss(progress)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            if not torch.isfinite(norm):
                raise RuntimeError(f"step {self.step}: the gradient is not finite; lower PEAK")
            self.optimizer.step()
            for layer in self.model.layers:
                layer.ffn.balance(1e-3)
            seen.setdefault(kind, []).append((loss.item(), right))
            self.step, self.spent = self.step + 1, time.process_time() - before
            if self.step % 20 == 0:
                self.report(seen, progress, norm, time.time() - begun)
                seen = {}
            if self.spent - saved > 45:
                saved = self.spent
                self.save()
        self.save()

    def report(self, seen, progress, norm, wall):
        parts = [f"{k} loss {sum(l for l, _ in v) / len(v):.4f} right {sum(r for _, r in v) / len(v):.4f}" for k, v in sorted(seen.items())]
        line = f"step {self.step} cpu {self.spent:.0f} s wall {wall:.0f} s lr {self.rate(progress):.1e} norm {norm:.2f} " + "; ".join(parts)
        with open(self.folder / "training.log", "a") as f:
            f.write(line + "\n")


if __name__ == "__main__":
    Run(sys.argv[1], float(sys.argv[2])).train()
