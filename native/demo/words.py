"""Material for the slots: known words, made-up words, file names, phrases, file contents, commands.

Held out of the training altogether: the words of HELD_OUT, and one made-up word in seven.
"""
import zlib

COMMON = """
about above action add again agenda album alert alpha animal answer apple april archive area arrow article asset
autumn away baby back backup bag bake bakery ball banana bank base basic beach beans bear best beta big bike bird birthday
black block blue board boat body bold book bottle bottom box bread breakfast bridge bright brown budget buffer bug build
button buy cache cake calendar call camera car card cart case cat chair change chapter chart chat cheese chef chess
child city class clean clear client clock cloud coast code coffee cold color common config cook cool copy corn corner
count country course cover cow cream create cup daily dance dark data date day deep default delta demo deploy design
desk detail diary dinner doctor dog dollar done door down dragon draft dream drink drive dry duck early earth east easy
egg eggs email empty end engine error evening event every example extra eye face fact fair fall family farm fast father
favorite field file final find finish fire first fish five flag floor flour flower fly folder food football forest form
forward four fox free fresh friday friend friends from front fruit full fun game garden gate giant gift girl glass goal
goat gold golden good grape grass great green grey group grow guest guide guitar half hall hand happy hard hat head
health heart hello help here hero high hill history hobby holiday home honey hope horse hotel house hour ice idea image
important index info input island item january job juice july jump june keep key king kitchen lake lamp land large
last late leaf learn left lemon letter level library life light lime line lion list little local log logo logic long
look lost loud love low lucky lunch machine magic mail main map march market math may maze meal meet meeting memo menu
message metal middle milk mind minute mirror mix model module monday money monkey month moon morning mother mountain
mouse movie much music name nature near network new news next nice night nine north note notes number ocean office
offline oil old online open orange order other output owl page paint panda paper parent park parser part party pasta
path peace pear pen pencil people pepper person phone photo piano picture pilot pink pizza place plan planet plant
player plot poem point pool potato price print private profile project public purple queen question quick quiet rabbit
radio rain random read ready recipe record red release remote repair report rest result rice right ring river road
robot rock roof room root rose round router run salad sale salt sample sand saturday save school science score screen
script sea search season second secret server setup seven shadow sheep ship shop shopping short silent silver simple
sister six sky sleep slow small smart snow soap sock soft song soup source south space spring star start station status
steel step stone stop store storm story street strong student style sugar summer sun sunday sunny sweet swim system
table task tea teacher team ten test text thing three thursday ticket tiger time title today todo token tomato tomorrow
tool top tower town toy track train travel tree trip true tuesday turtle two under update upload user utils vacation
value version video view village violet visit walk wall warm wash water wave weather web wednesday week weekend west
whale wheat white wide wild win wind window winter wolf wood word words work world yellow yesterday young zero zoo
""".split()

HELD_OUT = """
falcon kiwi ledger quartz velvet marble tulip canyon pickle saddle thunder walnut zebra goblin harbor jigsaw lantern
mango nectar otter pebble rocket sparrow teapot umbrella vortex waffle yogurt cobalt dagger ember frost granite hazel
ivory jasmine koala lobster meadow nomad oyster parrot quiver raven salmon tundra urchin violin wizard
""".split()

EXTENSIONS = "txt txt txt md md py py js json html css cs sh yml csv c h log xml ts go rs toml ini java sql".split()
SENTENCES = """the {w} is {v}|{w} and {v}|I like the {w}|{w} are {v}|buy {w} and {v}|call the {w}|my {w} is {v}|this is a {w}|
{w} in the {v}|the {w} of {v}|we like {w} and {v}|it is a {w} {v}|{w} is not {v}|find the {w} for {v}""".replace("\n", "").split("|")
CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxz", "aeiouy"


def is_held_out(word):
    return word in HELD_OUT or zlib.crc32(word.lower().encode()) % 7 == 0 and word not in COMMON


def made_up(rng, held_out=False):
    """A pronounceable or plainly random word that nobody knows."""
    while True:
        if rng.random() < 0.75:
            word = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) + rng.choice(["", "", rng.choice(CONSONANTS)])
                           for _ in range(rng.randint(1, 3)))
        else:
            word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 8)))
        if len(word) > 1 and word not in COMMON and is_held_out(word) == held_out:
            return word


