"""Accuracy of a GGUF on dialogues never trained on, from its dequantised weights.

An answer counts as right only if every token of it is the most likely one, which is the same as greedy decoding
reproducing it. usage: evaluate.py DEMO.gguf [conversations per task]
"""
import os
import random
import sys
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import torch

import convert
from data import answer_mask, padded, spans
from dialogues import AGENT_SYSTEM, AGENT_TOOLS, TALK, WEIGHTS, prefix_text, tail_text, with_tools, without_tools
from generate import Session
from tasks import Tasks
from tokenizer import ASSISTANT, EOS, Tokenizer


class Evaluation:
    def __init__(self, path):
        torch.set_num_threads(1)
        self.t = Tokenizer.load(Path(__file__).with_name("vocabulary.json"))
        model = convert.load(path)
        self.sessions = {mode: Session(model, self.t, mode == "rounded") for mode in ("exact", "rounded")}
        self.wrong = []

    @torch.no_grad()
    def measure(self, mode, prefix, texts):
        """-> [(right answers, answers)] of every conversation tail"""
        session, rows = self.sessions[mode], [self.t.encode(x) for x in texts]
        masks = [answer_mask(r, self.t.ids[ASSISTANT], self.t.ids[EOS]) for r in rows]
        out = []
        for at in range(0, len(rows), 8):
            ids, _ = padded(rows[at:at + 8], masks[at:at + 8], 1)
            hidden, _ = session.model(ids, len(prefix), session.past(prefix), session.rounded)
            best = session.model.logits(hidden).argmax(-1)
            for row, mask, b in zip(rows[at:at + 8], masks[at:at + 8], best.tolist()):
                runs = spans(mask)
                good = [b[i - 1:j - 1] == row[i:j] for i, j in runs]
                out.append((sum(good), len(good)))
                if not all(good):
                    i, j = runs[good.index(False)]
                    k = next(k for k in range(i, j) if b[k - 1] != row[k])
                    self.wrong.append((mode, self.t.decode(row[:k]), self.t.decode(row[k:j]), self.t.tokens[b[k - 1]]))
        return out


def conversations(kind, rng, held_out, n):
    for _ in range(n):
        if kind == "several turns":
            yield with_tools(rng, held_out)
        elif kind == "without tools":
            yield without_tools(rng, held_out)
        else:
            yield getattr(Tasks(rng, held_out), kind)()


def main(path, n=16):
    e, totals = Evaluation(path), defaultdict(lambda: [0, 0, 0, 0])
    print("| task | held-out names, exact | rounded | training names, rounded |\n|---|---|---|---|")
    for kind in [*WEIGHTS, "several turns", "without tools"]:
        system, tools = (None, None) if kind == "without tools" else (AGENT_SYSTEM, AGENT_TOOLS)
        head = [{"role": "system", "content": system}] if system else []
        cells = []
        for mode, held_out in (("exact", True), ("rounded", True), ("rounded", False)):
            rng, scores = random.Random(99), []
            for effort in ("off", "on"):
                prefix = e.t.encode(prefix_text(system, tools, effort))
                texts = [tail_text(head + c, tools, effort) for c in conversations(kind, rng, held_out, n // 2)]
                scores += e.measure(mode, prefix, texts)
            whole, good, count = sum(a == b for a, b in scores), sum(a for a, _ in scores), sum(b for _, b in scores)
            total = totals[mode, held_out]
            for i, v in enumerate((whole, len(scores), good, count)):
                total[i] += v
            cells.append(f"{whole}/{len(scores)}")
        print(f"| {kind}{' (talk)' if kind in TALK else ''} | " + " | ".join(cells) + " |", flush=True)
    rows = [totals[k] for k in (("exact", True), ("rounded", True), ("rounded", False))]
    print("| whole conversations | " + " | ".join(f"{w / c:.1%}" for w, c, _, _ in rows) + " |")
    print("| single answers | " + " | ".join(f"{g / c:.1%}" for _, _, g, c in rows) + " |")
    return e.wrong


if __name__ == "__main__":
    wrong = main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 16)
    if "-v" in sys.argv:
        for mode, before, expected, got in wrong:
            print(f"\n--- {mode}: expected {expected[:80]!r}, got {got!r} after …{before[-200:]!r}")
