"""Writes reference/rendering.json: conversations, their exact prompt text and its token ids."""
import json
from pathlib import Path

from conversations import all_conversations
from template import render
from tokenizer import Tokenizer

HERE = Path(__file__).parent


def main():
    tokenizer, out = Tokenizer.load(HERE / "vocabulary.json"), []
    for title, messages, functions, thinking in all_conversations():
        text = render(messages, functions, thinking)
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text, title
        tools = [{"type": "function", "function": f} for f in functions] if functions else None
        out.append({"title": title, "thinking": thinking, "tools": tools, "messages": messages, "text": text, "ids": ids})
    lines = ",\n".join(json.dumps(c, ensure_ascii=False) for c in out)
    (HERE / "reference" / "rendering.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(len(out), "conversations")


if __name__ == "__main__":
    main()
