"""Test sets: `intent<TAB>text` files, and their noisy copies."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nlu.noise import NOISES, applies
from nlu.text import canonical

HELDOUT = Path(__file__).resolve().parents[2] / "tests" / "nlu" / "heldout"
NOT_INTENTS = ("language", "passages")
NOISE_SEED = 4217


class DataError(Exception):
    """A file that cannot be read as examples; the text names file and line."""


@dataclass(frozen=True)
class Case:
    """One phrase to understand and the intent it has."""

    intent: str
    text: str


@dataclass(frozen=True)
class TestSet:
    """The phrases of one language under one noise ('clean': as they are)."""

    name: str
    noise: str
    cases: tuple[Case, ...]

    @property
    def language(self) -> str:
        """The language code that the name begins with."""
        return self.name.split("-")[0]


def read(path: Path) -> tuple[Case, ...]:
    """Read a file of `intent<TAB>text` lines; '#' begins a comment line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from error
    cases = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) < 2 or not fields[0].strip() or not fields[1].strip():
            raise DataError(f"{path}:{number}: write the intent, a tab, and the text.")
        cases.append(Case(fields[0].strip(), fields[1].strip()))
    if not cases:
        raise DataError(f"{path} has no examples.")
    return tuple(cases)


def example_texts() -> frozenset[str]:
    """Return all our training examples as the model reads them (`nlu.text.canonical`)."""
    from nlu.importer import ContentImporter

    data = ContentImporter().get_nlu_data()
    return frozenset(canonical(str(m.get("text"))) for m in data.training_examples)


def heldout_files(languages: list[str] | None = None) -> list[Path]:
    """Return the held-out files of intents, all or those of some languages."""
    files = [f for f in sorted(HELDOUT.glob("*.tsv")) if f.stem not in NOT_INTENTS]
    return [f for f in files if languages is None or f.stem in languages]


def with_noise(path: Path, noises: list[str], every: int = 1) -> Iterator[TestSet]:
    """Yield the clean set of a file, then one set for each noise that changes its texts.

    `every` keeps each n-th case only, for a quick look.
    """
    clean = TestSet(path.stem, "clean", read(path)[::every])
    yield clean
    for noise in noises:
        touched = [c for c in clean.cases if applies(noise, clean.language, c.text)]
        if len(touched) < len(clean.cases) / 2:
            continue
        rng = random.Random(NOISE_SEED)
        cases = tuple(Case(c.intent, NOISES[noise](c.text, rng)) for c in clean.cases)
        yield TestSet(clean.name, noise, cases)
