"""Domain files such as people write, in any of their styles."""

from __future__ import annotations

from hypothesis import strategies as st

KEYS = ("intents", "entities", "actions", "slots", "responses")
NAMES = st.from_regex(r"[a-z]{3}_[a-z]{1,6}", fullmatch=True)
LISTS = st.lists(NAMES, unique=True, min_size=1, max_size=4)
MAPPINGS = st.dictionaries(NAMES, st.sampled_from(['"x: y"', "[a, b]", "text", "12"]), min_size=1)
COMMENTS = st.sampled_from(["", " # why", " # - no: item", ' # "'])
BETWEEN = st.sampled_from(["", "\n", "# a heading\n", "\n# one\n\n#two: x\n", "    # far\n"])


@st.composite
def sections(draw: st.DrawFn, key: str) -> str:
    """A section of a file: a block, or nothing."""
    comment, column = draw(COMMENTS), draw(st.sampled_from([0, 2, 4]))
    if draw(st.integers(1, 4)) == 1:
        brackets = " []" if key in KEYS[:3] else " {}"
        return f"{key}:{draw(st.sampled_from(['', brackets, ' ~', ' null']))}{comment}\n"
    if key in KEYS[:3]:
        lines = [f"- {name}" for name in draw(LISTS)]
    else:
        column = column or 2
        lines = [f"{name}: {value}" for name, value in draw(MAPPINGS).items()]
    body = "".join(f"{' ' * column}{line}{draw(COMMENTS)}\n{draw(BETWEEN)}" for line in lines)
    return f"{key}:{comment}\n{body}"


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file of some sections, with Unix or Windows line ends, and mostly one at its end."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True))
    parts = [draw(sections(key)) + draw(BETWEEN) for key in keys]
    text = draw(st.sampled_from(["", "---\n", "# first\n"])) + "".join(parts)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text
