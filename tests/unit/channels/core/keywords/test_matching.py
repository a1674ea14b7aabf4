"""What is the same word to a reader, in many languages, and what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from channels.core.keywords.matcher import KeywordMatcher
from tests.unit.channels.core.keywords.keyword_samples import CONTAINS, WHOLE, found

Case = tuple[str, str, str]  # language, keyword, message


def cases(listed: Mapping[str, Sequence[Case]]) -> pytest.MarkDecorator:
    params = [pytest.param(*case, id=name) for name, each in listed.items() for case in each]
    return pytest.mark.parametrize(("language", "keyword", "message"), params)


THE_SAME_TO_A_READER = {
    "as-typed": [("en", "back to bot", "back to bot"), ("zh", "返回菜单", "返回菜单")],
    "case": [("en", "menu", "MENU"), ("ru", "меню", "Меню"), ("ka", "მენიუ", "ᲛᲔᲜᲘᲣ")],
    "case-turkish": [("tr", "iptal", "İPTAL"), ("tr", "ırmak", "IRMAK"), ("tr", "İptal", "iptal")],
    # Many keyboards have no İ, and many write a message's first letter as a capital.
    "case-turkish-without-dot": [
        ("tr", "iptal", "IPTAL"),
        ("tr", "iptal", "Iptal"),
        ("tr", "iletişim", "Iletişim"),
        ("tr", "sohbetten çıkış", "SOHBETTEN CIKIS"),
        ("az", "imtina", "IMTINA"),
    ],
    "case-azeri": [("az", "çıxış", "ÇIXIŞ"), ("az", "imtina", "İMTİNA")],
    "case-dotted-i-elsewhere": [("en", "menu in", "menu İn")],
    "case-german-sharp-s": [("de", "Straße", "STRASSE"), ("de", "STRASSE", "Straße")],
    "case-greek": [("el", "έξοδος", "ΕΞΟΔΟΣ"), ("el", "μενού", "ΜΕΝΟΥ")],
    "case-lithuanian": [("lt", "įėjimas", "ĮĖJIMAS")],
    "case-vietnamese": [("vi", "thoát", "THOÁT")],
    # "Quay lai menu" as Vietnamese programs print it where marks can't be had.
    "vietnamese-without-marks": [
        ("vi", "quay lại bot", "quay lai bot"),
        ("vi", "Quay lại menu chính", "QUAY LAI MENU CHINH"),
        ("vi", "hủy bỏ", "huy bo"),
        ("vi", "đóng lại", "dong lai"),
        ("vi", "thoát", "thoat"),
    ],
    "no-marks-in-a-phrase": [
        ("pl", "wróć do menu głównego", "wroc do menu glownego"),
        ("cs", "zpět do nabídky", "zpet do nabidky"),
        ("sk", "späť do menu", "spat do menu"),
        ("ro", "înapoi la meniu", "inapoi la meniu"),
        ("hu", "vissza a főmenühöz", "vissza a fomenuhoz"),
        ("hr", "završi razgovor", "zavrsi razgovor"),
        ("sl", "končaj pogovor", "koncaj pogovor"),
        ("lt", "grįžti į meniu", "grizti i meniu"),
        ("tr", "ana menüye dön", "ana menuye don"),
        ("tr", "sohbetten çıkış", "sohbetten cikis"),
        ("de", "zurück zum Bot", "zuruck zum bot"),
        ("de", "zum Hauptmenü", "zum hauptmenu"),
        ("sv", "avsluta samtalet här", "avsluta samtalet har"),
        ("fi", "päätä keskustelu", "paata keskustelu"),
        ("da", "gå til hovedmenuen", "ga til hovedmenuen"),
        ("nb", "gå tilbake nå", "ga tilbake na"),
        ("nn", "gå tilbake no", "ga tilbake no"),
        ("no", "gå tilbake nå", "ga tilbake na"),
        ("az", "menyuya qayıt", "menyuya qayit"),
        ("bs", "završi razgovor", "zavrsi razgovor"),
        ("sr", "završi razgovor", "zavrsi razgovor"),
        ("et", "lõpeta jutt ära", "lopeta jutt ara"),
    ],
    "vietnamese-tone-on-either-vowel": [("vi", "huỷ", "hủy"), ("vi", "khóa", "khoá")],
    "width": [("ja", "bot", "ＢＯＴ"), ("ja", "メニュー", "ﾒﾆｭｰ"), ("ja", "ボット", "ﾎﾞｯﾄ")],
    "digits": [("ar", "0", "٠"), ("fa", "12", "۱۲"), ("hi", "3", "३"), ("th", "กด 1", "กด๑")],
    "composed": [("ko", "메뉴", "메뉴"), ("vi", "thoát", "thoa\u0301t"), ("hi", "ज़रूर", "ज़रूर")],
    "thai-am-in-two-parts": [("th", "ทำงาน", "ท\u0e4d\u0e32งาน")],
    "arabic-harakat": [("ar", "القائمة", "القَائِمَةُ"), ("ur", "ختم", "خَتم")],
    "arabic-hamza-on-ya": [("ar", "القائمة", "القايمه")],
    "arabic-tatweel": [("ar", "إنهاء", "إنهـــاء")],
    "arabic-alef": [("ar", "إلغاء", "الغاء"), ("ar", "أوقف", "اوقف")],
    "arabic-final-letters": [("ar", "القائمة", "القائمه"), ("ar", "عربي", "عربى")],
    "arabic-article": [("ar", "القائمة", "قائمة"), ("ar", "قائمة", "للقائمة")],
    "hebrew-niqqud": [("he", "תפריט", "תַּפְרִיט")],
    "persian-letters": [("fa", "کمک", "كمك"), ("ur", "مینیو", "مينيو")],
    "persian-joiner": [("fa", "می\u200cخواهم", "میخواهم")],
    "hindi-nukta": [("hi", "ज़रूर", "जरूर"), ("hi", "क़ायदा", "कायदा")],
    "hindi-nasals": [
        ("hi", "हिन्दी", "हिंदी"),
        ("hi", "संपर्क", "सम्पर्क"),
        ("hi", "बन्द", "बंद"),
        ("hi", "यहाँ", "यहां"),
    ],
    "ukrainian-latin-i": [("uk", "вихід", "вихiд"), ("uk", "кінець", "КIНЕЦЬ")],
    "belarusian-latin-i": [("be", "прывітанне", "прывiтанне")],
    "korean-without-spaces": [("ko", "상담 종료", "상담종료"), ("ko", "처음 으로", "처음으로")],
    "hindi-joiner": [("hi", "क्षमा", "क्\u200dषमा")],
    "khmer-space": [("km", "ចាកចេញ", "ចាក\u200bចេញ")],
    "accents": [
        ("es", "menú", "menu"),
        ("es", "menu", "menú"),
        ("fr", "arrêter", "ARRETER"),
        ("pt-BR", "início", "inicio"),
        ("it", "perché", "perche"),
        ("nl", "één", "een"),
        ("ca", "menú", "menu"),
        ("en", "café", "cafe"),
        ("gl", "menú", "menu"),
        ("it", "più", "piu"),
    ],
    "umlauts-written-out": [("de", "zurück", "zurueck"), ("de", "Menü", "MENUE")],
    "yo": [("ru", "ещё раз", "еще раз")],
    "romanian-cedilla": [
        ("ro", "ieșire", "ie\u015fire"),
        ("ro", "conversație", "conversa\u0163ie"),
    ],
    "punctuation": [("en", "menu", "menu!"), ("es", "menú", "¡¿menú?!"), ("hi", "मेनू", "मेनू।")],
    "quotes": [("ja", "終了", "「終了」"), ("ru", "стоп", "«стоп»"), ("en", "menu", "'menu'")],
    "hyphens": [("en", "back to bot", "back-to-bot"), ("en", "back to bot", "back_to_bot")],
    "apostrophes": [("en", "I'm done", "im done"), ("uk", "м'ята", "м’ята")],
    "elision": [
        ("fr", "l'agent", "l’agent"),
        ("it", "l'agente", "l agente"),
        ("ca", "l'agent", "l agent"),
    ],
    "emoji": [("en", "menu", "🤖 menu 👍🏽"), ("th", "เมนู", "เมนู🙏"), ("en", "menu", "ℹ️ menu")],
    "newer-emoji": [("en", "menu", "menu \U0001fae0")],
    "keycap": [("en", "1", "1️⃣")],
    "bidi-marks": [("he", "תפריט", "\u200fתפריט\u200e"), ("ar", "بوت", "\u2067بوت\u2069")],
    "space": [("en", "back to bot", " back  to\n\tbot "), ("en", "menu", "menu\u00a0")],
    "space-in-a-run": [("th", "กลับเมนู", "กลับ เมนู"), ("ja", "ボットに戻る", "ボット に 戻る")],
    "space-around-a-run": [("ja", "Botに戻る", "bot に戻る"), ("zh", "转bot", "转 bot")],
}


THE_SAME_WORD_INFLECTED = {
    "ar": [("ar", "موظف", "الموظفين")],
    "cs": [("cs", "operátor", "operátorem")],
    "ca": [("ca", "operador", "operadors")],
    "cs-feminine": [("cs", "nabídka", "nabídky")],
    "da": [("da", "menu", "menuen")],
    "de": [("de", "Menü", "Menüs"), ("de", "Mitarbeiter", "Mitarbeiters")],
    "el": [("el", "σύμβουλος", "σύμβουλο")],
    "en": [("en", "menu", "menus"), ("en", "city", "cities"), ("en", "bot", "bots")],
    "en-plural": [
        ("en", "family", "families"),
        ("en", "facilities", "facility"),
        ("en", "agency", "agencies"),
    ],
    "en-long-ending": [("en", "confirm", "confirmation")],
    "en-verb": [
        ("en", "close", "closed"),
        ("en", "quit", "quitting"),
        ("en", "finish", "finished"),
    ],
    "es": [("es", "menú", "menús"), ("es", "operador", "operadores"), ("es", "botón", "botones")],
    "fa": [("fa", "اپراتور", "اپراتور\u200cها")],
    "et": [("et", "menüü", "menüüd")],
    "eu": [("eu", "pertsona", "pertsonarekin")],
    "fa-plural": [("fa", "مشاور", "مشاورین")],
    "fi": [("fi", "valikko", "valikkoon")],
    "fr": [("fr", "conseiller", "conseillers"), ("fr", "menu", "menus")],
    "ga": [("ga", "cuir", "cuirfidh")],
    "hi": [("hi", "लड़का", "लड़के")],
    "hu": [("hu", "menü", "menüt")],
    "hy": [("hy", "օպերատոր", "օպերատորի")],
    "id": [("id", "robot", "robotnya"), ("id", "batal", "batalkan"), ("ms", "batal", "batalkan")],
    "it": [("it", "operatore", "operatori")],
    "lt": [("lt", "konsultantas", "konsultanto")],
    "ne": [("ne", "एजेन्ट", "एजेन्टले")],
    "nl": [("nl", "medewerker", "medewerkers"), ("nl", "menu", "menu's")],
    "no": [(code, "meny", "menyer") for code in ("nb", "nn", "no")],
    "pl": [("pl", "konsultant", "konsultanta"), ("pl", "rozmowa", "rozmowę")],
    "pt": [("pt", "operador", "operadores")],
    "ro": [("ro", "operator", "operatorul"), ("ro", "persoană", "persoane")],
    "ru": [("ru", "оператор", "оператора"), ("ru", "кнопка", "кнопкой")],
    "sr": [("sr", "оператор", "операторима"), ("bs", "operater", "operatera")],
    "sv": [("sv", "meny", "menyer")],
    "ta": [("ta", "மனிதர்", "மனிதர்கள்")],
    "tr": [("tr", "menü", "menüye"), ("tr", "müşteri", "müşterimiz")],
    "be": [("be", "бот", "бота")],
    "bg": [("bg", "бот", "ботът")],
    "bn": [("bn", "মেনু", "মেনুতে"), ("bn", "বট", "বটকে"), ("bn", "মেনু", "মেনুটা")],
    "fil": [("fil", "menu", "menung"), ("tl", "menu", "menung")],
    "id-short": [("id", "bot", "botnya"), ("id", "menu", "menunya"), ("ms", "bot", "botnya")],
    "cs-short": [("cs", "bot", "botovi"), ("sl", "bot", "botu")],
    "sw": [("sw", "menyu", "menyuni")],
    "uk": [("uk", "бот", "ботові"), ("uk", "чат", "чату")],
    "short-cs-sk": [("cs", "bot", "botem"), ("cs", "bot", "botů"), ("sk", "bot", "botovi")],
    "short-hr-sr": [("hr", "bot", "botu"), ("sr", "bot", "botom"), ("sr", "бот", "боту")],
    "short-hu": [("hu", "bot", "bothoz"), ("hu", "bot", "botnak")],
    "short-pl": [("pl", "bot", "bota"), ("pl", "bot", "botem"), ("pl", "bot", "botowi")],
    "short-ro": [("ro", "bot", "botul")],
    "ro-in-a-vowel": [("ro", "meniu", "meniul"), ("ro", "meniu", "meniului")],
    "short-ru": [("ru", "бот", f"бот{ending}") for ending in ("а", "у", "ом", "е", "ы", "ов")],
    "short-tr": [("tr", "bot", "bota"), ("tr", "bot", "bot'a"), ("az", "bot", "botu")],
    "bg-article": [("bg", "меню", "менюто")],
    "fa-linked": [("fa", "منو", "منوی")],
    "he-prefix": [("he", "תפריט", "לתפריט"), ("he", "תפריט", "והתפריט"), ("he", "בוט", "לבוט")],
    "hr-in-a-vowel": [("hr", "meni", "meniju")],
    "ko-particle": [("ko", "메뉴", "메뉴로"), ("ko", "봇", "봇이랑"), ("ko", "처음", "처음으로")],
    "th-particle": [("th", "เมนู", "เมนูค่ะ"), ("th", "กลับเมนู", "กลับเมนูครับ")],
    "sv-article": [("sv", "meny", "menyn"), ("sv", "huvudmeny", "huvudmenyn")],
    "in-a-phrase": [("en", "back to menu", "back to menus")],
    "keyword-inflected": [("en", "agents", "agent")],
}


ANOTHER_WORD_TO_A_READER = {
    "part-of-the-message": [("en", "menu", "the menu"), ("th", "กลับ", "กลับบ้าน")],
    "part-of-the-keyword": [("en", "back to bot", "back"), ("zh", "返回菜单", "菜单")],
    "other-order": [("en", "back to bot", "bot to back")],
    "no-space": [("en", "back to bot", "backtobot")],
    "one-more-letter": [("en", "bot", "both"), ("ko", "메뉴", "메뉴판"), ("he", "בוט", "בוטל")],
    "other-letter": [("fa", "ربات", "رباط"), ("ja", "ボット", "ポット"), ("hi", "मेनू", "मैना")],
    "turkish-i": [("tr", "ırmak", "irmak"), ("tr", "ışık", "İŞİK"), ("az", "qız", "qiz")],
    "german-umlaut": [("de", "schön", "schon")],
    "spanish-n": [("es", "año", "ano")],
    "vietnamese-tones": [("vi", "bạn", "ban"), ("vi", "bạn", "bán")],
    "vietnamese-other-marks": [("vi", "quay lại bot", "quay lái bot"), ("vi", "thoát", "thoạt")],
    "vietnamese-marks-that-the-keyword-has-not": [("vi", "bot", "bột"), ("vi", "bot", "bớt")],
    "other-marks-in-a-phrase": [("pl", "wróć do menu", "wróc do menu")],
    "letters-of-their-own": [("pl", "łaska", "laska"), ("sv", "får", "far"), ("ru", "мой", "мои")],
    "simplified-and-traditional": [("zh-TW", "選單", "选单"), ("zh-CN", "机器人", "機器人")],
    "thai-tones": [("th", "ไม่", "ไม้")],
    "khmer-vowels": [("km", "បូត", "បុត")],
    "arabic-root": [("ar", "كتاب", "كاتب")],
    "stem-too-short": [("ru", "меню", "меня"), ("es", "bot", "bota"), ("es", "fin", "fino")],
    "short-word-with-more-than-an-ending": [
        ("ru", "бот", "ботан"),
        ("ru", "бот", "робот"),
        ("ru", "бот", "ботинок"),
        ("pl", "bot", "botwina"),
        ("tr", "bot", "botanik"),
        ("hu", "bot", "botrány"),
        ("bn", "বট", "বটগাছ"),
        ("ru", "бо", "боб"),
    ],
    "no-ending-after-a-letter": [("ru", "в меню", "вы меню")],
    "too-short-without-marks": [("vi", "dừng", "dung")],
    "stem-too-far": [("en", "operator", "operation"), ("es", "operador", "operación")],
    "ending-of-another-word": [("en", "expense", "expensive"), ("en", "limit", "limitations")],
    "same-stem-another-word": [
        ("en", "quit", "quite"),
        ("en", "main", "mainly"),
        ("en", "close", "closely"),
        ("en", "assistant", "assistance"),
        ("en", "options", "optional"),
        ("en", "human", "humanity"),
        ("en", "cancel", "canceller"),
        ("en", "help", "helpfully"),
        ("es", "principal", "principalmente"),
        ("pt", "final", "finalmente"),
        ("fr", "assistant", "assistance"),
        ("it", "assistente", "assistenza"),
        ("ru", "выход", "выходит"),
        ("sv", "slut", "slutligen"),
    ],
    "prefix-that-makes-another-word": [("he", "סוף", "בסוף")],
    "particle-of-another-word": [("ko", "메뉴", "메뉴판을"), ("ko", "봇", "로봇이")],
    "stem-without-prefix": [("id", "keluar", "luar")],
    "pattern": [("en", "m.nu", "menu"), ("en", "menu|bot", "menu"), ("en", "(menu)*", "menumenu")],
    "emoji-instead": [("en", "menu", "📋"), ("en", "🤖", "bot")],
    "nothing": [("en", "menu", ""), ("en", "menu", " \u200d\ufe0f")],
}


FOUND_INSIDE = {
    "ar": [("ar", "القائمة", "أريد العودة إلى القائمة الرئيسية")],
    "de": [("de", "Bot", "Ich möchte lieber mit dem Bot reden.")],
    "en": [("en", "back to bot", "ok, back to bot, please"), ("en", "menu", "the menu's gone")],
    "es": [("es", "menú", "quiero volver al menu principal")],
    "fa": [("fa", "منو", "لطفا برگرد به منو")],
    "fr": [("fr", "opérateur", "je parlais à l'operateur"), ("fr", "robots", "le robot svp")],
    "he": [("he", "תפריט ראשי", "אני רוצה תפריט ראשי בבקשה")],
    "hi": [("hi", "मुख्य मेनू", "मुझे मुख्य मेनू पर जाना है")],
    "ja": [
        ("ja", "ボットに戻る", "ボットに戻るボタンはどこ？"),
        ("ja", "終了", "会話を終了したい"),
    ],
    "km": [("km", "ម៉ឺនុយ", "ខ្ញុំចង់ត្រឡប់ទៅម៉ឺនុយ"), ("km", "ចាកចេញ", "ខ្ញុំចង់ចាកចេញ")],
    "he-prefix": [("he", "תפריט", "אפשר לחזור לתפריט בבקשה")],
    "ko-particle": [("ko", "메뉴", "메뉴로 돌아가고 싶어요"), ("ko", "봇", "그냥 봇으로 할게요")],
    "ko": [("ko", "처음으로", "이제 처음으로 갈게요"), ("ko", "bot", "bot으로 돌아갈래요")],
    "lo": [("lo", "ເມນູ", "ຂ້ອຍຢາກກັບຄືນໄປເມນູ")],
    "my": [("my", "မီနူး", "မီနူးသို့ပြန်သွားပါ")],
    "ru": [("ru", "бот", "верните бот обратно"), ("ru", "оператор", "без оператора")],
    "ru-short": [
        ("ru", "бот", "хочу к боту"),
        ("ru", "бот", "поговорить с ботом"),
        ("ru", "к боту", "хочу к боту"),
    ],
    "uk": [("uk", "бот", "поверніть мене до бота")],
    # Native phrases, as public repositories on GitHub have them on buttons (they are found there by
    # these words): "Kembali ke Menu Utama", "Bumalik sa Menu", "মূল মেনুতে ফিরে যান", "Rudi kwenye
    # menyu kuu"; single words: Mahatir-Ahmed-Tusher/Kothakunjo, Reginald-Ch/artechtist-ai-creator.
    "bn": [("bn", "মেনু", "🔙 মূল মেনুতে ফিরে যান"), ("bn", "ফিরে যান", "মেনুতে ফিরে যান")],
    "bn-short": [("bn", "বট", "বটের কাছে ফিরে যান"), ("bn", "বট", "বটকে দাও")],
    "fil": [
        ("fil", "bumalik sa menu", "Pindutin para bumalik sa menu"),
        ("fil", "menu", "Menu po"),
    ],
    "id": [
        ("id", "menu utama", "Tekan apa saja untuk kembali ke menu utama..."),
        ("id", "bot", "saya mau bicara dengan botnya saja"),
    ],
    "sw": [
        ("sw", "rudi kwenye menyu", "Andika MENU, rudi kwenye menyu kuu"),
        ("sw", "menyu kuu", "Tafadhali nataka kurudi kwenye menyu kuu"),
    ],
    "vi-without-marks": [
        ("vi", "quay lại bot", "toi muon quay lai bot"),
        ("vi", "quay lại menu", "2. Khong, quay lai Menu chinh"),
    ],
    "th": [("th", "เมนู", "อยากกลับไปที่เมนูค่ะ"), ("th", "จบการสนทนา", "ขอจบการสนทนานะคะ")],
    # ICU breaks these as ขอก|ลับ|เมนู and แช|ทบ|อท.
    "th-broken-elsewhere": [("th", "กลับเมนู", "ขอกลับเมนูหลักหน่อย"), ("th", "บอท", "คุยกับแชทบอทได้ไหม")],
    # ICU's dictionaries have "am" in one piece: ให้|บอท|ทำงาน.
    "th-beside-am": [("th", "บอท", "ให้บอททำงาน")],
    "tr": [("tr", "ana menü", "ana menüye dönmek istiyorum")],
    "vi": [("vi", "thoát", "tôi muốn thoát bây giờ")],
    "zh": [("zh", "主菜单", "我想返回主菜单"), ("zh", "机器人", "我要和机器人聊天")],
    "zh-TW": [("zh-TW", "主選單", "請返回主選單。")],
    "mixed": [("ja", "botに戻る", "今すぐBotに戻る"), ("th", "กด 1", "ช่วยกด1ด้วย")],
    "alone": [("en", "menu", "Menu!"), ("th", "กลับ", "กลับ"), ("zh", "出", "出")],
    "longer-than-the-message-after-it": [("en", "menu", "a menu b c")],
}


NOT_FOUND_INSIDE = {
    "part-of-a-word": [("en", "bot", "he took both"), ("en", "back to me", "back to menu")],
    "part-of-a-run": [("ja", "ボット", "ロボットが壊れた"), ("th", "ออก", "ออกแบบเว็บไซต์")],
    "end-of-one-word-and-beginning-of-the-next": [("zh", "天下", "明天下午可以吗")],
    "part-of-a-run-with-am": [("lo", "ກັບ", "ກຳກັບນ້ຳ")],
    "syllable-cut": [
        ("th", "บอท", "พอบอที่บ้าน"),
        ("th", "มนูหลัก", "ขอเมนูหลัก"),
        ("km", "ចាក", "ចាកចេញ"),
    ],
    "not-in-a-row": [("en", "back to bot", "back to the bot"), ("zh", "返回菜单", "返回主菜单")],
    "at-the-end": [("en", "menu bot", "the menu"), ("zh", "菜单页", "我想返回主菜单")],
    "other-word": [("ru", "меню", "у меня вопрос"), ("es", "bot", "quiero una bota roja")],
    "same-stem": [
        ("en", "quit", "That is quite expensive."),
        ("it", "assistente", "Grazie per l'assistenza!"),
        ("ru", "выход", "выходит, деньги не вернут?"),
    ],
    "traditional": [("zh", "机器人", "我要跟機器人說話")],
    "hebrew-prefix": [("he", "בוט", "זה בוטל אתמול")],
    "arabic": [("ar", "بوت", "بيوت جميلة")],
}


# What people say to an operator, with each language's likeliest keywords in it.
TALK = [
    ("en", "menu", "Hi, the menu on your website does not open, can you check my order please?"),
    ("de", "Menü", "Hallo, das Menü öffnet sich nicht, können Sie bitte nachsehen?"),
    ("es", "salir", "No puedo salir de la página de pago, ¿qué hago?"),
    ("fr", "retour", "Je voudrais faire un retour, l'article est trop petit."),
    ("ru", "стоп", "Сначала всё работало, а потом стоп, и ничего не открывается"),
    ("tr", "menü", "Merhaba, menü sayfası açılmıyor, yardımcı olur musunuz?"),
    ("ar", "إلغاء", "أريد إلغاء الطلب الذي أرسلته أمس ولم يصل بعد"),
    ("he", "ביטול", "שלום, אני רוצה ביטול של ההזמנה מאתמול"),
    ("hi", "बंद", "मेरा खाता बंद हो गया है, कृपया देखिए"),
    ("th", "ยกเลิก", "อยากยกเลิกคำสั่งซื้อเมื่อวานนี้ ต้องทำอย่างไรคะ"),
    ("zh", "退出", "我昨天退出登录以后就看不到订单了"),
    ("ja", "終了", "昨日のセールはもう終了しましたか、まだ買えますか"),
    ("ko", "취소", "어제 주문한 것을 취소 하고 싶은데 어떻게 하나요"),
    ("vi", "hủy", "Tôi muốn hủy đơn hàng hôm qua thì làm thế nào"),
]


class TestWhole:
    @cases(THE_SAME_TO_A_READER)
    def test_finds_what_reads_the_same(self, language: str, keyword: str, message: str) -> None:
        assert found(language, keyword, message)

    @cases(THE_SAME_WORD_INFLECTED)
    def test_finds_the_word_in_another_form(
        self, language: str, keyword: str, message: str
    ) -> None:
        assert found(language, keyword, message)

    @cases(ANOTHER_WORD_TO_A_READER)
    def test_finds_no_other_word(self, language: str, keyword: str, message: str) -> None:
        assert not found(language, keyword, message)

    @pytest.mark.parametrize(("language", "keyword", "message"), TALK)
    def test_a_sentence_with_a_keyword_in_it_is_none(
        self, language: str, keyword: str, message: str
    ) -> None:
        assert found(language, keyword, message, CONTAINS)
        assert not found(language, keyword, message, WHOLE)


class TestContains:
    @cases(FOUND_INSIDE)
    def test_finds_the_words_in_a_row(self, language: str, keyword: str, message: str) -> None:
        assert found(language, keyword, message, CONTAINS)

    @cases(NOT_FOUND_INSIDE)
    def test_finds_no_piece_of_a_word_and_no_gaps(
        self, language: str, keyword: str, message: str
    ) -> None:
        assert not found(language, keyword, message, CONTAINS)

    def test_of_several_keywords_finds_the_one_that_stands_first(self) -> None:
        matcher = KeywordMatcher({"en": ["bot", "menu"]}, match=CONTAINS)
        assert matcher.find("the menu please, or the bot") == "menu"
