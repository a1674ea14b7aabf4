"""Meta's own words, the only ones of an error's text that are shown. Pure.

Graph's error text may quote what was sent to a user, whole, cut or rewritten. So if a call carries
such text, only the words that Meta's errors are made of are kept of the answer. Source: Messenger
Platform, Error Codes; Graph API, Handle Errors.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LEFT_OUT = "…"

_TEXT = """
a about accept access account accounts action actions active additional admin after all allow
allowable allowed an and another any api app application apps appsecret_proof are argument array as
asked at attached attachment attachment_id attachments audio available back bad be because been
before being block blocked body bot button buttons by call calling calls can cannot card cards
change character characters code comment communication complete contact contain contains content
control controlling conversation conversations could current currently customer data default delete
deleted deliver delivered denied denying description developer did disabled does doesn domain
download due duplicate during each element elements empty enabled endpoint equal error event exceed
exceeded exceeds exist exists expected expired failed failure feature fetch few field fields file
fill find following for format found from generic get given granted has have html http https
human_agent id identical image in include includes incomplete incorrect insights instagram
instagram_manage_messages instead internal into invalid invalidated is isn it items its json key
keys known large later least length less limit limits linked list loaded locale long longer match
matching maximum may media mention message message_id messages messaging messaging_type messenger
metadata method minimum missing mobile more multiple must name name_placeholder necessary need
needed needs no node non nonexisting not notification now null number object occurred of off on
once one only opened operation opt optional or other out outside owner page pages
pages_manage_metadata pages_messaging param parameter parameters params parse pass payload per
permission permissions permitted person persona persona_id phone please policy post postback
primary private process processed property provided quick quick_replies rate reached received
receiver receivers recent recipient referral release removed replies reply represent request
requested requests required requires requires_action resource response restricted retry review
right role routing same scope secondary seconds secret secure send sender sending sent server
service session set setting settings should size some something sponsored standby string structure
subcode subscribe subtitle such support supported t table tag take target_app_id template
template_type temporarily terms text than that the there they this thread through time timed title
to token too tried try type unable unavailable unexpected unknown unsupported until updated upload
url used user users valid validated validating validation value values version video violation was
web_url webhook were when whitelisted whitespace window with within without wrong you your
"""
WORDS = frozenset(_TEXT.split())

_PARTS = re.compile(r"[A-Za-z_]+|[^A-Za-z_]+")
_MARKS = re.compile(r"[\s()\[\]#.,:;'\"/-]*", re.ASCII)


def in_known_words(message: str, numbers: Collection[int | None]) -> str:
    """The message, with an ellipsis for everything but Meta's own words and these numbers."""
    kept: list[str] = []
    for token in message.split():
        known = _is_known(token, numbers)
        if known or kept[-1:] != [LEFT_OUT]:
            kept.append(token if known else LEFT_OUT)
    return " ".join(kept)


def _is_known(token: str, numbers: Collection[int | None]) -> bool:
    for part in _PARTS.findall(token):
        if part[0].isascii() and (part[0].isalpha() or part[0] == "_"):
            if part.lower() not in WORDS:
                return False
        elif not _MARKS.fullmatch(re.sub("[0-9]+", lambda found: _mark(found[0], numbers), part)):
            return False
    return True


def _mark(digits: str, numbers: Collection[int | None]) -> str:
    """Empty for a known number; for any other, something that is not a mark."""
    return "" if len(digits) < 10 and int(digits) in numbers else "?"
