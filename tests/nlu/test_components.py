"""Components in the order of the pipeline, on the trained model."""

from typing import Any

import numpy as np
import pytest
from rasa.shared.nlu.training_data.message import Message

from nlu import embedder, surface
from nlu.components.base import RANKING_LENGTH
from nlu.components.fallback import FALLBACK, ConfidenceFallback


def parse(runtime: Any, text: str) -> dict[str, Any]:
    """Return the answer of /model/parse."""
    answer: dict[str, Any] = runtime.parse(text)
    return answer


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("как получить паспорт", "guide.passport"),
        ("I lost my ID", "guide.lost-documents"),
        ("баламның тууын тіркегім келеді", "guide.birth-registration"),
        ("где моя заявка", "case_status"),
        ("здравствуйте, подскажите пожалуйста, как встать в очередь в садик", "guide.kindergarten"),
        ("kak poluchit pasport", "guide.passport"),
        ("толкужатты калай аламын", "guide.passport"),
        ("what is the weather today", "out_of_scope"),
        ("не хочу жить", "distress"),
        ("қазақша сөйле", "change_language"),
    ],
)
def test_people_are_understood(runtime: Any, text: str, intent: str) -> None:
    """The main tasks, as people type them."""
    answer = parse(runtime, text)
    assert answer["intent"]["name"] == intent
    assert answer["text"] == text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how do I register the birth of my child", "en"),
        ("как зарегистрировать рождение ребёнка", "ru"),
        ("баламның тууын қалай тіркеймін", "kk"),
        ("баламнын тууын калай тиркеймин", "kk"),
        ("баланын төрөлгөнүн кантип каттайм", "ky"),
        ("bolaning tug'ilganini qanday ro'yxatdan o'tkazaman", "uz"),
        ("боланинг туғилганини қандай рўйхатдан ўтказаман", "uz"),
        ("comment déclarer la naissance de mon enfant", "fr"),
        ("cómo registro el nacimiento de mi hijo", "es"),
        ("كيف أسجل ولادة طفلي", "ar"),
        ("怎么给孩子办出生登记", "zh"),
        ("nitaandikishaje kuzaliwa kwa mtoto wangu", "sw"),
        ("بچے کی پیدائش کیسے رجسٹر کروں", "ur"),
        ("আমার সন্তানের জন্ম কীভাবে নিবন্ধন করব", "bn"),
        ("გამარჯობა როგორ ხართ", ""),
    ],
)
def test_the_language_is_named(runtime: Any, text: str, language: str) -> None:
    """Twelve languages, Kazakh without its letters, Uzbek in both scripts; else none."""
    assert parse(runtime, text)["language"]["name"] == language


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("how much does a passport cost", "section", "fee"),
        ("сколько стоит паспорт", "section", "fee"),
        ("паспорт қанша тұрады", "section", "fee"),
        ("какие документы нужны", "section", "documents"),
        ("почему мне отказали", "section", "refusal"),
        ("справка для мамы без телефона", "section", "without-phone"),
        ("загранпаспорта детям", "guide", "passport"),
        ("driving license for my son", "guide", "driving-licence"),
        ("поспорт", "guide", "passport"),
        ("говори по-русски", "language", "ru"),
        ("қазақша сөйле", "language", "kk"),
    ],
)
def test_terms_are_found(runtime: Any, text: str, entity: str, value: str) -> None:
    """Sections, guides and languages by word, stem and with a typing mistake."""
    found = parse(runtime, text)["entities"]
    assert (entity, value) in [(e["entity"], e["value"]) for e in found]
    for item in found:
        assert text[item["start"] : item["end"]]
        assert item["extractor"] == "Gazetteer"
        assert 0 < item["confidence"] <= 1


def test_the_embedding_is_that_of_the_question(runtime: Any) -> None:
    """384 little-endian float16, of length one; a greeting does not change it."""
    asked = "можно ли летать с кошкой в багаже"
    one = embedder.decode(parse(runtime, asked)["embedding"])
    other = embedder.decode(parse(runtime, f"Здравствуйте! {asked}?")["embedding"])
    assert one.shape == (384,)
    assert np.linalg.norm(one) == pytest.approx(1, abs=0.01)
    assert float(one @ other) > 0.99


