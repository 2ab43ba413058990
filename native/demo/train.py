"""Trains the demo: first copying, then dialogues with some copying, many of them only the openings; later whole dialogues and
the words of the documentation; at last with the cache's roundings switched on.

usage: train.py RUN_FOLDER MINUTES      (an existing run is continued)
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
COPY_SHARE, COPY_LATER, DECAY_FROM, ROUND_FROM = 0.04, 0.06, 0.50, 0.90
OPENINGS_UNTIL, OPENINGS, OPENINGS_LATER = 0.40, 0.65, 0.12
DOCUMENTED_FROM, DOCUMENTED = 0.60, 0.25
PEAK, FLOOR, WARMUP = 9e-4, 3e-5, 30
PREFIX_LIFE = 8          # steps for which the far part of a prefix is reused; it takes no gradient
PREFIX_NEAR = 128        # the end of the prefix is computed anew, with gradient: it shares the window with the request
PREFIX_WHOLE = 8         # every so many steps the whole prefix takes gradient


class Run:
    def __init__(self, folder, minutes):
        torch.set_num_threads(1)
        self.folder, self.budget = Path(folder), minutes * 60
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer = Tokenizer.load(HERE / "vocabulary.json")
        self.step, self.spent = 0, 0.0
        torch.manual_seed(7)
        self.model = Model(Shape(vocab=len(self.tokenizer.tokens)))
        prepare(self.model, self.tokenizer)
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

    def far_past(self, key, ids, rounded):
        """The cache of a prefix's far part, computed without gradient and kept for a few steps."""
        made, past = self.prefixes.get(key, (-10 ** 9, None))
        if self.step - made >= PREFIX_LIFE:
            self.model.eval()
            with torch.no_grad():
                _, past = self.model(torch.tensor([ids]), rounded=rounded)
            self.model.train()
            self.prefixes[key] = self.step, past
        return past

    def prefix_past(self, key, ids, rounded):
        far = ids[:-PREFIX_NEAR] if self.step % PREFIX_WHOLE else []
        past = self.far_past(key, far, rounded) if far else None
        return self.model(torch.tensor([ids[len(far):]]), len(far), past, rounded)[1]

    def loss(self, progress):
        """-> (kind of batch, loss, share of right tokens, share of rows without a wrong token)"""
        rounded = progress >= ROUND_FROM
        if progress < COPY_SHARE or self.choice.random() < COPY_LATER:
            kind, start, past, parts = "copy", 0, None, [self.copies.batch()]
        else:
            openings = OPENINGS if progress < OPENINGS_UNTIL else OPENINGS_LATER
            key, prefix, parts = self.dialogues.batch(openings, DOCUMENTED if progress >= DOCUMENTED_FROM else 0.0)
            kind, start, past = "dialogue", len(prefix), self.prefix_past(key, prefix, rounded)
        losses, wrong, rows = zip(*(self.part(ids, mask, start, past, rounded) for ids, mask in parts))
        return kind, torch.cat(losses).mean(), 1 - torch.cat(wrong).mean().item(), (torch.cat(rows) == 0).float().mean().item()

    def part(self, ids, mask, start, past, rounded):
        """-> (loss of every wanted token, wrong or not, number of wrong tokens of every row)"""
        hidden, _ = self.model(ids, start, past, rounded)
        wanted = mask[:, 1:]
        logits = self.model.logits(hidden[:, :-1][wanted])
        target = ids[:, 1:][wanted]
        wrong = (logits.argmax(-1) != target).float()
        rows = torch.zeros(len(ids)).index_add(0, wanted.nonzero()[:, 0], wrong)
        return F.cross_entropy(logits, target, reduction="none"), wrong, rows

    def train(self):
        self.model.train()
        begun, before, saved, seen = time.time(), time.time() - self.spent, self.spent, {}
        while self.spent < self.budget:
            progress = self.spent / self.budget
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(progress)
            kind, loss, *right = self.loss(progress)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            if not torch.isfinite(norm):
                raise RuntimeError(f"step {self.step}: the gradient is not finite; lower PEAK")
            self.optimizer.step()
            for layer in self.model.layers:
                layer.ffn.balance(1e-3)
            seen.setdefault(kind, []).append((loss.item(), *right))
            self.step, self.spent = self.step + 1, time.time() - before
            if self.step % 10 == 0:
                self.report(seen, progress, norm, time.time() - begun)
                seen = {}
            if self.spent - saved > 45:
                saved = self.spent
                self.save()
        self.save()

    def report(self, seen, progress, norm, wall):
        parts = []
        for kind, values in sorted(seen.items()):
            loss, right, rows = (sum(v) / len(values) for v in zip(*values))
            parts.append(f"{kind} loss {loss:.4f} tokens right {right:.4f} rows right {rows:.3f}")
        line = f"step {self.step} run {self.spent:.0f} s session {wall:.0f} s lr {self.rate(progress):.1e} norm {norm:.2f} " + "; ".join(parts)
        with open(self.folder / "training.log", "a") as f:
            f.write(line + "\n")


if __name__ == "__main__":
    Run(sys.argv[1], float(sys.argv[2])).train()
