"""Greetings and polite words around a question: taken off, so that the question is understood."""

_BEFORE = """
hello|hi|hey|good morning|good afternoon|good evening|good day|dear sir|dear sir or madam|excuse me|
sorry|please|please tell me|tell me please|tell me|could you please tell me|can you please tell me|
could you tell me|can you tell me|please help|please advise|i would like to know|i want to know|
i wanted to ask|i have a question|question|hello there|dear all|kindly tell me|may i ask
здравствуйте|здраствуйте|здравсвуйте|зравствуйте|здрасьте|добрый день|добрый вечер|доброе утро|
доброго дня|доброго времени суток|привет|приветствую|подскажите|подскажите пожалуйста|
пожалуйста подскажите|подсажите|скажите|скажите пожалуйста|пожалуйста|пожалуйста скажите|извините|
простите|хотела узнать|хотел узнать|хочу узнать|хотелось бы узнать|хотела бы узнать|
хотел бы узнать|хочу спросить|хотел спросить|хотела спросить|можно узнать|у меня вопрос|
у меня такой вопрос|вопрос|плиз|объясните|объясните пожалуйста|интересует вопрос|ассалам алейкум|
салем|сәлем|сәлеметсіз бе|саламатсыз ба|сәлеметсіздер ме|қайырлы күн|қайырлы таң|қайырлы кеш|
ассалаумағалейкум|ассалаумагалейкум|ассаляму алейкум|айтыңызшы|айтып жіберіңізші|айтып беріңізші|
айтып жібересіз бе|кешіріңіз|өтінемін|білейін деп едім|сұрайын деп едім|білгім келеді|сұрағым бар|
менде сұрақ бар|бір сұрақ|калай екен айтыңызшы|
саламатсызбы|саламатсыздарбы|салам|кутман күн|айтып коюңузчу|айтып бериңизчи|кечиресиз|
билейин дедим эле|сурайын дегем|
assalomu alaykum|salom|yaxshimisiz|ayting iltimos|iltimos ayting|iltimos|aytib yuboring|kechirasiz|
bilmoqchi edim|so'ramoqchi edim|ассалому алайкум|салом|айтинг илтимос|илтимос|кечирасиз|
bonjour|bonsoir|salut|s'il vous plaît|pouvez vous me dire|pouvez-vous me dire|
je voudrais savoir|dites moi|excusez moi|
hola|buenos días|buenos dias|buenas tardes|buenas noches|por favor|me puede decir|puede decirme|
disculpe|quisiera saber|quiero saber|una pregunta|
السلام عليكم|مرحبا|صباح الخير|مساء الخير|من فضلك|لو سمحت|لو سمحتم|اريد ان اسال|أريد أن أعرف|
عندي سؤال|
你好|您好|请问|请问一下|请|想问一下|麻烦问一下|不好意思|我想知道|
habari|hujambo|jambo|shikamoo|salamu|tafadhali|naomba kujua|naomba kuuliza|samahani|ningependa kujua|
السلام علیکم|سلام|براہ کرم|براہ کرم بتائیں|مہربانی کر کے بتائیں|معاف کیجیے|مجھے بتائیں|
نমস্কার|নমস্কার|আসসালামু আলাইকুম|দয়া করে|দয়া করে বলুন|একটু বলবেন|জানতে চাই|মাফ করবেন
"""
_AFTER = """
please|thanks|thank you|thank you very much|thanks in advance|thank you in advance|pls|plz
пожалуйста|спасибо|заранее спасибо|спасибо заранее|благодарю|заранее благодарю|спасибо большое|плиз|
рахмет|алдын ала рахмет|көп рахмет|өтінемін|рахмат|raqmat|rahmat|oldindan rahmat|iltimos|илтимос|
merci|merci d'avance|s'il vous plaît|gracias|gracias de antemano|por favor|شكرا|شكرا جزيلا|من فضلك|
谢谢|谢谢你|asante|tafadhali|شکریہ|مہربانی|ধন্যবাদ|চিরকৃতজ্ঞ
"""


def _phrases(source: str) -> frozenset[tuple[str, ...]]:
    lines = source.replace("\n", "|").split("|")
    return frozenset(tuple(p.replace("-", " ").split()) for p in lines if p.strip())


_PREFIXES = _phrases(_BEFORE)
_SUFFIXES = _phrases(_AFTER)
_LONGEST = 6
_UNSPACED = ("你好", "您好", "请问一下", "请问", "想问一下", "麻烦问一下", "不好意思")


def question(text: str) -> str:
    """Return canonical text without leading greetings and trailing thanks.

    What is left must still say something: a greeting alone, or thanks alone, stays.
    """
    for phrase in _UNSPACED:
        if text.startswith(phrase) and len(text) > len(phrase) + 2:
            text = text[len(phrase) :].strip()
    words = text.split()
    words = _without_prefix(words)
    for size in range(min(_LONGEST, len(words) - 2), 0, -1):
        if tuple(words[-size:]) in _SUFFIXES:
            words = words[:-size]
            break
    return " ".join(words)


def _without_prefix(words: list[str]) -> list[str]:
    found = True
    while found:
        found = False
        for size in range(min(_LONGEST, len(words) - 1), 0, -1):
            rest = words[size:]
            if tuple(words[:size]) in _PREFIXES and sum(map(len, rest)) > 2:
                words, found = rest, True
                break
    return words
