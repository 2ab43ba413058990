"""What strangers say that is not a task: greetings, who are you, thanks, goodbye, and everything the demo cannot do."""

GREETINGS = """hi|hello|hey|hey there|hi there|hello there|good morning|good evening|good afternoon|yo|hello ds4|hi ds4|hallo|hola|
how are you|how are you doing|how are you today|what's up|greetings|howdy|hello, how are you|hi, can you hear me|are you there|ping|
hello world|nice to meet you|hey ds4|moin|bonjour|good day|hi!|hello!|hey!|test|testing""".replace("\n", "").split("|")

WHO = """who are you|what are you|who am I talking to|what is your name|which model are you|what model is this|what can you do|
what can I ask you|help|help me|what do you know|tell me about yourself|introduce yourself|are you deepseek|are you DeepSeek V4|
are you a real model|are you chatgpt|are you an AI|what is ds4|what is this|how big are you|who made you|what are your skills|
what can you help me with|can you help me|how do you work|what is the demo model|are you the demo|say something about yourself|
what should I try|what can I do here|show me what you can do|give me an example|what tools do you have|which tools can you use|
what is your purpose|who built you|are you small|how many parameters do you have""".replace("\n", "").split("|")

THANKS = """thanks|thank you|thank you very much|great|perfect|nice|well done|good job|cool|awesome|great, thanks|ok thanks|thanks a lot|
that is all, thanks|very good|excellent|ok|okay|super|wonderful|thx|many thanks|good work|that works|looks good""".replace("\n", "").split("|")

BYE = """bye|goodbye|see you|see you later|bye bye|good night|have a nice day|that is all|exit|quit|we are done|
see you tomorrow|ciao|farewell|I have to go|until next time|stop""".replace("\n", "").split("|")

UNKNOWN = """what is the capital of France|what is the capital of Germany|explain quicksort|fix my bug|what is 2+2|what is 12 times 7|
write a poem|write a poem about the sea|tell me a joke|what is the meaning of life|who is the president|write a web server|
create a website|build me an app|refactor my code|why is my program slow|explain recursion|what is a monad|how do I cook rice|
translate hello to French|what is the weather today|write a story about a dragon|solve this equation|how do magnets work|
write unit tests|write a function that sorts a list|implement binary search|what is the best programming language|
why is the sky blue|how old is the earth|make me a sandwich|delete the internet|create a game|design a database|
summarize the news|write an essay about trees|what is docker|how do I use git|explain this error|my code does not work|
debug this|review my pull request|what is the difference between TCP and UDP|how do I center a div|write a regex|
play music|order a pizza|book a flight|send an email|who won the world cup|what is the speed of light|do my homework|
count to ten|name three colors|give me a recipe for pasta|how tall is the tower|what is love|sing a song|draw a cat|
are you conscious|do you dream|do you like music|what do you think about people|is it going to rain|what day is it tomorrow|
optimize this query|convert this to Rust|add a login page|add logging everywhere|write documentation for this project|
make it faster|find the bug|find bugs in my code|create a REST API with login|write a compiler|train a model|
how many people live in Paris|who wrote Hamlet|what is the largest planet|when did the war end|where is the nearest shop|
can you write Python|do you speak German|explain quantum physics|what is machine learning|how does a neural network work|
write me a letter|plan my holiday|what should I eat|is this code correct|what does this project do|why did you do that|
improve the performance|upgrade all packages|set up CI|port this to Windows|what is your favorite color|
think step by step|prove that the root of two is irrational|what is the square root of 16|integrate x squared|
wie geht es dir|was ist die Hauptstadt von Frankreich|quel temps fait-il|cuál es la capital de España|你好|今天天气怎么样|こんにちは|
asdf|foo bar|lorem ipsum|12345|???|hmm|why|really|I am sad|I am bored|I love you|you are wrong|that is not true|again|more|continue|
and now|yes|no|maybe|what|how|when|where|do it|go on""".replace("\n", "").split("|")

# {w} and {v} are words
PATTERNS = """what is {w}|what is a {w}|explain {w}|explain {w} to me|how do I {w} a {v}|how does {w} work|why is {w} {v}|write a {w}|
write a {w} about {v}|tell me about {w}|tell me a {w}|create a {w} for my {v}|build a {w} app|make a {w}|fix the {w}|fix my {w}|
fix the {w} in my {v}|who is {w}|where is {w}|when is the {w}|what is the {w} of {v}|what is the best {w}|give me a {w}|
do you know {w}|do you like {w}|can you {w}|can you {w} a {v}|is {w} better than {v}|compare {w} with {v}|convert {w} to {v}|
translate {w} to {v}|how many {w} are in a {v}|what does {w} mean|define {w}|I need a {w}|I want a {w}|help me with {w}|
help me {w} my {v}|add a {w} to the {v}|improve the {w}|implement {w}|implement a {w} {v}|design a {w}|describe a {w}|
write a function that {w} a {v}|write a program that {w}|refactor the {w} module|optimize the {w}|why does {w} {v}|
what happened to {w}|which {w} is {v}|should I {w}|the {w} is {v}|my {w} is {v}|{w} {v}|{w}|{w}?|I think {w} is {v}|
what is {n} + {n}|what is {n} times {n}|calculate {n} minus {n}|what is the capital of {w}|who invented the {w}|
how old is {w}|play {w}|buy a {w}|find a {w} for me|suggest a {w}|plan a {w}|imagine a {w}|list {n} {w}|name a {w}""".replace("\n", "").split("|")


def styled(rng, text):
    """The same words as different people type them."""
    if rng.random() < 0.5:
        text = text[0].upper() + text[1:]
    if text[-1].isalnum():
        question = text.split()[0].lower() in ("what", "who", "how", "why", "which", "are", "can", "do", "is", "when", "where", "should", "what's")
        text += rng.choice(["", "", "?", "?"] if question else ["", "", "", ".", "!"])
    return text


def unknown(rng, slots):
    if rng.random() < 0.5:
        return styled(rng, rng.choice(UNKNOWN))
    text = rng.choice(PATTERNS)
    while "{n}" in text:
        text = text.replace("{n}", str(rng.randint(2, 99)), 1)
    text = styled(rng, text.replace("{w}", slots.word()).replace("{v}", slots.word()))
    return text + (" please" if rng.random() < 0.04 else "")
