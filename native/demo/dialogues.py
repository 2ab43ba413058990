"""Whole conversations: one to three turns of tasks, with or without tools, under one of several system prompts."""
import json
from pathlib import Path

from tasks import CANNOT, Tasks, say, user
from template import render
from tokenizer import USER

PROMPT = Path(__file__).resolve().parents[2] / "samples" / "agent" / "Prompt"
AGENT_SYSTEM = (PROMPT / "system.txt").read_text(encoding="utf-8")
AGENT_TOOLS = json.loads((PROMPT / "tools.json").read_text(encoding="utf-8"))

WEIGHTS = {"write": 16, "read": 12, "edit": 24, "script": 9, "list": 10, "run": 8, "read_two": 17, "unknown": 11, "who": 4, "greeting": 4,
           "thanks": 3, "bye": 2}
TALK = ("greeting", "who", "thanks", "bye", "unknown")
TURNS = [1, 1, 1, 2]

# (system prompt or None, tools or None, share of the training)
SETTINGS = [
    (AGENT_SYSTEM, AGENT_TOOLS, 82),
    (None, None, 7),
    ("You are a helpful assistant.", None, 5),
    ("You are a coding assistant.", AGENT_TOOLS, 3),
    (None, AGENT_TOOLS, 3),
]


def choose(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def without_tools(rng, held_out=False):
    """Chats of a bare API call: talk is answered, a task meets the honest refusal."""
    tasks, out = Tasks(rng, held_out), []
    for _ in range(rng.choice(TURNS)):
        name = rng.choice(TALK) if rng.random() < 0.75 else choose(rng, WEIGHTS)
        turn = getattr(tasks, name)()
        out += turn if name in TALK else [turn[0], say("This is beyond a demo model.", CANNOT)]
    return out


def with_tools(rng, held_out=False, slots=None):
    tasks, out = Tasks(rng, held_out, slots), []
    for _ in range(rng.choice(TURNS)):
        out += getattr(tasks, choose(rng, WEIGHTS))()
    return out


def prefix_text(system, tools, thinking="off"):
    """The part of the prompt before the first user block; the same for every conversation of a setting."""
    messages = [] if system is None else [{"role": "system", "content": system}]
    text = render(messages + [user("")], tools, thinking)
    return text[:text.index(USER)]


def tail_text(messages, tools, thinking):
    """Everything from the first user block on."""
    text = render(messages, tools, thinking)
    return text[text.index(USER):] if not tools else text[text.index(USER, text.index("invoke tool calls.\n")):]
