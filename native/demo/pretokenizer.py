"""The official splitter: three passes; every pass keeps its matches and the gaps between them as separate pieces."""
import regex

_PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
PASSES = [regex.compile(p) for p in (
    r"\p{N}{1,3}",
    r"[一-龥぀-ゟ゠-ヿ]+",
    _PUNCTUATION + r"[A-Za-z]+"
    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+",
)]


def _split(text, pattern):
    at = 0
    for match in pattern.finditer(text):
        if match.start() > at:
            yield text[at:match.start()]
        if match.group():
            yield match.group()
        at = match.end()
    if at < len(text):
        yield text[at:]


def pieces(text):
    parts = [text]
    for pattern in PASSES:
        parts = [piece for part in parts for piece in _split(part, pattern)]
    return parts
