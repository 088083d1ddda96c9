"""What is taken out of a phrase before it is kept, and what must stay."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.redaction import MARKS, redact, without_marks
from bot.redaction.numbers import is_card, is_iban, is_iin

ROWS = (
    # Individual identification numbers: checksum and date
    ("мой ИИН IIN1 потерял", "мой ИИН [iin] потерял"),
    ("iin:IIN1", "iin:[iin]"),
    ("ЖСН IIN2 бар", "ЖСН [iin] бар"),
    ("9 0 0 1 0 1 3 0 0 1 2 6", "[iin]"),
    ("900101-300-122", "[number]"),
    ("900101300122 не тот", "[number] не тот"),
    # Phones
    ("позвоните +7 701 123 45 67", "позвоните [phone]"),
    ("8 (701) 123-45-67 перезвоните", "[phone] перезвоните"),
    ("87011234567", "[phone]"),
    ("7011234567 whatsapp", "[phone] whatsapp"),
    ("call +44 20 7946 0958", "call [phone]"),
    ("тел. 8.701.123.45.67", "тел. [phone]"),
    ("８７０１１２３４５６７", "[phone]"),
    ("اتصل ٨٧٠١١٢٣٤٥٦٧", "اتصل [phone]"),
    ("ফোন ৮৭০১১২৩৪৫৬৭", "ফোন [phone]"),
    ("۸۷۰۱۱۲۳۴۵۶۷", "[phone]"),
    ("8 7 0 1 1 2 3 4 5 6 7", "[phone]"),
    ("8,7,0,1,1,2,3,4,5,6,7", "[number]"),
    ("8-7O1-l23-45-б7", "[phone]"),
    ("87О1123ЧЗ67", "[phone]"),
    ("𝟴𝟳𝟬𝟭𝟭𝟮𝟯𝟰𝟱𝟲𝟳", "[phone]"),
    ("1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "[number]"),
    ("87\u200b011\u200b2345\u200b67", "[phone]"),
    ("восемь семь ноль один один два три", "[number]"),
    ("сегіз жеті нөл бір бір екі үш", "[number]"),
    ("eight seven zero one one two three", "[number]"),
    ("八七零一一二三四五六七", "[number]"),
    # Mail, links, names on platforms
    ("write to aliya.serikova@mail.kz please", "write to [email] please"),
    ("ALIYA＠MAIL.KZ", "[email]"),
    ("aliya собака mail точка ру", "[email]"),
    ("aliya at mail dot kz", "[email]"),
    ("почта aliya (at) mail.kz", "почта [email]"),
    ("https://egov.kz/x?token=abc", "[link]"),
    ("t.me/aliya", "[link]"),
    ("ссылка www.example.kz/a/b", "ссылка [link]"),
    ("мой телеграм @aliya_s", "мой телеграм [username]"),
    # Cards and accounts
    ("4111 1111 1111 1111", "[card]"),
    ("карта 5555-5555-5555-4444", "карта [card]"),
    ("4111 1111 1111 1112", "[number]"),
    ("KZ86125KZT5004100100", "[iban]"),
    ("счет kz86 125k zt50 0410 0100 помогите", "счет [iban] помогите"),
    ("GB82 WEST 1234 5698 7654 32", "[iban]"),
    # Documents, plates, codes
    ("паспорт N12345678", "паспорт [document]"),
    ("удостоверение 012345678", "удостоверение [document]"),
    ("номер заявки 4821", "номер заявки [document]"),
    ("code 123456", "code [document]"),
    ("машина 777 ABC 02", "машина [document]"),
    ("passport no. 1234567", "passport no. [document]"),
    ("дата 12.03.1985", "дата [date]"),
    ("родился 12 марта 1985", "родился [date]"),
    ("born March 12, 1985", "born [date]"),
    # Names
    ("меня зовут Алия Серикова, нужен паспорт", "меня зовут [name], нужен паспорт"),
    ("меня зовут алия хочу паспорт", "меня зовут [name] хочу паспорт"),
    ("mеня зoвут Алия", "mеня зoвут [name]"),
    ("я — Айгерим, потеряла паспорт", "я — [name], потеряла паспорт"),
    ("Я Айгерим Нурланова и хочу", "Я [name] и хочу"),
    ("менің атым Айгүл, төлқұжат керек", "менің атым [name], төлқұжат керек"),
    ("атым Нұрлан", "атым [name]"),
    ("аты-жөнім Серік Ахметов", "аты-жөнім [name]"),
    ("My name is John Smith and I need help", "My name is [name] and I need help"),
    ("my name is john smith how do i", "my name is [name] how do i"),
    ("I'm Aigerim and pregnant", "I'm [name] and pregnant"),
    ("мама Гульнара Сериковна болеет", "мама [name] болеет"),
    ("Серикбаев Нурлан Маратович", "[name]"),
    ("ахметов нурлан болатұлы", "[name]"),
    ("справка на Алия Серикова", "справка на [name]"),
    ("mening ismim Dilnoza", "mening ismim [name]"),
    ("je m'appelle Marie Dupont", "je m'appelle [name]"),
    ("me llamo Ana García", "me llamo [name]"),
    ("اسمي فاطمة", "اسمي [name]"),
    ("আমার নাম রহিমা", "আমার নাম [name]"),
    ("我叫王小明，护照", "我叫[name]，护照"),
    # Places
    ("ул. Абая 25 кв 12", "[address]"),
    ("живу на улице Жибек Жолы, дом 5", "живу на [address]"),
    ("12 Baker Street", "[address]"),
    ("Абай көшесі 25", "[address]"),
    ("мкр Самал, д. 3", "[address]"),
    ("43.238949, 76.889709", "[place]"),
)

KEPT = (
    "пошлина 42500 тенге",
    "сколько стоит 3 932 тенге",
    "получил 500 000 ₸",
    "fee is 19660 tenge",
    "зарплата 150000",
    "в 2025 году",
    "пенсия за 2024-2025",
    "статья 112 кодекса",
    "звонить 112",
    "телефоны 101, 102, 103",
    "центр 1414",
    "закон № 413",
    "форма 026/у",
    "МРП 3932",
    "срок 15 дней или 10 рабочих дней",
    "на какой улице находится ЦОН",
    "сайт egov.kz не работает",
    "сколько стоит паспорт",
    "я пенсионер",
    "Я Гражданин РК",
    "I am a student",
    "i am pregnant what help is there",
    "2 детям пособие, третий родился",
    "24/7",
    "балам 3 жаста, 6 жасқа дейін",
    "паспорт 10 жылға",
    "атаулы көмек кімге беріледі",
    "changed my surname after the wedding",
    "Как получить ЭЦП?",
)

IINS = {"IIN1": "900101300126", "IIN2": "850312400534"}


def _with_numbers(text: str) -> str:
    for name, digits in IINS.items():
        text = text.replace(name, digits)
    return text


@pytest.mark.parametrize(("written", "kept"), ROWS)
def test_personal_data_is_taken_out(written: str, kept: str) -> None:
    """Each piece of personal data is replaced by its kind, the rest stays as it is."""
    assert redact(_with_numbers(written)) == kept


@pytest.mark.parametrize("text", KEPT)
def test_what_tells_nothing_about_a_person_stays(text: str) -> None:
    """Fees, years, articles of laws, emergency numbers and plain words stay."""
    assert redact(text) == text


@settings(max_examples=300, deadline=None)
@given(
    digits=st.text("0123456789", min_size=10, max_size=16),
    gaps=st.lists(st.sampled_from(["", "", "", " ", "-", ".", " - "]), min_size=16, max_size=16),
    before=st.sampled_from(["", "мой номер ", "call ", "нөмірім "]),
)
def test_no_long_number_stays(digits: str, gaps: list[str], before: str) -> None:
    """However digits are grouped, no five of them in a row are left."""
    written = before + "".join(map("".join, zip(digits, gaps, strict=False)))
    kept = redact(written)
    assert sum(one.isdigit() for one in kept) <= 4, (written, kept)


def test_words_that_the_content_does_not_know() -> None:
    """Inside a sentence a capitalised word that no guide uses is taken for a name."""
    known = {"паспорт", "казахстан"}.__contains__
    assert redact("Нужен паспорт для Айгерим", known) == "Нужен паспорт для [name]"
    assert redact("Нужен паспорт Казахстан", known) == "Нужен паспорт Казахстан"


def test_checksums() -> None:
    """Control digits by their published examples; one wrong digit is noticed."""
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert is_iban("GB82WEST12345698765432")
    assert not is_iban("GB82WEST12345698765431")
    for digits in IINS.values():
        assert is_iin(digits)
        assert not is_iin(digits[:-1] + str((int(digits[-1]) + 1) % 10))
    assert not is_iin("901301300127")  # no thirteenth month


def test_marks_are_left_out_of_an_example() -> None:
    """A redacted phrase becomes a clean example."""
    assert without_marks("меня зовут [name], нужен паспорт") == "меня зовут , нужен паспорт"
    assert without_marks("[name]: passport for [date]") == "passport for"
    assert re.fullmatch(r"[a-z ]+", " ".join(MARKS))


def test_long_and_strange_texts_end_quickly() -> None:
    """A thousand characters of anything are read in a moment, whatever they are."""
    redact("loads the patterns")
    for text in ("1 " * 500, "a@" * 500, "ул. " * 250, "меня зовут " * 90, "A" * 1000, "a.b" * 300):
        began = time.process_time()
        assert isinstance(redact(text), str)
        assert time.process_time() - began < 1, text[:5]
