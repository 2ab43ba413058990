"""Initial weights that make copying and listening easy to learn.

The network is born with a rough induction circuit, and with heads that look at the last few dozen tokens and at what
follows <｜User｜>; without these the short request drowns in the tool schemas of the prompt right before it.

Copying needs a head that looks at the tokens before (layer 0), and heads that look for the same context earlier on and
say what followed there (layers 1 and 3). Found from nothing, that takes most of the training; laid out like this it
works from the first steps and training only has to refine it. The hidden values are split, as a start, into

    own      what the token is                 (the embedding)
    before   what the one or two tokens before are   (written by layer 0)
    answer   what the next token should be     (written by layers 1 and 3, read by the output head)
    constant one value that is the same for every token, to make queries of a fixed rotary phase
"""
import math

import torch

from tokenizer import USER

N = 48                                     # width of one piece of content
OWN, BEFORE_1, BEFORE_2, ANSWER, CONSTANT = 0, 96, 144, 192, 255
BACK, PAIRS = [1, 2, 1, 3], 4
STEADY = 100                               # the query's low-rank value that is the same for every token
QUIET = 0.2
RECENT_SPEEDS = [0.12, 0.06, 0.03]         # radians a token: attention that fades over a few dozen tokens


def copy_rows(matrix, row, column, n, gain):
    """matrix[row + i] reads only column + i."""
    matrix[row:row + n] = 0
    matrix[row:row + n, column:column + n] = torch.eye(n) * gain


def joined_words(tokenizer):
    """[(id of a word behind a space, id of the word)]"""
    return [(i, tokenizer.ids[t[1:]]) for t, i in tokenizer.ids.items() if t[0] == "Ġ" and t[1:] in tokenizer.ids and t[1:].isalpha()]


def pair(values, pairs, offset):
    """A word behind a space becomes the word plus one offset for all words: copying may then change the one into the other."""
    spaced, plain = (torch.tensor(p) for p in zip(*pairs))
    values[spaced] = values[plain] + offset


@torch.no_grad()
def prepare(model, tokenizer):
    user, pairs = tokenizer.ids[USER], joined_words(tokenizer)
    pair(model.embed, pairs, torch.randn(model.shape.hidden) * 0.5)
    pair(model.layers[0].ffn.table, pairs, 0)
    model.embed[:, BEFORE_1:] *= 0.1
    model.embed[:, CONSTANT] = 1.0
    model.output *= 0.1
    model.output[:, ANSWER:ANSWER + N] = model.embed[:, OWN + N:OWN + 2 * N] * 0.4
    for layer in model.layers:
        # Quiet writers: the laid-out features have to stand out of the noise of everything not yet learned.
        for writer in (layer.ffn.down, layer.ffn.shared_down, layer.attn.out_b):
            writer *= QUIET
            writer[..., CONSTANT, :] = 0
    shape, attn = model.shape, [layer.attn for layer in model.layers]
    _look_back(shape, attn[0])
    _induce(shape, attn[1], two_tokens=False)
    _induce(shape, attn[3], two_tokens=True)
    for a, heads in ((attn[1], (1, 2)), (attn[2], (0, 1)), (attn[3], (1, 2))):
        _look_at_recent(shape, a, heads)
    mark = model.embed[user, OWN:OWN + N] * 2
    attn[1].q_b[3 * shape.head_dim:3 * shape.head_dim + N, STEADY] = mark
    attn[3].q_b[3 * shape.head_dim + N // 2:3 * shape.head_dim + N, STEADY] = mark[:N // 2]


def _look_back(shape, attn):
    """Head h attends BACK[h] tokens back by the phases of the fastest rotary pairs; heads 0 and 1 write what is there."""
    attn.q_a[0] = 0
    attn.q_a[0, CONSTANT] = 8
    first = shape.head_dim - shape.rotary
    copy_rows(attn.kv, 0, OWN, 2 * N, 1.0)
    for i in range(PAIRS):
        speed, k = shape.rope_base ** (-2 * i / shape.rotary), first + 2 * i
        attn.kv[k:k + 2] = 0
        attn.kv[k, CONSTANT] = 3
        attn.kv_norm[k:k + 2] = 2.5
        for head in range(shape.heads):
            phase, q = -speed * BACK[head % len(BACK)], head * shape.head_dim + k
            attn.q_b[q:q + 2] = 0
            attn.q_b[q, 0], attn.q_b[q + 1, 0] = math.cos(phase), math.sin(phase)
    copy_rows(attn.out_a, 0, 0, N, 1.0)
    copy_rows(attn.out_a, N, shape.head_dim, N, 1.0)
    copy_rows(attn.out_b, BEFORE_1, 0, N, 1.0)
    copy_rows(attn.out_b, BEFORE_2, N, N, 1.0)


def _induce(shape, attn, two_tokens):
    """Head 0 matches the last token (or the last two, half of each) with what came before a row, and copies the row."""
    half = N // 2 if two_tokens else N
    copy_rows(attn.kv, 0, BEFORE_1, half, 1.0)
    copy_rows(attn.q_a, 0, OWN, half, 3.0)
    if two_tokens:
        copy_rows(attn.kv, half, BEFORE_2, half, 1.0)
        copy_rows(attn.q_a, half, BEFORE_1, half, 3.0)
    copy_rows(attn.q_b[:shape.head_dim], 0, 0, N, 4.0)
    attn.kv_norm[:N] = 2.5
    copy_rows(attn.kv, N, OWN + N, N, 1.0)
    copy_rows(attn.out_a, 0, N, N, 1.0)
    copy_rows(attn.out_b, ANSWER, 0, N, 1.5)


def _look_at_recent(shape, attn, heads):
    base, first = shape.rope_base_compressed if attn.ratio else shape.rope_base, shape.head_dim - shape.rotary
    attn.q_a[STEADY] = 0
    attn.q_a[STEADY, CONSTANT] = 8
    for speed in RECENT_SPEEDS:
        k = first + 2 * round(-math.log(speed) / math.log(base) * shape.rotary / 2)
        attn.kv[k:k + 2] = 0
        attn.kv[k, CONSTANT] = 3
        attn.kv_norm[k:k + 2] = 1.5
        for head in heads:
            q = head * shape.head_dim + k
            attn.q_b[q:q + 2] = 0
            attn.q_b[q, STEADY] = 1