class Slots:
    """Draws slot values. With held_out=True every name and phrase carries words never seen in training."""

    def __init__(self, rng, held_out=False, known=COMMON, documented=0.12):
        """documented: the share of contents and names that are what the documentation tells people to try."""
        self.rng, self.held_out, self.known, self.documented = rng, held_out, known, documented

    def word(self, fresh=0.35):
        if self.held_out and self.rng.random() < 0.6:
            return self.rng.choice(HELD_OUT) if self.rng.random() < 0.6 else made_up(self.rng, True)
        return made_up(self.rng) if self.rng.random() < fresh else self.rng.choice(self.known)

    def name_word(self):
        if self.held_out:
            return self.rng.choice(HELD_OUT) if self.rng.random() < 0.6 else made_up(self.rng, True)
        return self.word(0.45)

    def stem(self):
        r, w = self.rng.random(), self.name_word()
        if r < 0.08:
            return f"{w}{self.rng.choice('_-')}{self.word()}"
        if r < 0.14:
            return f"{w}{self.rng.randint(1, 99)}"
        if r < 0.18:
            return w.capitalize()
        if not self.held_out and self.rng.random() < self.documented:
            return self.rng.choice(["README", "hello", "notes", "todo"])
        return w

    def file(self, extension=None):
        name = f"{self.stem()}.{extension or self.rng.choice(EXTENSIONS)}"
        return f"{self.folder()}/{name}" if self.rng.random() < 0.05 else name

    def folder(self):
        return self.rng.choice(["src", "docs", "tests", "data", "lib", self.name_word(), self.word()])

    def short(self):
        """One or two words, as people name them when something is to be changed."""
        r = self.rng.random()
        if r < 0.04 and not self.held_out:
            return str(self.rng.randint(0, 2100))
        if not self.held_out and self.rng.random() < self.documented:
            return self.rng.choice(["Hello", "Hello", "hello", "world", "ds4", "Goodbye", "notes"])
        text = " ".join(self.word() for _ in range(self.rng.choice([1, 1, 1, 2])))
        return text[0].upper() + text[1:] if r > 0.7 else text

    def sentence(self):
        text = self.rng.choice(SENTENCES).replace("{w}", self.word(0.25), 1).replace("{v}", self.word(0.25))
        return text[0].upper() + text[1:] if self.rng.random() < 0.5 else text

    def phrase(self, low=1, high=4):
        n = self.rng.randint(low, high)
        if n == 0:
            return ""
        if high > 3 and self.rng.random() < 0.3:
            return self.sentence()
        words = [self.word(0.2) for _ in range(n)]
        r = self.rng.random()
        if r < 0.4:
            words[0] = words[0].capitalize()
        if r < 0.12 and n > 1:
            words[self.rng.randrange(n)] = str(self.rng.randint(0, 2100))
        if 0.12 < r < 0.2 and n > 2:
            words[self.rng.randrange(n - 1)] += ","
        if r > 0.93:
            words[-1] += "!"
        if 0.2 < r < 0.25:
            words[-1] = "ds4"
        return " ".join(words)

    def code(self):
        w, n = self.word(), self.rng.randint(0, 500)
        return self.rng.choice([
            f'print("{self.phrase(1, 3)}")', f"print('{self.phrase(1, 3)}')", f'console.log("{w}")', f"{w} = {n}",
            f"echo {self.phrase(1, 3)}", f"x = {n}", f"# {self.phrase(1, 3)}", f"import {w}", f"<h1>{self.phrase(1, 2)}</h1>",
            f"{w}: {self.word()}", f"print({n} + {self.rng.randint(1, 9)})", f'{{"{w}": {n}}}'])

    def content(self):
        if self.rng.random() < self.documented:
            return "Hello " + self.rng.choice(["from ds4"] * 3 + ["world", self.word(), f"from {self.word()}", f"{self.word()} {self.word()}"])
        return self.code() if self.rng.random() < 0.12 else self.phrase()

    def line(self):
        r = self.rng.random()
        if r < 0.15:
            return self.code()
        if r < 0.3:
            return self.rng.choice(["- ", "# ", "* ", "  ", "1. "]) + self.phrase(1, 4)
        return self.phrase(1, 5) + self.rng.choice(["", "", "."])

    def lines(self, low, high):
        return [self.line() for _ in range(self.rng.randint(low, high))]

    def command(self):
        f, w = self.file(), self.word()
        return self.rng.choice([
            "pwd", "date", "whoami", "ls -la", "git status", "git log", "git diff", "make", "make test", "make build",
            "npm test", "npm install", f"npm run {w}", "dotnet build", "dotnet test", "cargo test", "go test", f"cat {f}", f"echo {self.phrase(1, 3)}",
            f"echo {w}", f"head {f}", f"tail {f}", f"wc {f}", f"touch {f}", f"sh {f}", f"bash {f}", f"./{w}.sh", f"node {f}",
            f"which {w}", f"{w} --version", f"{w} --help", f"git add {f}", f"chmod +x {f}", "uname -a", "df -h", w,
            f"{w} {self.word()}", f"ls {self.folder()}", f"sort {f}", f"python3 {f}", f"git checkout {w}"])
