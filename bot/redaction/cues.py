"""Words that come before a name or tell an address, in the languages that people write in."""

from __future__ import annotations

SURE_NAME_CUES = (
    # After these a name follows, however it is written.
    *("my name is", "my name's", "name is", "my full name is", "call me", "i am called"),
    *(
        "his name is",
        "her name is",
        "named",
        "surname is",
        "surname :",
        "first name",
        "last name",
        "name :",
    ),
    *("меня зовут", "зовут меня", "зовут", "мое имя", "моё имя", "имя", "моя фамилия"),
    *("фамилия", "мое фио", "моё фио", "фио", "ф.и.о.", "отчество", "с уважением"),
    *("менің атым", "атым", "есімім", "менің есімім", "тегім", "аты-жөнім", "аты-жөні"),
    *("атым-жөнім", "аты жөнім", "есімі", "құрметпен"),
    *("менин атым", "менин ысымым", "ысымым", "mening ismim", "ismim", "менинг исмим"),
    *("исмим", "je m'appelle", "je m’appelle", "mon nom est", "me llamo", "mi nombre es"),
    *("jina langu ni", "jina langu", "naitwa", "اسمي", "إسمي", "میرا نام", "আমার নাম", "নাম"),
    *("yours sincerely", "regards", "sincerely"),
)

CAPITAL_NAME_CUES = (
    # After these a name follows only when it begins with a capital letter.
    *("i am", "i'm", "i’m", "im", "this is", "mr", "mrs", "ms", "miss", "dr"),
    *("citizen", "mother", "father", "son", "daughter", "я", "это", "господин", "госпожа"),
    *("гражданин", "гражданка", "г-н", "г-жа", "мама", "папа", "сын", "дочь", "муж"),
    *("жена", "мен", "бұл", "азамат", "азаматша", "анам", "әкем", "ұлым", "қызым"),
    *("je suis", "soy", "mimi ni", "men"),
)

CHINESE_NAME_CUES = "我叫|我的名字是|我名叫|姓名[:：]?|本人"

NOT_NAMES = frozenset(
    """
    a an the i my me and or but how what where when why who is am are do does can need want
    would like to from in for of with at on not please hello hi help have has lost get id
    passport и а но я мне мой моя как что где когда почему кто хочу нужен нужна нужно надо
    хотел хотела у в на по из для с со не да нет потерял потеряла можно пожалуйста
    здравствуйте спасибо прошу получить паспорт гражданин гражданка пенсионер пенсионерка
    инвалид студент студентка атаулы мать отец мама одиночка беременна иностранец безработный
    безработная ребенка ребёнка сына жіне және мен маған қалай қайда керек емес үшін алу
    алуға болады ма ме студентпін зейнеткер сәлеметсіз бе рахмет төлқұжат et je comment y yo
    como quiero necesito na mimi
    """.split()  # noqa: SIM905 - a list of a hundred words reads better so
)

STREETS_BEFORE = (
    *("ул", "улица", "улице", "улицы", "улицу", "проспект", "проспекте", "пр", "просп"),
    *("переулок", "пер", "микрорайон", "микрорайоне", "мкр", "мкрн", "бульвар", "шоссе"),
    *("жк", "rue", "calle", "mtaa"),
)
STREETS_AFTER = (
    *("street", "st", "avenue", "ave", "road", "rd", "lane", "boulevard", "blvd"),
    *("көшесі", "көшесінде", "көшесіндегі", "даңғылы", "даңғылында", "мөлтек", "ықшам"),
    *("шағын", "көчөсү", "ko'chasi", "проспект", "микрорайон", "мкр"),
)
HOUSES = (
    *("дом", "доме", "д", "үй", "үйі", "house", "building", "bldg", "корпус", "үйдің"),
    *("кв", "квартира", "квартире", "пәтер", "пәтері", "apt", "apartment", "flat", "батир"),
)

DIGIT_WORDS = frozenset(
    """
    zero oh one two three four five six seven eight nine double triple ноль нуль один одна
    два две три четыре пять шесть семь восемь девять нөл бір екі үш төрт бес алты жеті сегіз
    тоғыз десять двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят
    девяносто сто он жиырма отыз қырық елу алпыс жетпіс сексен тоқсан жүз ten twenty thirty
    forty fifty sixty seventy eighty ninety hundred
    """.split()  # noqa: SIM905 - a list of a hundred words reads better so
)

PATRONYMIC = (
    r"(?i)^[^\W\d_]{2,}(?:ович|евич|ич|овна|евна|ична|инична|улы|ұлы|үлы|қызы|кызы|гызы"
    r"|uly|kyzy|qyzy|ovich|evich|ovna|evna)[ауеыомй]{0,3}$"
)
"""A father's name: tells a person's name whatever stands around it."""

SURNAME = (
    r"^[А-ЯӘҒҚҢӨҰҮҺІЁA-Z][^\W\d_]{2,}(?:[оеё]в|[оеё]ва|[оеё]ву|[оеё]вой|беков|бекова"
    r"|ский|ская|енко|[oe]v|[oe]va)$"
)
"""A surname's ending; counts only beside another word with a capital letter."""
