"""Byte-level BPE: special strings by text, the official splitter, merges applied lowest rank first."""
import functools
import json
import re

from pretokenizer import pieces

BOS, EOS = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
USER, ASSISTANT = "<｜User｜>", "<｜Assistant｜>"
THINK, END_THINK, DSML = "<think>", "</think>", "｜DSML｜"
SPLITTING = [BOS, EOS, USER, ASSISTANT, THINK, END_THINK, DSML]
SPECIAL = SPLITTING + [f"<｜{name}｜>" for name in
                       ("latest_reminder", "action", "query", "authority", "domain", "title", "read_url")]


def _alphabet():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}


BYTE_TO_CHAR = _alphabet()
CHAR_TO_BYTE = {c: b for b, c in BYTE_TO_CHAR.items()}


def to_alphabet(text):
    return "".join(BYTE_TO_CHAR[b] for b in text.encode())


class Tokenizer:
    def __init__(self, tokens, merges):
        self.tokens, self.merges, self.special_ids = tokens, merges, set(SPECIAL)
        self.ids = {t: i for i, t in enumerate(tokens)}
        self.ranks = {tuple(m.split(" ")): i for i, m in enumerate(merges)}
        self._specials = re.compile("(" + "|".join(map(re.escape, SPLITTING)) + ")")
        self._piece = functools.lru_cache(100_000)(self._merge)

    @staticmethod
    def load(path):
        data = json.load(open(path, encoding="utf-8"))
        return Tokenizer(data["tokens"], data["merges"])

    def _merge(self, piece):
        symbols = list(to_alphabet(piece))
        while len(symbols) > 1:
            best = min(range(len(symbols) - 1), key=lambda i: self.ranks.get((symbols[i], symbols[i + 1]), 1 << 30))
            if (symbols[best], symbols[best + 1]) not in self.ranks:
                break
            symbols[best:best + 2] = [symbols[best] + symbols[best + 1]]
        return [self.ids[s] for s in symbols]

    def encode_plain(self, text):
        return [i for piece in pieces(text) for i in self._piece(piece)]

    def encode(self, text):
        """Ids of a rendered prompt: the seven special strings become their ids, the spans between them are text."""
        ids = []
        for span in self._specials.split(text):
            ids += [self.ids[span]] if span in self.special_ids else self.encode_plain(span)
        return ids

    def decode(self, ids):
        out = b""
        for i in ids:
            t = self.tokens[i]
            out += t.encode() if "｜" in t else bytes(CHAR_TO_BYTE[c] for c in t)
        return out.decode("utf-8", "replace")
