"""Builds vocabulary.json: a small BPE whose known words are single tokens and whose unknown words stay in small pieces.

Letters merge only inside words. The space joins a word at the very end, and only a complete known word; punctuation never
joins letters. So an unknown name gives the same tokens after a space, a quote, a slash or a `>`.
"""
import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

import questions
import words
from dialogues import AGENT_SYSTEM, AGENT_TOOLS, SETTINGS, prefix_text, tail_text, with_tools
from pretokenizer import pieces
from template import MAX_EFFORT
from tokenizer import BYTE_TO_CHAR, EOS, BOS, SPECIAL, SPLITTING, to_alphabet

PUNCTUATION_MERGES, JOINED_WORDS = 90, 4


class KnownSlots(words.Slots):
    """Slots without made-up words."""

    def word(self, fresh=0):
        return self.rng.choice(self.known)

    name_word = word


def fixed_text():
    """What is always the same: prompts, answers, phrasings. Drawn with slot words taken from the known list only."""
    rng = random.Random(1)
    texts = [prefix_text(AGENT_SYSTEM, AGENT_TOOLS)] * 20 + [MAX_EFFORT] + [s or "" for s, _, _ in SETTINGS]
    texts += questions.UNKNOWN + questions.WHO + questions.GREETINGS + questions.THANKS + questions.BYE
    texts += [p.replace("{", " ").replace("}", " ") for p in questions.PATTERNS]
    texts += [tail_text(with_tools(rng, slots=KnownSlots(rng)), AGENT_TOOLS, "on") for _ in range(600)]
    return texts


def learn(counts, wanted):
    """Plain BPE training over symbol sequences, until `wanted` merges or until every sequence is one symbol."""
    items = [[list(to_alphabet(t)), n] for t, n in counts.items()]
    merges = []
    while wanted is None or len(merges) < wanted:
        pairs = Counter()
        for symbols, n in items:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        for item in items:
            symbols, i = item[0], 0
            while i < len(symbols) - 1:
                if (symbols[i], symbols[i + 1]) == best:
                    symbols[i:i + 2] = [symbols[i] + symbols[i + 1]]
                i += 1
        items = [item for item in items if len(item[0]) > 1]
    return merges


def main(path):
    word_counts, spaced, marks = Counter(), Counter(), Counter()
    known = set(words.COMMON) | set(words.EXTENSIONS) | {"README", "Hello", "ds"}
    splitter = re.compile("|".join(map(re.escape, SPLITTING)))
    for text in fixed_text():
        for span in splitter.split(text):
            for piece in pieces(span):
                core = piece.lstrip(" " + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
                if core.isascii() and core.isalpha():
                    word_counts[core] += 1
                    spaced[core] += piece == " " + core
                elif not core.strip("\r\n"):
                    marks[piece] += 1
    frequent = {w for w, n in word_counts.items() if n >= 3 and len(w) > 1}
    frequent -= {w for w in frequent if w.lower() in words.HELD_OUT}
    # One vote per word, so that the pieces are those of the language, and a small bonus for frequent words.
    letters = learn({w: 2 + min(3, word_counts[w] // 20) for w in sorted(frequent | known)}, None)
    punctuation = learn({m: n for m, n in sorted(marks.items()) if len(m) > 1}, PUNCTUATION_MERGES)
    joined = [("Ġ", w) for w in sorted(frequent | known) if spaced[w] >= JOINED_WORDS or w in words.COMMON]
    single = [("Ġ", c) for c in "aI" ]
    merges = letters + punctuation + joined + single
    tokens = [BOS, EOS] + [BYTE_TO_CHAR[b] for b in range(256)] + list(dict.fromkeys(a + b for a, b in merges))
    tokens += [s for s in SPECIAL if s not in (BOS, EOS)]
    tokens += [f"<｜place▁holder▁no▁{i}｜>" for i in range(-len(tokens) % 32)]
    assert len(set(tokens)) == len(tokens)
    json.dump({"tokens": tokens, "merges": [" ".join(m) for m in merges]}, open(path, "w", encoding="utf-8"), ensure_ascii=False, indent=0)
    print(len(tokens), "tokens", len(letters), "letter merges", len(joined), "joined words", len(punctuation), "punctuation merges")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("vocabulary.json"))
