"""One user turn each: what the user says, the calls, the tools' results, the answer. Every task is a method of Tasks."""
import json

import questions
from words import Slots

ABOUT = ("I am the ds4 demo model: a tiny model with the architecture of DeepSeek V4, trained on a few coding-agent dialogues. "
         "I can list, read, write and edit files and run commands. Try: Create hello.txt with the text Hello from ds4")
CANNOT = ("I am only the ds4 demo model, far too tiny for this. I can list, read, write and edit files and run commands. "
          "For real work, use ds4/deepseek-v4-flash.")
GREETING = "Hello! I am the ds4 demo model. I can list, read, write and edit files and run commands."
WHICH = "Tell me the name of the file and the text, for example: Create hello.txt with the text Hello from ds4"


def user(text):
    return {"role": "user", "content": text}


def say(reason, text):
    return {"role": "assistant", "reasoning_content": reason, "content": text}


def calls(reason, *items):
    return {"role": "assistant", "reasoning_content": reason, "content": "", "tool_calls": [
        {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": json.dumps(a, ensure_ascii=False)}}
        for i, (name, a) in enumerate(items)]}


def result(text, call=0):
    return {"role": "tool", "tool_call_id": f"call_{call}", "content": text}


def bash(reason, command):
    return calls(reason, ("bash", {"command": command}))


class Tasks:
    """Writes turns into a conversation; `last` is the file that a later "it" means."""

    def __init__(self, rng, held_out=False, slots=None):
        self.rng, self.slots, self.last = rng, slots or Slots(rng, held_out), None

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

    def file_to_use(self, extension=None):
        """A file name, or sometimes the file of the turn before, called "it"."""
        if self.last and self.rng.random() < 0.5:
            return self.last, self.rng.choice(["it", "it", "that file", "the file"])
        name = self.last = self.slots.file(extension)
        return name, name

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

    def which(self):
        return [self.ask("Create a file", "Make a file", "Write a file", "Create a new file", "Write something", "Make a new file for me",
                         "Add a file", "Save a file"), say("The name or the text is missing.", WHICH)]

    # ---- files ---------------------------------------------------------------------------------------------------------

    def list(self):
        slots, folder = self.slots, ""
        if self.rng.random() < 0.25:
            folder = slots.folder()
            turn = [self.ask("List the files in {d}", "What is in the folder {d}?", "Show me the files in {d}", "Which files are in {d}?",
                             "ls {d}", "List {d}", d=folder)]
        else:
            turn = [self.ask("List the files", "List files", "What files are here?", "Which files are here?", "Show me the files",
                             "ls", "What is in this folder?", "List the files in this folder", "List all files", "Show the files here",
                             "What files do I have?", "List this directory", "Which files are in this directory?",
                             "What is in the current directory?", "Look around", "Show me what is here")]
        turn.append(bash("I list the files with ls.", f"ls {folder}".strip()))
        where = folder or "This folder"
        r = self.rng.random()
        if r < 0.1:
            return turn + [result("(no output)"), say("There is nothing.", f"{where} is empty.")]
        if r < 0.17 and folder:
            return turn + [result(f"ls: cannot access '{folder}': No such file or directory\n[exit code 2]"),
                           say("The command failed.", f"{folder} does not exist.")]
        names = [slots.file() if self.rng.random() < 0.75 else slots.folder() for _ in range(self.rng.choice([1, 1, 2, 2, 3, 3, 4, 5, 6, 9, 11]))]
        names = sorted(n.split("/")[-1] for n in names)
        text = "\n".join(names) if len(names) <= 6 else "\n".join(names[:3]) + "\n\nand more"
        return turn + [result("\n".join(names) + "\n"), say("I have the list.", f"{where} has:\n\n{text}")]

    def _text(self):
        """A file's text, and what the answer says about it."""
        r = self.rng.random()
        if r < 0.05:
            return "", None
        few = self.slots.lines(1, 1) if r < 0.6 else self.slots.lines(2, 3) if r < 0.85 else self.slots.lines(4, 7)
        return "\n".join(few) + self.rng.choice(["", "\n"]), few

    @staticmethod
    def _about(name, few):
        if few is None:
            return f"{name} is empty."
        return f"{name} says:\n\n" + "\n".join(few) if len(few) <= 3 else f"{name} starts with:\n\n{few[0]}"

    def read(self):
        name, called = self.file_to_use()
        turn = [self.ask("Read {f}", "Read {f}" + self.end(), "What is in {f}?", "What does {f} say?", "Show me {f}", "Show {f}", "Open {f}", "Look at {f}",
                         "Read {f} and tell me what it says", "Show the content of {f}", "Tell me what {f} says", "What is written in {f}?",
                         "Print {f}", "Summarize {f}", "Read the file {f}", "Read {f} for me", "What are the contents of {f}?", "Now read {f}", "Explain {f}",
                         f=called),
                calls("I read the file.", ("read", {"path": name}))]
        if self.rng.random() < 0.1:
            return turn + [result(f"Error: {name} does not exist."), say("The file is missing.", f"{name} does not exist.")]
        text, few = self._text()
        return turn + [result(text), say("I have the text.", self._about(name, few))]

    def read_two(self):
        one, two = self.slots.file(), self.slots.file()
        turn = [self.ask("Read {f} and {g}", "Show me {f} and {g}", "Compare {f} and {g}", "What is in {f} and {g}?", "Look at {f} and {g}",
                         "Read the files {f} and {g}", "Open {f} and {g}", "What do {f} and {g} say?", f=one, g=two),
                calls("I read both files at once.", ("read", {"path": one}), ("read", {"path": two}))]
        answers = []
        for i, name in enumerate((one, two)):
            if self.rng.random() < 0.07:
                turn.append(result(f"Error: {name} does not exist.", i))
                answers.append(f"{name} does not exist.")
            else:
                few = self.slots.lines(1, 1 if self.rng.random() < 0.8 else 2)
                turn.append(result("\n".join(few) + self.rng.choice(["", "\n"]), i))
                answers.append(self._about(name, few))
        return turn + [say("I have both texts.", "\n\n".join(answers))]

    def write(self):
        name, text = self.slots.file(), self.slots.content()
        self.last = name
        turn = [self.ask("Create {f} with the text {y}", "Create {f} with the text {y}", "Create a file {f} with the text {y}", "Create {f} containing {y}",
                         "Make a file called {f} that says {y}", "Make a file {f} that says {y}", "Write {y} into {f}" + self.end(), "Write {y} to {f}" + self.end(),
                         "Put {y} in {f}", "Put {y} into {f}" + self.end(), "Save {y} as {f}", "Create a new file {f} with the text {y}", "Write {y} in {f}",
                         "Create a file named {f} with the content {y}", "Create a file called {f} containing {y}", "Write a file {f} with {y}",
                         "Add a file {f} that says {y}", "I need a file {f} with the text {y}", "Create {f} with {y}", "New file {f}: {y}",
                         "Create {f} with the content {y}", "Write {f} with the text {y}", "Make {f} say {y}", f=name, y=self.quoted(text)),
                calls("The user wants a new file. I use write.", ("write", {"path": name, "content": text}))]
        return turn + [result(f"Wrote {len(text.encode())} bytes to {name}."), say("The file is written.", f"I created {name}.")]

    def write_two(self):
        (one, two), (a, b) = (self.slots.file(), self.slots.file()), (self.slots.phrase(1, 3), self.slots.phrase(1, 3))
        turn = [self.ask("Create {f} with the text {y} and {g} with the text {z}", "Write {y} into {f} and {z} into {g}",
                         "Make {f} that says {y} and {g} that says {z}", f=one, g=two, y=a, z=b),
                calls("I write both files at once.", ("write", {"path": one, "content": a}), ("write", {"path": two, "content": b}))]
        return turn + [result(f"Wrote {len(t.encode())} bytes to {n}.", i) for i, (n, t) in enumerate(((one, a), (two, b)))] + [
            say("Both files are written.", f"I created {one} and {two}.")]

    def write_and_run(self):
        name, word = self.slots.stem() + ".py", self.slots.phrase(1, 3)
        text = f'print("{word}")'
        self.last = name
        return [self.ask("Create {f} with {y} and run it", "Write {y} into {f} and run it", "Create a script {f} with {y} and run it",
                         "Make a file {f} that says {y}, then run it", f=name, y=text),
                calls("First I write the file.", ("write", {"path": name, "content": text})),
                result(f"Wrote {len(text.encode())} bytes to {name}."),
                bash("Now I run it.", f"python3 {name}"), result(word + "\n"),
                say("It worked.", f"I created {name} and ran it. It printed:\n\n{word}")]

    def edit(self):
        name, called = self.file_to_use()
        old, new = self.slots.phrase(1, self.rng.choice([1, 1, 2])), self.slots.phrase(1, self.rng.choice([1, 1, 2, 3]))
        q = (lambda t: f'"{t}"') if self.rng.random() < 0.3 else (lambda t: t)
        turn = [self.ask("Change {a} to {b} in {f}", "Replace {a} with {b} in {f}", "Replace {a} by {b} in {f}", "In {f}, change {a} to {b}",
                         "In {f} replace {a} with {b}", "Edit {f}: change {a} to {b}", "Edit {f} and replace {a} with {b}", "Change {a} in {f} to {b}",
                         "Change the word {a} to {b} in {f}", "Update {f}: {a} should be {b}", f=called, a=q(old), b=q(new)),
                calls("I read the file before I edit it.", ("read", {"path": name}))]
        r = self.rng.random()
        if r < 0.08:
            return turn + [result(f"Error: {name} does not exist."), say("The file is missing.", f"{name} does not exist.")]
        missing = r < 0.2
        lines = self.slots.lines(1, 3)
        if not missing:
            i = self.rng.randrange(len(lines))
            before, after = self.slots.phrase(0, 2) if self.rng.random() < 0.6 else "", self.slots.phrase(0, 2) if self.rng.random() < 0.6 else ""
            lines[i] = " ".join(p for p in (before, old, after) if p)
        turn += [result("\n".join(lines) + self.rng.choice(["", "\n"])),
                 calls("Now I replace the text.", ("edit", {"path": name, "edits": [{"oldText": old, "newText": new}]}))]
        if missing:
            return turn + [result(f"Error: oldText was not found in {name}."), say("The text is not there.", f"I did not find {old} in {name}.")]
        n = self.rng.choice(["1 replacement"] * 5 + ["2 replacements"])
        return turn + [result(f"Edited {name}: {n}."), say("The edit worked.", f"I changed {old} to {new} in {name}.")]

    # ---- commands ------------------------------------------------------------------------------------------------------

    def _missing_or(self, turn, name, tool, done):
        if self.rng.random() < 0.1:
            return turn + [result(f"{tool} '{name}': No such file or directory\n[exit code 1]"), say("The command failed.", f"{name} does not exist.")]
        return turn + [result("(no output)"), say("It worked.", done)]

    def delete(self):
        name, called = self.file_to_use()
        self.last = None
        return self._missing_or([self.ask("Delete {f}", "Delete the file {f}", "Remove {f}", "Remove {f}" + self.end(), "rm {f}", "Get rid of {f}", "Delete {f} now",
                                          f=called), bash("I delete it with rm.", f"rm {name}")],
                                name, "rm: cannot remove", f"I deleted {name}.")

    def rename(self):
        (name, called), new = self.file_to_use(), self.slots.file()
        self.last = new
        return self._missing_or([self.ask("Rename {f} to {g}", "Move {f} to {g}", "Rename the file {f} to {g}", "mv {f} {g}", "Rename {f} as {g}",
                                          f=called, g=new), bash("I rename it with mv.", f"mv {name} {new}")],
                                name, "mv: cannot stat", f"I renamed {name} to {new}.")

    def copy(self):
        (name, called), new = self.file_to_use(), self.slots.file()
        return self._missing_or([self.ask("Copy {f} to {g}", "Make a copy of {f} called {g}", "cp {f} {g}", "Duplicate {f} as {g}", f=called, g=new),
                                 bash("I copy it with cp.", f"cp {name} {new}")],
                                name, "cp: cannot stat", f"I copied {name} to {new}.")

    def folder(self):
        name = self.slots.name_word()
        return [self.ask("Create a folder {d}", "Create a folder called {d}", "Make a directory {d}", "Make a folder named {d}", "mkdir {d}",
                         "Create the directory {d}", "New folder {d}", d=name),
                bash("I create it with mkdir.", f"mkdir -p {name}"), result("(no output)"), say("It worked.", f"I created the folder {name}.")]

    def count(self):
        (name, called), n = self.file_to_use(), str(self.rng.randint(0, 400))
        turn = [self.ask("How many lines does {f} have?", "Count the lines in {f}", "Count the lines of {f}", "How many lines are in {f}?", "How long is {f}?",
                         f=called), bash("I count the lines with wc.", f"wc -l {name}")]
        if self.rng.random() < 0.1:
            return turn + [result(f"wc: {name}: No such file or directory\n[exit code 1]"), say("The command failed.", f"{name} does not exist.")]
        return turn + [result(f"{n} {name}\n"), say("I have the number.", f"{name} has {n} lines.")]

    def search(self):
        word = self.slots.word()
        turn = [self.ask("Search for {w}", "Search for {w} in the files", "Find {w} in the files", "Which files contain {w}?", "Where is {w} used?",
                         "grep {w}", "Find all uses of {w}", "Search the code for {w}", w=self.quoted(word)),
                bash("I search with grep.", f'grep -rn "{word}" .')]
        if self.rng.random() < 0.25:
            return turn + [result(self.rng.choice(["", "\n", "(no output)\n"]) + "[exit code 1]"), say("There is no match.", f"No file contains {word}.")]
        found = [f"./{self.slots.file()}:{self.rng.randint(1, 99)}:{self.slots.phrase(1, 1)} {word}" for _ in range(self.rng.choice([1, 1, 2]))]
        return turn + [result("\n".join(found) + "\n"), say("I found it.", "I found:\n\n" + "\n".join(found))]

    def _printed(self, intro="The command"):
        """(result text, reasoning, answer) of a command that ran."""
        r = self.rng.random()
        if r < 0.15:
            return "(no output)", "It worked.", f"{intro} printed nothing."
        lines = self.slots.lines(1, 1) if r < 0.7 else self.slots.lines(2, 3) if r < 0.88 else self.slots.lines(4, 8)
        shown = "\n".join(lines) if len(lines) <= 3 else lines[0] + "\n\nand more"
        return "\n".join(lines) + self.rng.choice(["\n", "\n", ""]), "It worked.", f"{intro} printed:\n\n{shown}"

    def _failed(self, intro="The command"):
        code, lines = str(self.rng.choice([1, 1, 1, 2, 2, 3, 126, 127, 128, 134])), self.slots.lines(1, 1 if self.rng.random() < 0.7 else 3)
        return "\n".join(lines) + f"\n[exit code {code}]", "The command failed.", f"{intro} failed with exit code {code}:\n\n{lines[0]}"

    def run(self):
        command = self.slots.command()
        turn = [self.ask("Run {c}", "Run {c}", "Run the command {c}", "Execute {c}", "Run `{c}`", "Run {c} for me", "Run {c} and tell me what it prints",
                         "Use bash to run {c}", "Start {c}", c=command), bash("I run the command.", command)]
        text, reason, answer = self._failed() if self.rng.random() < 0.25 else self._printed()
        return turn + [result(text), say(reason, answer)]

    def fixed_command(self):
        forms, command = self.rng.choice([
            (("Run the tests", "Test this", "Do the tests pass?", "Run all tests"), "make test"),
            (("Build the project", "Build it", "Compile this", "Run the build"), "make"),
            (("Where am I?", "Which directory is this?", "What is the current directory?", "Show the current path"), "pwd"),
            (("What time is it?", "What is the date?", "What day is it today?", "Show the date"), "date"),
            (("Show the git status", "What has changed?", "What is the git status?", "Show my changes"), "git status --short"),
            (("Show the git log", "What are the last commits?", "Show the last commits"), "git log --oneline -5"),
            (("Which user am I?", "What is my user name?"), "whoami"),
            (("How much disk space is free?", "Show the disk space"), "df -h ."),
            (("Which python version is installed?", "Show the python version"), "python3 --version")])
        turn = [self.ask(*forms), bash("I run the command.", command)]
        text, reason, answer = self._failed() if self.rng.random() < 0.2 else self._printed()
        return turn + [result(text), say(reason, answer)]

    def script(self):
        """python is often called python3: the demo's failing command and its recovery."""
        name = self.slots.file("py") if not (self.last or "").endswith(".py") or self.rng.random() < 0.5 else self.last
        called = name if name != self.last else self.rng.choice([name, "it"])
        if called == "it":
            form = self.ask("Run it", "Now run it", "Execute it", "Run it now")
        else:
            form = self.ask("Run {f}", "Run {f}", "Run python {f}", "Run the script {f}", "Execute {f}", "Start {f}", "Run {f} and tell me what it prints",
                            "Run the python script {f}", "Run {f} with python", f=called)
        turn, ran = [form, bash("I run it with python.", f"python {name}")], f"I ran {name}. It"
        self.last = name
        if self.rng.random() < 0.7:
            missing = self.rng.choice(["bash: python: command not found", "bash: line 1: python: command not found", "/bin/sh: python: not found",
                                       "sh: 1: python: not found", "bash: python: command not found"])
            turn += [result(f"{missing}\n[exit code 127]"), bash("There is no python here. I try python3.", f"python3 {name}")]
            ran = f"I ran {name} with python3. It"
        text, reason, answer = self._failed(ran) if self.rng.random() < 0.15 else self._printed(ran)
        return turn + [result(text), say(reason, answer)]
