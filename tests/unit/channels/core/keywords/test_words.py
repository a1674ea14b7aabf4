"""Words are split here without ICU where that is cheap: both must agree on what a word is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import WordBreaker

from channels.core.keywords.words import BREAK, break_runs, is_run, spell

WITH_SPACES = {
    "ar": "أريد العودة إلى القائمة الرئيسية، من فضلك! عندي ٣ أسئلة؟",
    "de": "Können Sie mich zurück zum Hauptmenü bringen? Danke – bis später!",
    "el": "Θέλω να γυρίσω στο μενού· πότε θα ανοίξει; Ευχαριστώ πολύ!",
    "en": "Please don't go (yet), I’d like the 2nd well-known 'menu' back...",
    "fa": "لطفا مرا به منوی اصلی برگردانید، خیلی ممنون",
    "fi": "Haluan takaisin päävalikkoon, kiitos; onko siellä 10 kohtaa?",
    "fr": "Je voudrais revenir à l'accueil, s'il vous plaît ! « Merci »",
    "he": "אני רוצה לחזור לתפריט הראשי, בבקשה! תודה רבה",
    "hi": "मुझे मुख्य मेनू पर वापस जाना है। कृपया मदद कीजिए!",
    "ko": "메인 메뉴로 돌아가고 싶어요, 도와주세요!",
    "ru": "Верните меня, пожалуйста, в меню — ещё есть вопрос №5?",
    "sv": "Jag vill gå tillbaka till menyn, tack!",
    "ta": "முதன்மை பட்டிக்குத் திரும்ப வேண்டும், நன்றி!",
    "tr": "Ana menüye dönmek istiyorum, teşekkürler! İptal mi?",
    "vi": "Tôi muốn quay lại trình đơn chính, cảm ơn!",
}
WITHOUT_SPACES = {
    "ja": "前の画面に戻るにはどうすればいいですか。メニューを見せて！Botに戻る",
    "km": "ខ្ញុំចង់ត្រឡប់ទៅម៉ឺនុយ សូមជួយ",
    "lo": "ຂ້ອຍຢາກກັບຄືນໄປເມນູ",
    "my": "မီနူးသို့ပြန်သွားပါ",
    "th": "ฉันอยากย้อนกลับไปที่เมนูหลัก ทำอย่างไรคะ bot",
    "zh": "我想返回主菜单，然后和机器人聊天。",
    "zh-TW": "請返回主選單，我要跟機器人說話。",
}
LETTERS = "abzäßéıșабяёµσςابةلדמןमखगी" + "메뉴" + "அஆன்" + "աբև" + "აბ" + "09"


def icu_words(text: str, locale: str) -> list[str]:
    """The words that ICU finds, each spelled on its own, without the pieces that have no word."""
    return [spelled for piece in WordBreaker(text, locale) if (spelled := spell(piece))]


@pytest.mark.parametrize("locale", WITH_SPACES)
def test_words_with_spaces_are_those_of_icu_by_the_rules_of_the_language(locale: str) -> None:
    text = WITH_SPACES[locale]
    assert spell(text).split() == icu_words(text, locale)


@given(st.text(LETTERS + " \n!?-—«»()/"))  # ICU keeps a comma within a number
def test_words_in_any_mix_of_scripts_with_spaces_are_those_of_icu(text: str) -> None:
    assert spell(text).split() == icu_words(text, "")


@pytest.mark.parametrize("locale", WITHOUT_SPACES)
def test_runs_break_as_icu_breaks_them_by_the_rules_of_the_language(locale: str) -> None:
    text = WITHOUT_SPACES[locale]
    words = break_runs(spell(text)).replace(BREAK, " ").split()
    assert words == icu_words(text, locale)


@pytest.mark.parametrize("locale", WITHOUT_SPACES)
def test_scripts_without_spaces_are_runs(locale: str) -> None:
    assert is_run(WITHOUT_SPACES[locale])


@pytest.mark.parametrize("locale", WITH_SPACES)
def test_scripts_with_spaces_are_not(locale: str) -> None:
    assert not any(is_run(char) for char in WITH_SPACES[locale])


def test_a_space_inside_a_run_ends_a_word_of_it() -> None:
    assert spell("กลับ เมนู bot") == f"กลับ{BREAK}เมนู bot"
