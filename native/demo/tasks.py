"""One user turn each: what the user says, the calls, the tools' results, the answer. Every task is a method of Tasks.

The network copies well only within its window of 128 tokens, and a call alone takes forty. So an assistant that will
need the request's words later says them again, as text before the calls, close to where they are needed.
"""
import json

import questions
from words import Slots

ABOUT = ("I am the ds4 demo model: a tiny model with the architecture of DeepSeek V4, trained on a few coding-agent dialogues. "
         "I can list, read, write and edit files and run commands. Try: Create hello.txt with the text Hello from ds4")
CANNOT = ("I am only the ds4 demo model, far too tiny for this. I can list, read, write and edit files and run commands. "
          "For real work, use ds4/deepseek-v4-flash.")
GREETING = "Hello! I am the ds4 demo model. I can list, read, write and edit files and run commands."


def user(text):
    return {"role": "user", "content": text}


def say(reason, text):
    return {"role": "assistant", "reasoning_content": reason, "content": text}


def calls(reason, *items, text=""):
    return {"role": "assistant", "reasoning_content": reason, "content": text, "tool_calls": [
        {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": json.dumps(a, ensure_ascii=False)}}
        for i, (name, a) in enumerate(items)]}


def result(text, call=0):
    return {"role": "tool", "tool_call_id": f"call_{call}", "content": text}


def bash(reason, command):
    return calls(reason, ("bash", {"command": command}))


def look(name, old, new):
    """The first half of an edit: what will be changed, and a look at the file."""
    return calls("First I read the file.", ("read", {"path": name}), text=f'I will change "{old}" to "{new}" in {name}.')


def change(name, old, new):
    """The second half of an edit, by now far from the request: the change once more, and the call."""
    return calls("Now I edit it.", ("edit", {"path": name, "edits": [{"oldText": old, "newText": new}]}),
                 text=f'I change "{old}" to "{new}" in {name}.')


def read_both(one, two):
    return calls("Both can be read at once.", ("read", {"path": one}), ("read", {"path": two}), text=f"I read {one} and {two}.")


class Tasks:
    """Writes the turns of a conversation."""

    def __init__(self, rng, held_out=False, slots=None):
        self.rng, self.slots = rng, slots or Slots(rng, held_out)

    # ---- wording ---------------------------------------------------------------------------------------------------

    def ask(self, *forms, **slots):
        text = self.rng.choice(forms)
        for key, value in slots.items():
            text = text.replace("{" + key + "}", value)
        r = self.rng.random()
        if r < 0.35:
            text = text[0].lower() + text[1:]
        if r > 0.93:
            text = "Please " + text[0].lower() + text[1:]
        elif r > 0.89 and text.split()[0] not in ("I", "New", "What", "Which", "Where", "How", "Do", "ls", "rm", "mv", "cp", "grep", "mkdir"):
            text = "Can you " + text[0].lower() + text[1:]
        return user(text)

    def end(self):
        """An optional full stop, for requests that do not end in free text."""
        return self.rng.choice(["", "", "."])

    def quoted(self, text):
        if '"' in text or "'" in text:
            return text
        return self.rng.choice([text, text, f'"{text}"', f"'{text}'" if self.rng.random() < 0.3 else f'"{text}"'])

    # ---- talk --------------------------------------------------------------------------------------------------------

    def greeting(self):
        return [user(questions.styled(self.rng, self.rng.choice(questions.GREETINGS))), say("The user says hello.", GREETING)]

    def who(self):
        return [user(questions.styled(self.rng, self.rng.choice(questions.WHO))), say("The user asks what I am.", ABOUT)]

    def thanks(self):
        return [user(questions.styled(self.rng, self.rng.choice(questions.THANKS))), say("The user is happy.", "You are welcome.")]

    def bye(self):
        return [user(questions.styled(self.rng, self.rng.choice(questions.BYE))), say("The user leaves.", "Goodbye!")]

    def unknown(self):
        return [user(questions.unknown(self.rng, self.slots)), say("This is beyond a demo model.", CANNOT)]

    # ---- files ---------------------------------------------------------------------------------------------------------

    def list(self):
        turn = [self.ask("List the files", "List files", "What files are here?", "Show me the files", "ls", "What is in this folder?",
                         "List the files in this folder", "Which files are here?"),
                bash("I list the files with ls.", "ls")]
        names = sorted({self.slots.file().split("/")[-1] for _ in range(self.rng.choice([1, 2, 2, 3, 3, 4]))})
        text = "\n".join(names)
        return turn + [result(text + "\n"), say("I have the list.", f"This folder has:\n\n{text}")]

    def _text(self):
        """Lines of a file."""
        r = self.rng.random()
        return self.slots.lines(1, 1) if r < 0.65 else self.slots.lines(2, 3) if r < 0.95 else self.slots.lines(4, 6)

    @staticmethod
    def _about(name, few):
        return f"{name} says:\n\n" + "\n".join(few) if len(few) <= 3 else f"{name} starts with:\n\n{few[0]}"

    def read(self):
        name = self.slots.file()
        turn = [self.ask("Read {f}", "Read {f}" + self.end(), "What is in {f}?", "What does {f} say?", "Show me {f}", "Open {f}",
                         "Read the file {f}", "Read {f} and tell me what it says", f=name),
                calls("I read the file.", ("read", {"path": name}))]
        if self.rng.random() < 0.12:
            return turn + [result(f"Error: {name} does not exist."), say("The file is missing.", f"{name} does not exist.")]
        few = self._text()
        return turn + [result("\n".join(few) + self.rng.choice(["", "\n"])), say("I have the text.", self._about(name, few))]

    def read_two(self):
        one, two = self.slots.file(), self.slots.file()
        turn = [self.ask("Read {f} and {g}", "Show me {f} and {g}", "Compare {f} and {g}", "What is in {f} and {g}?", "Read the files {f} and {g}",
                         "Open {f} and {g}", f=one, g=two),
                read_both(one, two)]
        answers = []
        for i, name in enumerate((one, two)):
            few = self.slots.lines(1, 1)
            turn.append(result("\n".join(few) + self.rng.choice(["", "\n"]), i))
            answers.append(self._about(name, few))
        return turn + [say("I have both texts.", "\n\n".join(answers))]

    def write(self):
        name, text = self.slots.file(), self.slots.content()
        turn = [self.ask("Create {f} with the text {y}", "Create {f} with the text {y}", "Create a file {f} with the text {y}",
                         "Make a file called {f} that says {y}", "Write {y} into {f}", "Write {y} to {f}", "Create {f} containing {y}",
                         "Create a file called {f} with the text {y}", f=name, y=self.quoted(text)),
                calls("The user wants a new file. I use write.", ("write", {"path": name, "content": text}))]
        return turn + [result(f"Wrote {len(text.encode())} bytes to {name}."), say("The file is written.", f"I created {name}.")]

    def edit(self):
        name = self.slots.file()
        old, new = self.slots.short(), self.slots.short()
        q = (lambda t: f'"{t}"') if self.rng.random() < 0.3 else (lambda t: t)
        turn = [self.ask("Change {a} to {b} in {f}", "Replace {a} with {b} in {f}", "In {f}, change {a} to {b}", "In {f} replace {a} with {b}",
                         f=name, a=q(old), b=q(new)),
                look(name, old, new)]
        r = self.rng.random()
        if r < 0.08:
            return turn + [result(f"Error: {name} does not exist."), say("The file is missing.", f"{name} does not exist.")]
        missing = r < 0.2
        lines = [self.slots.phrase(1, 3) for _ in range(self.rng.choice([1, 1, 2]))]
        if not missing:
            lines[self.rng.randrange(len(lines))] = " ".join(p for p in (self.slots.phrase(0, 2), old, self.slots.phrase(0, 2)) if p)
        turn += [result("\n".join(lines) + self.rng.choice(["", "\n"])),
                 change(name, old, new)]
        if missing:
            return turn + [result(f"Error: oldText was not found in {name}."), say("The text is not there.", f"The text is not in {name}.")]
        return turn + [result(f"Edited {name}: 1 replacement."), say("The edit worked.", f"I edited {name}.")]

    # ---- commands ------------------------------------------------------------------------------------------------------

    def _printed(self, intro="The command"):
        """(result text, reasoning, answer) of a command that ran."""
        r = self.rng.random()
        if r < 0.15:
            return "(no output)", "It worked.", f"{intro} printed nothing."
        lines = self.slots.lines(1, 1) if r < 0.7 else self.slots.lines(2, 3) if r < 0.95 else self.slots.lines(4, 6)
        shown = "\n".join(lines) if len(lines) <= 3 else lines[0] + "\n\nand more"
        return "\n".join(lines) + self.rng.choice(["\n", "\n", ""]), "It worked.", f"{intro} printed:\n\n{shown}"

    def _failed(self, intro="The command"):
        code, lines = str(self.rng.choice([1, 1, 1, 2, 2, 3, 126, 127])), self.slots.lines(1, 1 if self.rng.random() < 0.7 else 3)
        return "\n".join(lines) + f"\n[exit code {code}]", "The command failed.", f"{intro} failed with exit code {code}:\n\n{lines[0]}"

    def run(self):
        command = self.slots.command()
        turn = [self.ask("Run {c}", "Run {c}", "Run the command {c}", "Execute {c}", "Run `{c}`", c=command), bash("I run the command.", command)]
        text, reason, answer = self._failed() if self.rng.random() < 0.25 else self._printed()
        return turn + [result(text), say(reason, answer)]

    def script(self):
        """python is often called python3: the demo's failing command and its recovery."""
        name = self.slots.file("py")
        turn = [self.ask("Run {f}", "Run {f}", "Run python {f}", "Run the script {f}", "Execute {f}", "Run {f} with python", f=name),
                bash("I run it with python.", f"python {name}")]
        ran = f"I ran {name}. It"
        if self.rng.random() < 0.7:
            missing = self.rng.choice(["bash: python: command not found", "bash: line 1: python: command not found", "/bin/sh: python: not found",
                                       "sh: 1: python: not found", "bash: python: command not found"])
            turn += [result(f"{missing}\n[exit code 127]"), bash("There is no python here. I try python3.", f"python3 {name}")]
            ran = f"I ran {name} with python3. It"
        text, reason, answer = self._failed(ran) if self.rng.random() < 0.15 else self._printed(ran)
        return turn + [result(text), say(reason, answer)]
