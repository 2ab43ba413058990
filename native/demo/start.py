"""Initial weights that make copying easy to learn: the network is born with a rough induction circuit.

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

N = 48                                     # width of one piece of content
OWN, BEFORE_1, BEFORE_2, ANSWER, CONSTANT = 0, 96, 144, 192, 255
BACK, PAIRS = [1, 2, 1, 3], 4


def copy_rows(matrix, row, column, n, gain):
    """matrix[row + i] reads only column + i."""
    matrix[row:row + n] = 0
    matrix[row:row + n, column:column + n] = torch.eye(n) * gain


@torch.no_grad()
def prepare(model):
    model.embed[:, BEFORE_1:] *= 0.1
    model.embed[:, CONSTANT] = 1.0
    model.output *= 0.1
    model.output[:, ANSWER:ANSWER + N] = model.embed[:, OWN + N:OWN + 2 * N] * 0.4
    for layer in model.layers:
        layer.ffn.down *= 0.5
        layer.ffn.shared_down *= 0.5
        layer.attn.out_b *= 0.5
    _look_back(model.shape, model.layers[0].attn)
    _induce(model.shape, model.layers[1].attn, two_tokens=False)
    _induce(model.shape, model.layers[3].attn, two_tokens=True)


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
    attn.kv_norm[:N] = 2.0
    copy_rows(attn.kv, N, OWN + N, N, 1.0)
    copy_rows(attn.out_a, 0, N, N, 1.0)
    copy_rows(attn.out_b, ANSWER, 0, N, 1.5)
