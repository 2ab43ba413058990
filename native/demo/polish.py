"""The last minutes of training: every second batch is whole write, edit and read dialogues, with what the documentation
tells people to try; the others stay mixed. Ordinary training sees these words, as single tokens, too rarely to copy them.

usage: polish.py RUN_FOLDER MINUTES      (minutes of wall-clock time; continues the run's checkpoint)
"""
import random
import sys
import time

import torch
import torch.nn.functional as F

import data
from tasks import Tasks
from train import Run
from words import Slots

PEAK, FLOOR, WARMUP = 5e-4, 2e-5, 5
ROUND_FROM, ROWS, LONGEST = 0.5, 20, 170


class Documented(Slots):
    """Slots whose contents are often greetings, as in the documentation."""

    def content(self):
        r = self.rng.random()
        if r < 0.35:
            return "Hello " + self.rng.choice(["from ds4"] * 3 + ["world", self.word(), f"from {self.word()}", f"{self.word()} {self.word()}"])
        return "Hello from ds4" if r < 0.5 else super().content()


def documented(dialogues, rng):
    """-> (key of the prefix, prefix ids, ids [B, T], mask [B, T])"""
    rows = []
    while len(rows) < ROWS:
        turns = getattr(Tasks(rng, False, Documented(rng)), rng.choice(["write", "write", "write", "edit", "read"]))()
        row = dialogues._encoded(0, rng.choice(["on", "on", "off"]), turns)
        if len(row[0]) < LONGEST:
            rows.append(row)
    key, prefix = dialogues.prefix(0, "on")
    return key, prefix, *data.padded([ids for ids, _ in rows], [mask for _, mask in rows], dialogues.eos)


def mixed(run):
    key, prefix, parts = run.dialogues.batch(0.4)
    return key, prefix, *parts[run.step % len(parts)]


def polish(run, minutes):
    rng, begun, step = random.Random(77), time.time(), 0
    run.model.train()
    while (progress := (time.time() - begun) / (minutes * 60)) < 1:
        for group in run.optimizer.param_groups:
            group["lr"] = (FLOOR + PEAK * (1 - progress)) * min(1.0, (step + 1) / WARMUP)
        key, prefix, ids, mask = documented(run.dialogues, rng) if step % 2 == 0 else mixed(run)
        rounded = progress > ROUND_FROM
        hidden, _ = run.model(ids, len(prefix), run.prefix_past(key, prefix, rounded), rounded)
        wanted = mask[:, 1:]
        loss = F.cross_entropy(run.model.logits(hidden[:, :-1][wanted]), ids[:, 1:][wanted])
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
        run.optimizer.step()
        for layer in run.model.layers:
            layer.ffn.balance(1e-3)
        step, run.step = step + 1, run.step + 1
    run.spent += minutes * 60
    run.save()


if __name__ == "__main__":
    polish(Run(sys.argv[1], 0), float(sys.argv[2]))
