"""Rasa's way to our training data: examples in nlu/data and the asks of the content."""

from collections import Counter
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.formats import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_model_configuration

from nlu.asks import Topic, content_folder, topics
from nlu.components import registration
from nlu.components.base import Example, language_of

DATA = Path(__file__).parent / "data"


class ContentImporter(TrainingDataImporter):
    """Reads intents from nlu/data/*.yml and from guides and courses (CONTENT_DIR).

    nlu/data/topics has more ways to ask for a guide or course; they count only where the
    content has it.

    `rasa train nlu` passes its own data folder; it is read as well when it holds files that
    are not ours, so that a deployment can add intents without changing this one. `most` keeps
    the first examples of each intent and language only, to see what few are worth.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        most: int = 0,
        **kwargs: Any,
    ) -> None:
        self._config_file = config_file
        self._most = most
        paths = [training_data_paths] if isinstance(training_data_paths, str) else None
        self._extra = [Path(p) for p in paths or training_data_paths or []]
        registration.register_all()

    def get_config(self) -> dict[str, Any]:
        """Return the pipeline's configuration."""
        if not self._config_file or not Path(self._config_file).exists():
            return {}
        configuration: dict[str, Any] = read_model_configuration(self._config_file)
        return configuration

    def get_config_file_for_auto_config(self) -> str | None:
        """Return the file that Rasa may complete with defaults."""
        return self._config_file

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return all examples of all languages; each says in its metadata which it is in."""
        found = list(topics(content_folder()))
        intents = {topic.intent for topic in found}
        more = [f for f in sorted((DATA / "topics").glob("*.yml")) if f.stem in intents]
        read = [_Reader().read(str(file)) for file in (*more, *self._files())]
        messages = [example for topic in found for example in examples(topic)]
        messages += [message for data in read for message in data.training_examples]
        return TrainingData(
            _first(messages, self._most) if self._most else messages,
            {word: meant for data in read for word, meant in data.entity_synonyms.items()},
            [row for data in read for row in data.regex_features],
            [row for data in read for row in data.lookup_tables],
            {name: said for data in read for name, said in data.responses.items()},
        )

    def get_domain(self) -> Domain:
        """Return no domain: the bot decides what to do, not Rasa."""
        return Domain.empty()

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Return no stories."""
        return StoryGraph([])

    def _files(self) -> list[Path]:
        files = sorted(DATA.glob("*.yml"))
        known = {file.resolve() for file in DATA.rglob("*.yml")}
        for path in self._extra:
            found = sorted(path.glob("**/*.yml")) if path.is_dir() else [path]
            new = [f for f in found if f.is_file() and f.resolve() not in known]
            files += [f for f in new if "nlu:" in f.read_text(encoding="utf-8")]
        return files


class _Reader(RasaYAMLReader):
    """Rasa's reader, with examples that are told apart by what they say (see `Example`)."""

    training_examples: list[Message]

    def _parse_nlu(self, nlu_data: list[dict[str, Any]] | None) -> None:
        super()._parse_nlu(nlu_data)
        self.training_examples = [Example(message.data) for message in self.training_examples]


def _first(messages: list[Message], most: int) -> list[Message]:
    """Return so many examples of each intent and language."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for message in messages:
        kind = (str(message.get("intent")), language_of(message))
        seen[kind] += 1
        if seen[kind] <= most:
            kept.append(message)
    return kept


def examples(topic: Topic) -> list[Message]:
    """Return one example for the title and each ask of a page."""
    phrases = dict.fromkeys([*([topic.title] if topic.title else []), *topic.asks])
    metadata = {"intent": {"language": topic.language}}
    return [
        Example({"text": phrase, "intent": topic.intent, "metadata": metadata})
        for phrase in phrases
    ]
