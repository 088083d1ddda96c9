"""Normalisation: what the components get to see."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import noise, text, translit
from nlu.politeness import question


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("  How do I   get a PASSPORT?! ", "how do i get a passport"),
        ("ｐａｓｓｐｏｒｔ", "passport"),
        ("паспорт 😀👍", "паспорт"),
        ("my IIN is 990101 300 123 ok", "my iin is ok"),
        ("see https://egov.kz/x?y=1 please", "see please"),
        ("a\u0000b\u202ec", "a b c"),
        ("хочууууу", "хочуу"),
        ("", ""),
        ("😀😀😀", ""),
    ],
)
def test_canonical_text(given_text: str, expected: str) -> None:
    """Case, punctuation, emoji, addresses and long numbers go; letters stay."""
    assert text.canonical(given_text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("төлқұжат қайда", "толкужат кайда"),
        ("Ещё нет", "еще нет"),
        ("déménagement à Málaga", "demenagement a malaga"),
        ("o‘zbekcha so'z", "ozbekcha soz"),
        ("الأوراق المطلوبة", "الاوراق المطلوبه"),
    ],
)
def test_folding_makes_look_alikes_equal(one: str, other: str) -> None:
    """What people type instead of special letters folds to the same text."""
    assert text.folded(one) == text.folded(other)


def test_long_text_is_cut_to_its_ends() -> None:
    """The head and the tail of 10,000 characters stay, the middle goes."""
    long = "паспорт " + "а " * 5000 + "сколько стоит"
    cut = text.cleaned(long)
    assert len(cut) <= text.HEAD_CHARACTERS + text.TAIL_CHARACTERS + 1
    assert cut.startswith("паспорт")
    assert cut.endswith("сколько стоит")


@given(st.text(max_size=300))
def test_any_text_is_normalised_without_error(given_text: str) -> None:
    """Words between single spaces come out, whatever went in, and nothing raises."""
    once = text.folded(given_text)
    assert once == " ".join(once.split())
    assert not set(once) & set("!?.,;:()\n\t")
    assert question(text.canonical(given_text)) is not None


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("здравствуйте подскажите пожалуйста как получить паспорт", "как получить паспорт"),
        ("сәлеметсіз бе айтыңызшы паспорт қанша тұрады", "паспорт қанша тұрады"),
        ("hello please tell me where is the office thank you", "where is the office"),
        ("здравствуйте", "здравствуйте"),
        ("спасибо", "спасибо"),
        ("你好护照怎么办", "护照怎么办"),
    ],
)
def test_greetings_around_a_question_go(given_text: str, expected: str) -> None:
    """The question stays; a greeting alone stays a greeting."""
    assert question(given_text) == expected


def test_romanised_text_comes_back() -> None:
    """Russian written with Latin letters is read as Cyrillic again."""
    assert translit.to_cyrillic("kak poluchit pasport", "ru") == "как получит паспорт"


@pytest.mark.parametrize("name", list(noise.NOISES))
def test_noise_is_seeded_and_safe(name: str) -> None:
    """The same seed makes the same noise, and empty text stays without error."""
    apply = noise.NOISES[name]
    phrase = "Сколько стоит паспорт для ребёнка?"
    assert apply(phrase, random.Random(3)) == apply(phrase, random.Random(3))
    assert apply("", random.Random(3)) == ""


@pytest.mark.parametrize(
    ("given_text", "script"),
    [("hello", "latin"), ("сәлем", "cyrillic"), ("سلام", "arabic"), ("你好 ok", "han"),
     ("নমস্কার", "bengali"), ("გამარჯობა", "other"), ("123 !", "none")],
)  # fmt: skip
def test_scripts(given_text: str, script: str) -> None:
    """The script of most letters is named."""
    assert text.script_of(given_text) == script
