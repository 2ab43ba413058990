"""Writes reference/: prompts with exact logits, the self-test sequence, and greedy dialogues.

usage: make_reference.py DEMO.gguf        (layout: reference/README.md)
"""
import json
import os
import random
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import torch

import convert
from dialogues import AGENT_SYSTEM, AGENT_TOOLS, prefix_text, tail_text, with_tools
from generate import Session
from showcase import showcase
from template import render
from tokenizer import EOS, Tokenizer

OUT = Path(__file__).parent / "reference"
# Lengths around the windows of 4 and 128, then prompts as they come.
CUTS = [1, 2, 3, 4, 5, 7, 8, 127, 128, 129, 131, 132, 255, 256, 257, 384]


def agent_prompt(messages, effort):
    return render([{"role": "system", "content": AGENT_SYSTEM}] + messages, AGENT_TOOLS, effort)


def logits(model, ids):
    with torch.no_grad():
        hidden, _ = model(torch.tensor([ids]))
        return model.logits(hidden[0])


def write_ids(path, ids):
    path.write_text("\n".join(map(str, ids)) + "\n")


def prompts(model, tokenizer):
    rng, out = random.Random(5), []
    for n in CUTS:
        text = "".join(render(with_tools(rng, True), None, "on") for _ in range(8))
        out.append(tokenizer.encode(text)[:n])
    for effort, text in (("off", "Create hello.txt with the text Hello from ds4"), ("on", "List the files"), ("max", "Run build.py")):
        out.append(tokenizer.encode(agent_prompt([{"role": "user", "content": text}], effort)))
    out.append(tokenizer.encode(agent_prompt(with_tools(rng, True)[:-1], "on")))
    (OUT / "prompts").mkdir(parents=True, exist_ok=True)
    rows = []
    for i, ids in enumerate(out):
        write_ids(OUT / "prompts" / f"{i:02}.ids", ids)
        rows.append(logits(model, ids)[-1].numpy())
    np.stack(rows).astype("<f4").tofile(OUT / "logits.f32")


def selftest(model, tokenizer):
    text = render([{"role": "user", "content": "Read falcon.txt"}], None, "off") + "".join(
        render(with_tools(random.Random(i), True), None, "on") for i in range(4))
    ids, positions = tokenizer.encode(text)[:200], [0, 3, 4, 7, 126, 127, 128, 199]
    write_ids(OUT / "selftest.ids", ids)
    write_ids(OUT / "selftest.positions", [p + 1 for p in positions])   # ds4-logits counts tokens
    logits(model, ids)[positions].numpy().astype("<f4").tofile(OUT / "selftest.f32")


def replies(sessions, tokenizer, messages, effort):
    """Every assistant turn: what is expected, what both modes generate, and by how much the best token leads."""
    prefix = prefix_text(AGENT_SYSTEM, AGENT_TOOLS, effort)
    for i, m in enumerate(messages):
        if m["role"] != "assistant":
            continue
        before = agent_prompt(messages[:i], effort)
        expected = agent_prompt(messages[:i + 1], effort)[len(before):]
        entry = {"message": i, "expected": expected.removesuffix(EOS)}
        tail = tokenizer.encode(before[len(prefix):])
        for mode, session in sessions.items():
            right, lead = session.follows(tokenizer.encode(prefix), tail, tokenizer.encode(expected))
            entry[mode] = {"right": right, "smallest_lead": round(lead, 3)}
            if not right:
                entry[mode]["text"] = tokenizer.decode(session.greedy(tokenizer.encode(prefix), tail, 150)[0])
        yield entry


def greedy(model, tokenizer):
    sessions, lines, right, count = {m: Session(model, tokenizer, m == "rounded") for m in ("exact", "rounded")}, [], 0, 0
    for title, messages in showcase():
        for effort in ("off", "on"):
            found = list(replies(sessions, tokenizer, messages, effort))
            good = all(r["rounded"]["right"] and r["exact"]["right"] for r in found)
            right, count = right + good, count + 1
            lines.append(json.dumps({"title": title, "thinking": effort, "right": good, "messages": messages, "replies": found}, ensure_ascii=False))
    (OUT / "greedy.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"greedy dialogues right in both modes: {right}/{count}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    demo, t = convert.load(sys.argv[1]), Tokenizer.load(Path(__file__).with_name("vocabulary.json"))
    prompts(demo, t)
    selftest(demo, t)
    greedy(demo, t)
