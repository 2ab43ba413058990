"""Training batches: dialogues behind a shared prompt prefix, and repeated random segments that teach copying."""
import torch

from dialogues import SETTINGS, WEIGHTS, choose, prefix_text, tail_text, with_tools, without_tools
from tasks import Tasks
from tokenizer import ASSISTANT, EOS
from words import Slots

COPY_TOKENS, PART_TOKENS = 1400, 1000
OPENING_ROWS, WHOLE_ROWS = 30, 10
DOCUMENTED = {"write": 4, "edit": 3, "read": 2, "read_two": 2}


def spans(mask):
    """[(begin, end)] of every run of tokens that the model has to produce."""
    edges = [i for i, (a, b) in enumerate(zip([False] + mask, mask + [False])) if a != b]
    return list(zip(edges[::2], edges[1::2]))


def answer_mask(ids, assistant, eos):
    """True where the model has to produce the token: behind <｜Assistant｜> and its think marker, to EOS inclusive."""
    mask, open_, skip = [], False, 0
    for i in ids:
        mask.append(open_ and skip == 0)
        skip = max(0, skip - 1)
        if i == assistant:
            open_, skip = True, 1
        elif i == eos:
            open_ = False
    return mask


def padded(rows, masks, pad):
    width = max(map(len, rows))
    ids = torch.tensor([r + [pad] * (width - len(r)) for r in rows])
    return ids, torch.tensor([m + [False] * (width - len(m)) for m in masks])


class Dialogues:
    """Batches of dialogue tails; all tails of a batch share one prefix."""

    def __init__(self, tokenizer, rng, held_out=False):
        self.t, self.rng, self.held_out, self.prefixes = tokenizer, rng, held_out, {}
        self.assistant, self.eos = tokenizer.ids[ASSISTANT], tokenizer.ids[EOS]

    def _encoded(self, setting, effort, turns):
        system, tools, _ = SETTINGS[setting]
        head = [] if system is None else [{"role": "system", "content": system}]
        ids = self.t.encode(tail_text(head + turns, tools, effort))[:700]
        return ids, answer_mask(ids, self.assistant, self.eos)

    def one(self, setting, effort):
        """-> (ids, mask) of the tail of a new dialogue; effort is off, on or max."""
        make = with_tools if SETTINGS[setting][1] else without_tools
        return self._encoded(setting, effort, make(self.rng, self.held_out))

    def opening(self, setting, effort):
        """One turn, cut soon after an answer begins: what to do is decided there, so many decisions fit in a batch."""
        if not SETTINGS[setting][1]:
            return self.one(setting, effort)
        ids, mask = self._encoded(setting, effort, getattr(Tasks(self.rng, self.held_out), choose(self.rng, WEIGHTS))())
        runs = spans(mask)
        begin, end = runs[0] if self.rng.random() < 0.65 else self.rng.choice(runs)
        if self.rng.random() < 0.9:
            end = min(end, begin + (44 if effort == "off" else 32))
        return ids[:end], mask[:end]

    def documented(self, setting, effort):
        """One turn with what the documentation tells people to try, and with known words: single tokens, rare elsewhere."""
        tasks = Tasks(self.rng, self.held_out, Slots(self.rng, self.held_out, documented=0.5))
        return self._encoded(setting, effort, getattr(tasks, choose(self.rng, DOCUMENTED))())

    def prefix(self, setting, effort):
        key = setting, effort == "max"
        if key not in self.prefixes:
            system, tools, _ = SETTINGS[setting]
            self.prefixes[key] = self.t.encode(prefix_text(system, tools, effort))
        return key, self.prefixes[key]

    def batch(self, openings, documented=0.0):
        """-> (key of the prefix, prefix ids, parts); a part is (ids [B, T], mask [B, T]) of rows of similar length.

        One batch mixes everything: batches of one length each are batches of one kind of task, and swing the answers.
        """
        setting, make, n = self.rng.choices(range(len(SETTINGS)), [s[2] for s in SETTINGS])[0], self.one, WHOLE_ROWS
        if self.rng.random() < documented:
            setting, make = 0, self.documented
        elif self.rng.random() < openings:
            make, n = self.opening, OPENING_ROWS
        top = self.rng.random() < 0.04
        rows = sorted((make(setting, "max" if top else self.rng.choice(["off", "on"])) for _ in range(n)), key=lambda r: len(r[0]))
        parts = []
        while rows:
            n = max(1, PART_TOKENS // len(rows[-1][0]))
            part, rows = rows[-n:], rows[:-n]
            parts.append(padded([p[0] for p in part], [p[1] for p in part], self.eos))
        key, prefix = self.prefix(setting, "max" if top else "on")
        return key, prefix, parts


class Copies:
    """Random text in which earlier pieces come again, behind other separators; the loss is on what is predictable."""

    BEFORE, AFTER = [" ", " ", ' "', ">", "/", "\n", " `", ": ", "'", '">'], [" ", '"', "</", "\n", ".", ".\n", "`", ", ", "'", '", "', '"}']

    def __init__(self, tokenizer, rng):
        self.t, self.rng, self.slots = tokenizer, rng, Slots(rng)
        reserved = set(range(2)) | {i for i, s in enumerate(tokenizer.tokens) if "｜" in s}
        self.plain = [i for i in range(len(tokenizer.tokens)) if i not in reserved]

    def _item(self):
        r, s = self.rng.random(), self.slots
        if r < 0.35:
            return s.file()
        return s.phrase(1, 4) if r < 0.6 else s.line() if r < 0.8 else s.word(0.8) if r < 0.9 else s.command()

    def _text(self, length):
        items, ids, mask = [], [], []
        while len(ids) < length:
            again = len(items) > 1 and self.rng.random() < 0.65
            item = self.rng.choice(items[-6:]) if again else self._item()
            if not again:
                items.append(item)
            before = self.t.encode_plain(self.rng.choice(self.BEFORE) + item)
            after = self.t.encode_plain(self.rng.choice(self.AFTER))
            ids += before + after
            # The separator and the first token of a repeat are a surprise; the rest follows from the first occurrence.
            mask += [again and i > 1 for i in range(len(before))] + [False] * len(after)
        return ids[:length], mask[:length]

    def _tokens(self, length):
        """Runs of random tokens; later runs repeat earlier ones whole."""
        runs, ids, mask = [], [], []
        while len(ids) < length:
            again = runs and self.rng.random() < 0.6
            run = self.rng.choice(runs[-5:]) if again else [self.rng.choice(self.plain) for _ in range(self.rng.randint(2, 16))]
            if not again:
                runs.append(run)
            ids += run
            mask += [bool(again) and i > 0 for i in range(len(run))]
        return ids[:length], mask[:length]

    def batch(self):
        length = self.rng.choice([96, 160, 224])
        rows = [(self._text if self.rng.random() < 0.6 else self._tokens)(length) for _ in range(COPY_TOKENS // length)]
        return padded([r[0] for r in rows], [r[1] for r in rows], 1)
