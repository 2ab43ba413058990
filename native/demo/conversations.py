"""Conversations that exercise every rule of the template; golden data for another renderer and tokenizer."""
import json

from dialogues import AGENT_SYSTEM, AGENT_TOOLS


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, reasoning=None, calls=None):
    m = {"role": "assistant", "content": text}
    if reasoning is not None:
        m["reasoning_content"] = reasoning
    if calls:
        m["tool_calls"] = calls
    return m


def call(id_, name, arguments):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": text}}


def tool(id_, text):
    return {"role": "tool", "tool_call_id": id_, "content": text}


ODD_TOOL = {"name": "búsqueda", "description": 'Searches "fast" — 日本語 → ok', "parameters": {
    "type": "object", "properties": {"n": {"type": "integer", "default": 3, "minimum": 0.5}, "deep": {"type": "boolean", "default": False},
                                     "none": {"default": None}}, "required": []}, "strict": True}
LS = call("c1", "bash", {"command": "ls"})
TWO_READS = [call("a", "read", {"path": "a.txt"}), call("b", "read", {"path": "b.txt", "offset": 10, "limit": 5})]
EDIT = call("e", "edit", {"path": "n.txt", "edits": [{"oldText": "a \"b\"", "newText": "c\\d\n"}, {"oldText": "é", "newText": ""}]})


def _plain():
    yield "one user message, thinking off", [user("a")], None, "off"
    yield "one user message, thinking on", [user("a")], None, "on"
    yield "one user message, thinking max", [user("a")], None, "max"
    yield "system prompt", [system("You are helpful."), user("Hi")], None, "off"
    yield "earlier reasoning is dropped without tools", [
        system("You are helpful."), user("Hi"), assistant("Hello!", "R1"), user("1+1?")], None, "on"
    yield "reasoning after the last user message is kept", [user("Hi"), assistant("Hello!", "R1")], None, "on"
    yield "thinking off drops all reasoning", [user("Hi"), assistant("Hello!", "R1"), user("More"), assistant("Yes.", "R2"), user("Go on")], None, "off"
    yield "several user messages in a row", [user("One"), user("Two\n"), user("Three")], None, "on"
    yield "empty texts", [system(""), user(""), assistant("", ""), user("")], None, "on"
    yield "unicode", [system("Sei höflich…"), user("été 日本語 ñandú 中文abc “quoted”, … — 🚀🇩🇪 ١٢٣ \u00a0x\u3000y"), assistant("Ünïcödé ✓"), user("你好，世界！")], None, "off"
    yield "spaces, digits and newlines", [user("x=12345  \n\n\n   int a;\r\n\tfoo(bar);\n\n  x don't a  1 _x1 a -- b end.  \n next")], None, "off"
    yield "special strings inside a user text", [user("Say <think> and </think> and ｜DSML｜ and <｜User｜> now")], None, "off"
    yield "content parts", [user([{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "here"}])], None, "off"
    yield "max with a system prompt and history", [system("S"), user("A"), assistant("B", "R"), user("C")], None, "max"


def _tools():
    s = system(AGENT_SYSTEM)
    yield "the agent's prompt, thinking off", [s, user("Create hello.txt with the text Hello from ds4")], AGENT_TOOLS, "off"
    yield "the agent's prompt, thinking on", [s, user("List the files")], AGENT_TOOLS, "on"
    yield "tools without a system message", [user("List the files")], AGENT_TOOLS[1:2], "on"
    yield "a tool with unicode and odd schema values", [system("S"), user("Go")], [ODD_TOOL], "off"
    yield "one call answered, reasoning kept", [
        s, user("List files"), assistant("", "I should call it.", [LS]), tool("c1", "a.txt\nb.txt\n")], AGENT_TOOLS, "on"
    yield "all reasoning kept with tools", [
        s, user("List files"), assistant("", "R1", [LS]), tool("c1", "a.txt\n"), assistant("There is a.txt.", "R2"), user("Thanks"),
        assistant("You are welcome.", ""), user("Bye")], AGENT_TOOLS, "on"
    yield "reasoning the client did not send", [s, user("List files"), assistant("", None, [LS]), tool("c1", "a.txt\n")], AGENT_TOOLS, "on"
    yield "two calls, results out of order, then a user text", [
        s, user("Read both"), assistant("I read them.", "Both.", TWO_READS), tool("b", "B text"), tool("a", "A text\n"), user("And?")], AGENT_TOOLS, "on"
    yield "results with unknown ids come first and keep their order", [
        s, user("Read both"), assistant("", None, TWO_READS), tool("b", "B"), tool("x", "X"), tool("y", "Y")], AGENT_TOOLS, "off"
    yield "a user text between two results keeps its place", [
        s, user("Read both"), assistant("", None, TWO_READS), tool("b", "B"), user("hm"), tool("a", "A")], AGENT_TOOLS, "off"
    yield "arguments that are not strings", [
        s, user("Go"), assistant("", "", [call("1", "f", {"n": 3, "x": 1.5, "yes": True, "nothing": None, "list": [1, "é", {"k": "v"}], "s": "1"})])], AGENT_TOOLS, "on"
    yield "no arguments", [s, user("Go"), assistant("", None, [call("1", "f", {})]), tool("1", "")], AGENT_TOOLS, "off"
    yield "arguments that are not a JSON object", [
        s, user("Go"), assistant("", None, [call("1", "f", "not json"), call("2", "g", "[1, 2]")])], AGENT_TOOLS, "off"
    yield "an edit with quotes, a backslash and a newline", [
        s, user("Edit"), assistant("Now.", "R", [EDIT]), tool("e", "Edited n.txt: 2 replacements.")], AGENT_TOOLS, "on"
    yield "a failed command and its recovery, thinking max", [
        s, user("Run build.py"), assistant("", "I run it with python.", [call("1", "bash", {"command": "python build.py", "timeout": 10})]),
        tool("1", "bash: python: command not found\n[exit code 127]")], AGENT_TOOLS, "max"
    yield "calls in the history but no tools now", [
        user("List"), assistant("", "R1", [LS]), tool("c1", "a.txt"), assistant("a.txt", "R2"), user("Thanks")], None, "on"


def all_conversations():
    """Yields (title, messages, functions or None, thinking)."""
    yield from _plain()
    yield from _tools()
