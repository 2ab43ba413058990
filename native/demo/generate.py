"""Greedy generation on top of a computed prefix.

usage: generate.py DEMO.gguf on|off "user text"      (the agent's prompt, one reply, printed as it is)
"""
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import torch

from tokenizer import EOS, Tokenizer

LIMIT = 400


class Session:
    """A model, its tokenizer and the caches of the prompt prefixes seen so far."""

    def __init__(self, model, tokenizer, rounded):
        self.model, self.t, self.rounded, self.pasts = model, tokenizer, rounded, {}

    def past(self, prefix):
        key = tuple(prefix)
        if key not in self.pasts:
            with torch.no_grad():
                self.pasts[key] = self.model(torch.tensor([prefix]), rounded=self.rounded)[1]
        return self.pasts[key]

    @torch.no_grad()
    def greedy(self, prefix, tail, limit=LIMIT):
        """-> (generated ids with the final EOS if it came, smallest lead of the best logit over the second)"""
        past, start, ids, out, lead = self.past(prefix), len(prefix), tail, [], float("inf")
        while len(out) < limit:
            hidden, past = self.model(torch.tensor([ids]), start, past, self.rounded)
            value, best = torch.topk(self.model.logits(hidden[0, -1]), 2)
            start, ids, lead = start + len(ids), [int(best[0])], min(lead, float(value[0] - value[1]))
            out += ids
            if ids[0] == self.t.ids[EOS]:
                break
        return out, lead


    @torch.no_grad()
    def follows(self, prefix, tail, expected):
        """-> (whether greedy decoding gives `expected`, smallest lead of the best logit over the second); one pass."""
        hidden, _ = self.model(torch.tensor([tail + expected]), len(prefix), self.past(prefix), self.rounded)
        value, best = torch.topk(self.model.logits(hidden[0, len(tail) - 1:-1]), 2)
        return best[:, 0].tolist() == expected, float((value[:, 0] - value[:, 1]).min())


def main(path, effort, text):
    import convert
    from dialogues import AGENT_SYSTEM, AGENT_TOOLS, prefix_text
    from template import render
    torch.set_num_threads(1)
    tokenizer = Tokenizer.load(Path(__file__).with_name("vocabulary.json"))
    prefix = prefix_text(AGENT_SYSTEM, AGENT_TOOLS, effort)
    prompt = render([{"role": "system", "content": AGENT_SYSTEM}, {"role": "user", "content": text}], AGENT_TOOLS, effort)
    session = Session(convert.load(path), tokenizer, True)
    out, lead = session.greedy(tokenizer.encode(prefix), tokenizer.encode(prompt[len(prefix):]))
    print(tokenizer.decode(out), f"\n(smallest lead {lead:.2f})")


if __name__ == "__main__":
    main(*sys.argv[1:])
