"""What it costs to check a message against 1,000 keywords in 10 languages.

Each line is one kind of message, checked by KeywordMatcher and, as the baseline, by the shortest
code that might do, `any(k.lower() in text.lower() …)`, which knows nothing of words, languages and
inflections. Times are processor time, so a busy machine makes little difference.
"""

from __future__ import annotations

import itertools
import random
import statistics
import string
import time
from collections.abc import Callable, Sequence

from channels.core.keywords.matcher import KeywordMatch, KeywordMatcher

from ...figures.results import Bound, Goal, Line, Quantity, Row, Size

_GOAL = Goal(Bound.AT_MOST, 50)
RUNS = 5
CHECKS_A_RUN = 2_000
LOOK_ALIKES = 2_000

#: For each language: ten words for doing something, ten things to do it to, and what comes between.
WORDS = {
    "en": (
        "open show find close start stop leave end cancel change",
        "menu bot chat order account help question agent settings payment",
        " the ",
    ),
    "de": (
        "öffne zeige finde schließe starte stoppe verlasse beende storniere ändere",
        "Menü Bot Gespräch Bestellung Konto Hilfe Frage Berater Einstellungen Zahlung",
        " ",
    ),
    "es": (
        "abrir mostrar buscar cerrar empezar parar dejar terminar cancelar cambiar",
        "menú bot conversación pedido cuenta ayuda pregunta agente ajustes pago",
        " ",
    ),
    "fr": (
        "ouvrir afficher chercher fermer démarrer arrêter quitter terminer annuler changer",
        "menu robot discussion commande compte aide question conseiller réglages paiement",
        " ",
    ),
    "tr": (
        "aç göster bul kapat başlat durdur çık bitir vazgeç değiştir",
        "menü bot sohbet sipariş hesap yardım soru temsilci ayarlar ödeme",
        " ",
    ),
    "ru": (
        "открыть показать найти закрыть начать остановить покинуть закончить отменить изменить",
        "меню бот разговор заказ счёт помощь вопрос оператор настройки оплата",
        " ",
    ),
    "ar": (
        "افتح أظهر ابحث أغلق ابدأ أوقف اترك أنه ألغ غيّر",
        "القائمة البوت المحادثة الطلب الحساب المساعدة السؤال الموظف الإعدادات الدفع",
        " ",
    ),
    "hi": (
        "खोलो दिखाओ ढूँढो बंद शुरू रोको छोड़ो खत्म रद्द बदलो",
        "मेनू बॉट बातचीत ऑर्डर खाता मदद सवाल एजेंट सेटिंग भुगतान",
        " ",
    ),
    "th": (
        "เปิด แสดง ค้นหา ปิด เริ่ม หยุด ออก จบ ยกเลิก เปลี่ยน",
        "เมนู บอท การสนทนา คำสั่งซื้อ บัญชี ความช่วยเหลือ คำถาม เจ้าหน้าที่ การตั้งค่า การชำระเงิน",
        "",
    ),
    "zh": (
        "打开 显示 查找 关闭 开始 停止 离开 结束 取消 更改",
        "菜单 机器人 对话 订单 账户 帮助 问题 客服 设置 付款",
        "",
    ),
}

#: What users and operators say to each other: none of it is, or contains, a keyword.
SENTENCES = [
    "hello, I ordered two pairs of shoes last week and only one has arrived so far",
    "yes please, the blue one in size 42 🙂",
    "ok thanks",
    "Guten Tag, meine Lieferung ist noch nicht angekommen, können Sie bitte nachsehen?",
    "Hola, todavía no me ha llegado el paquete, ¿me puede decir dónde está?",
    "Bonjour, je n'ai toujours pas reçu mon colis, pouvez-vous m'aider s'il vous plaît ?",
    "Merhaba, geçen hafta aldığım ayakkabılar hâlâ gelmedi, bakabilir misiniz?",
    "Здравствуйте, посылка ещё не пришла, подскажите, пожалуйста, где она сейчас?",
    "مرحبا، لم يصلني الطرد حتى الآن، هل يمكنكم التحقق من ذلك من فضلكم؟",
    "नमस्ते, मेरा पार्सल अभी तक नहीं आया है, कृपया देखिए कि वह कहाँ है",
    "สวัสดีค่ะ พัสดุยังไม่มาถึงเลย ช่วยตรวจสอบให้หน่อยได้ไหมคะ",
    "你好，我上周买的鞋子还没有收到，请帮我看一下好吗？",
]


def phrases(language: str) -> list[str]:
    actions, things, between = WORDS[language]
    return [
        f"{action}{between}{thing}"
        for action, thing in itertools.product(actions.split(), things.split())
    ]


def look_alikes() -> list[str]:
    """Short messages of words that begin like a keyword's, and that nobody has typed before."""
    chance = random.Random(1)  # noqa: S311
    keywords = [keyword for language in WORDS for keyword in phrases(language)]
    return [
        chance.choice(keywords) + "".join(chance.choices(string.ascii_lowercase, k=4))
        for _ in range(LOOK_ALIKES)
    ]


def microseconds_a_message(check: Callable[[str], object], messages: Sequence[str]) -> float:
    started = time.process_time()
    for message in messages:
        check(message)
    return (time.process_time() - started) / len(messages) * 1e6


def median_cost(check: Callable[[str], object], messages: Sequence[str]) -> float:
    cycled = list(itertools.islice(itertools.cycle(messages), CHECKS_A_RUN))
    return statistics.median(microseconds_a_message(check, cycled) for _ in range(RUNS))


async def measure(_: Size) -> Row:
    keywords = {language: phrases(language) for language in WORDS}
    flat = [keyword for listed in keywords.values() for keyword in listed]
    matching = [f"{keyword}! 🙂" for keyword in flat[::7]]

    def naive(text: str) -> bool:
        return any(keyword.lower() in text.lower() for keyword in flat)

    lines = []
    for match in KeywordMatch:
        matcher = KeywordMatcher(keywords, match=match)
        if not all(map(matcher.find, matching)) or any(map(matcher.find, SENTENCES)):
            raise AssertionError("The matcher is wrong, so its speed means nothing.")
        for name, messages in (("a keyword", matching), ("no keyword", SENTENCES)):
            what = f"{match.value}, {name}"
            cost = median_cost(matcher.find, messages)
            lines.append(_line(what, cost, median_cost(naive, messages)))
        fresh = look_alikes()
        cost = microseconds_a_message(matcher.find, fresh)
        what = f"{match.value}, a look-alike that is seen first"
        lines.append(_line(what, cost, microseconds_a_message(naive, fresh)))
    return Row(lines=tuple(lines))


def _line(what: str, ours: float, naive: float) -> Line:
    return Line(
        what=f"keyword check, 1,000 keywords in 10 languages: {what}",
        baseline=Quantity(naive, "µs"),
        baseline_is="naive search",
        ours=Quantity(ours, "µs"),
        goal=_GOAL,
    )