def test_what_looks_sure_spares_the_embedding(runtime: Any) -> None:
    """The intent is as sure, ranked and full of terms as any other."""
    answer = parse(runtime, "как получить паспорт")
    assert "embedding" not in answer
    assert answer["intent"]["confidence"] >= surface.SURE
    assert answer["intent_ranking"][0]["name"] == "guide.passport"
    assert len(answer["intent_ranking"]) == RANKING_LENGTH
    assert ("guide", "passport") in [(one["entity"], one["value"]) for one in answer["entities"]]


def test_nobody_is_turned_away_by_looks(runtime: Any) -> None:
    """What seems to be no topic of ours is read before that is said."""
    answer = parse(runtime, "what is the weather today")
    assert answer["intent"]["name"] == "out_of_scope"
    assert "embedding" in answer


@pytest.mark.parametrize(
    "text",
    ["", "   ", "😀😀", "\u0000\u202e", "?!...", "a", "12345678", "\u0301" * 50, "ﷺ" * 10_000,
     "паспорт " * 1_250, "x" * 10_000, "გამარჯობა", "/", "/greet", "/{}", "[a](b)", "\ud800x"],
)  # fmt: skip
def test_hostile_texts_get_an_answer(runtime: Any, text: str) -> None:
    """Nothing that a person can send raises, and every answer has Rasa's fields."""
    answer = parse(runtime, text)
    assert {"text", "intent", "entities", "intent_ranking"} <= set(answer)
    assert answer["intent"]["name"]


def test_text_without_words_falls_back(runtime: Any) -> None:
    """No words: no intent, no language, no embedding."""
    answer = parse(runtime, "😀")
    assert answer["intent"]["name"] == FALLBACK
    assert answer["language"] == {"name": "", "script": "", "confidence": 0.0}
    assert "embedding" not in answer


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [([0.9, 0.1], "a"), ([0.4, 0.1], FALLBACK), ([0.51, 0.49], FALLBACK), ([], FALLBACK)],
)
def test_fallback_below_the_threshold(confidences: list[float], expected: str) -> None:
    """Too low or too close: `nlu_fallback` first, the ranking kept behind it."""
    component = ConfidenceFallback({"threshold": 0.5, "ambiguity_threshold": 0.05}, None, None)
    ranking = [{"name": "ab"[i], "confidence": c} for i, c in enumerate(confidences)]
    message = Message({"text": "x", "intent": dict(ranking[0]) if ranking else {}})
    message.set("intent_ranking", ranking)
    component.process([message])
    assert message.get("intent")["name"] == expected
    assert message.get("intent_ranking")[-len(ranking) :] == ranking or not ranking


@pytest.mark.parametrize(
    ("intent", "confidence", "used"),
    [
        ("thanks", 0.75, True),
        ("guide.passport", 0.75, False),
        ("course.digital-government", 0.75, True),
        ("guide.passport", 0.85, True),
        ("guide.emergency", 0.55, True),
    ],
)
def test_answers_about_papers_need_more(intent: str, confidence: float, used: bool) -> None:
    """A wrong guide sends people to the wrong place; in danger, the numbers come early."""
    component = ConfidenceFallback(ConfidenceFallback.get_default_config(), None, None)
    message = Message({"text": "x", "intent": {"name": intent, "confidence": confidence}})
    message.set("intent_ranking", [{"name": intent, "confidence": confidence}])
    component.process([message])
    assert (message.get("intent")["name"] == intent) == used


@pytest.mark.parametrize(
    ("named", "confidence", "used"),
    [("passport", 0.76, True), ("pension", 0.76, False), ("passport", 0.72, False)],
)
def test_a_subject_that_is_named_needs_less(named: str, confidence: float, used: bool) -> None:
    """The word for it and the meaning of the whole are two witnesses."""
    component = ConfidenceFallback(ConfidenceFallback.get_default_config(), None, None)
    intent = {"name": "guide.passport", "confidence": confidence}
    message = Message({"text": "x", "intent": dict(intent), "intent_ranking": [intent]})
    message.set("entities", [{"entity": "guide", "value": named}])
    component.process([message])
    assert (message.get("intent")["name"] == "guide.passport") == used
