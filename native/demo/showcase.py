"""Fixed dialogues with held-out names: what a stranger would try first. Each must come out word for word."""
from tasks import ABOUT, CANNOT, GREETING, bash, calls, change, look, read_both, result, say, user


def write(text, name, content):
    return [user(text), calls("The user wants a new file. I use write.", ("write", {"path": name, "content": content})),
            result(f"Wrote {len(content.encode())} bytes to {name}."), say("The file is written.", f"I created {name}.")]


def read(text, name, content):
    return [user(text), calls("I read the file.", ("read", {"path": name})), result(content), say("I have the text.", f"{name} says:\n\n{content.rstrip()}")]


def edit(text, name, content, old, new):
    return [user(text), look(name, old, new), result(content), change(name, old, new),
            result(f"Edited {name}: 1 replacement."), say("The edit worked.", f"I edited {name}.")]


def run(text, command, output):
    return [user(text), bash("I run the command.", command), result(output), say("It worked.", f"The command printed:\n\n{output.rstrip()}")]


def script(text, name, output):
    return [user(text), bash("I run it with python.", f"python {name}"), result("bash: python: command not found\n[exit code 127]"),
            bash("There is no python here. I try python3.", f"python3 {name}"), result(output),
            say("It worked.", f"I ran {name} with python3. It printed:\n\n{output.rstrip()}")]


def listing(text, *names):
    return [user(text), bash("I list the files with ls.", "ls"), result("\n".join(names) + "\n"),
            say("I have the list.", "This folder has:\n\n" + "\n".join(names))]


def both(text, a, a_text, b, b_text):
    return [user(text), read_both(a, b), result(a_text, 0), result(b_text, 1),
            say("I have both texts.", f"{a} says:\n\n{a_text.rstrip()}\n\n{b} says:\n\n{b_text.rstrip()}")]


def showcase():
    """Yields (title, messages)."""
    hello = write("Create hello.txt with the text Hello from ds4", "hello.txt", "Hello from ds4")
    yield "create hello.txt", hello
    yield "create a file with a held-out name", write("Create falcon.txt with the text The kiwi is green", "falcon.txt", "The kiwi is green")
    yield "create with quotes", write('Make a file called marble.md that says "Hello otter"', "marble.md", "Hello otter")
    yield "write into", write("Write buy milk and mango into pickle.txt", "pickle.txt", "buy milk and mango")
    yield "read a file", read("Read ledger.txt", "ledger.txt", "salmon and rice\n")
    yield "what is in", read("What is in notes.txt?", "notes.txt", "buy milk\ncall the teacher\n")
    yield "missing file", [user("Read ember.md"), calls("I read the file.", ("read", {"path": "ember.md"})),
                           result("Error: ember.md does not exist."), say("The file is missing.", "ember.md does not exist.")]
    yield "edit a file", edit("Change tulip to rose in saddle.txt", "saddle.txt", "I like the tulip\n", "tulip", "rose")
    yield "edit, change in front", edit("In koala.txt replace ivory with jasmine", "koala.txt", "ivory tea\n", "ivory", "jasmine")
    yield "edit with quotes", edit('Replace "blue" with "green" in koala.css', "koala.css", "color: blue\n", "blue", "green")
    yield "run a script", script("Run build.py", "build.py", "build ok\n")
    yield "run a held-out script", script("Run walnut.py", "walnut.py", "Hello walnut\n")
    yield "run a command", run("Run echo hello", "echo hello", "hello\n")
    yield "list the files", listing("List the files", "README.md", "canyon.py", "notes.txt")
    yield "read two files", both("Read nectar.txt and pebble.txt", "nectar.txt", "sweet\n", "pebble.txt", "small and round\n")
    yield "create, then read it", hello + read("Read hello.txt", "hello.txt", "Hello from ds4")
    yield "create, then change it", hello + edit("Change Hello to Goodbye in hello.txt", "hello.txt", "Hello from ds4", "Hello", "Goodbye")
    yield "hello", [user("Hello"), say("The user says hello.", GREETING)]
    yield "who are you", [user("Who are you?"), say("The user asks what I am.", ABOUT)]
    yield "what can you do", [user("What can you do?"), say("The user asks what I am.", ABOUT), user("Thanks"), say("The user is happy.", "You are welcome.")]
    yield "a question beyond it", [user("What is the capital of Spain?"), say("This is beyond a demo model.", CANNOT)]
    yield "a wish beyond it", [user("Write a haiku about autumn rain"), say("This is beyond a demo model.", CANNOT)]
