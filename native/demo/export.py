"""Writes a checkpoint as GGUF.    usage: export.py RUN_FOLDER OUT.gguf"""
import sys
from pathlib import Path

import torch

import convert
from model import Model
from shape import Shape
from tokenizer import Tokenizer


def main(run, out):
    tokenizer = Tokenizer.load(Path(__file__).with_name("vocabulary.json"))
    saved = torch.load(Path(run) / "checkpoint.pt")
    model = Model(Shape(vocab=len(tokenizer.tokens)))
    model.load_state_dict(saved["model"])
    convert.save(out, model, tokenizer)
    print(f"{out}: step {saved['step']}, {Path(out).stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
