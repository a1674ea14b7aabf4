from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from channels.core.keywords.matcher import KeywordMatch, KeywordMatcher

LETTERS = {
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويأإآىةئؤء",
    "az": "abcçdeəfgğhxıijkqlmnoöprsştuüvyz",
    "de": "abcdefghijklmnopqrstuvwxyzäöüß",
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊΐ",
    "en": "abcdefghijklmnopqrstuvwxyz",
    "fa": "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی",
    "fr": "abcdefghijklmnopqrstuvwxyzàâçéèêëîïôùûü",
    "he": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
    "hi": "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसहअआइईउऊएऐओऔ",
    "hy": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
    "ja": "あいうえおかきくけこアイウエオカキクケコー日本語戻終了",
    "km": "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ",
    "ko": "가나다라마바사아자차카타파하메뉴봇",
    "lt": "aąbcčdeęėfghiįyjklmnoprsštuųūvzž",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "th": "กขคงจฉชซญดตถทธนบปผพฟมยรลวสหอฮ",
    "tr": "abcçdefgğhıijklmnoöprsştuüvyz",
    "vi": "aăâbcdđeêghiklmnoôơpqrstuưvxyạảấầẩẫậắằ",
    "xx": "abcdefghijklmnopqrstuvwxyzàéñøåı",
    "zh": "主菜单返回退出机器人结束对话人工帮助",
}
DOTTED_I = {"az", "tr"}

any_text = st.text(st.characters(exclude_categories=()))
ignored = st.lists(
    st.characters(categories=["Cf", "P", "S", "Z"])
    | st.sampled_from(["🤖", "👍🏽", "👩‍💻", "🇩🇪", "ℹ️", "❤️", "\ufe0f", "\n", "\t"])
).map("".join)
matches = st.sampled_from(KeywordMatch)


@st.composite
def keywords(draw: st.DrawFn) -> tuple[str, str]:
    """A language, and up to three words in its letters or digits."""
    language = draw(st.sampled_from(sorted(LETTERS)))
    word = st.text(LETTERS[language], min_size=1, max_size=8) | st.from_regex(
        r"[0-9]{1,3}", fullmatch=True
    )
    return language, " ".join(draw(st.lists(word, min_size=1, max_size=3)))


def in_capitals(language: str, text: str) -> str:
    return (text.replace("i", "İ") if language in DOTTED_I else text).upper()


@given(keywords(), matches)
def test_a_keyword_is_found_in_capitals(keyword: tuple[str, str], match: KeywordMatch) -> None:
    language, text = keyword
    matcher = KeywordMatcher({language: [text]}, match=match)
    assert matcher.find(in_capitals(language, text)) == text


@given(keywords(), matches)
def test_a_keyword_in_capitals_is_found_in_small_letters(
    keyword: tuple[str, str], match: KeywordMatch
) -> None:
    language, text = keyword
    capitals = in_capitals(language, text)
    assert KeywordMatcher({language: [capitals]}, match=match).find(text) == capitals


@given(keywords(), ignored, ignored, matches)
def test_a_keyword_is_found_with_anything_but_words_around_it(
    keyword: tuple[str, str], before: str, after: str, match: KeywordMatch
) -> None:
    language, text = keyword
    matcher = KeywordMatcher({language: [text]}, match=match)
    assert matcher.find(before + text + after) == text


@given(keywords(), st.lists(keywords(), max_size=3), st.lists(keywords(), max_size=3))
def test_a_keyword_is_found_between_other_words(
    keyword: tuple[str, str], before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    language, text = keyword
    matcher = KeywordMatcher({language: [text]}, match=KeywordMatch.CONTAINS)
    assert matcher.find(" ".join(each for _, each in [*before, keyword, *after])) == text


@given(keywords(), st.lists(keywords(), min_size=1))
def test_a_keyword_is_found_among_others(
    keyword: tuple[str, str], others: list[tuple[str, str]]
) -> None:
    listed: dict[str, list[str]] = {}
    for language, text in [*others, keyword]:
        listed.setdefault(language, []).append(text)
    assert KeywordMatcher(listed).find(keyword[1]) is not None


@given(st.lists(keywords()), any_text, matches)
def test_any_text_has_one_of_the_keywords_or_none(
    listed: list[tuple[str, str]], text: str, match: KeywordMatch
) -> None:
    matcher = KeywordMatcher({language: [each] for language, each in listed}, match=match)
    assert matcher.find(text) in {None, *(each for _, each in listed)}


@given(any_text, st.sampled_from(sorted(LETTERS)), matches)
@example("\ud800x\udfff", "en", KeywordMatch.CONTAINS)
def test_any_keyword_is_refused_or_found_as_it_is(
    text: str, language: str, match: KeywordMatch
) -> None:
    try:
        matcher = KeywordMatcher({language: [text]}, match=match)
    except ValueError:
        return
    assert matcher.find(text) == text
