"""Rasa's way to our training data: examples in nlu/data and the asks of the content."""

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

DATA = Path(__file__).parent / "data"


class ContentImporter(TrainingDataImporter):
    """Reads intents from nlu/data/*.yml and from guides and courses (CONTENT_DIR).

    nlu/data/topics has more ways to ask for a guide or course; they count only where the
    content has it.

    `rasa train nlu` passes its own data folder; it is read as well when it holds files that
    are not ours, so that a deployment can add intents without changing this one.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        self._config_file = config_file
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
        messages = [m for topic in found for m in examples(topic)]
        for file in sorted((DATA / "topics").glob("*.yml")):
            if file.stem in intents:
                messages += RasaYAMLReader().read(str(file)).training_examples
        data = TrainingData(messages)
        return data.merge(*(RasaYAMLReader().read(str(file)) for file in self._files()))

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


def examples(topic: Topic) -> list[Message]:
    """Return one example for the title and each ask of a page."""
    phrases = dict.fromkeys([*([topic.title] if topic.title else []), *topic.asks])
    metadata = {"intent": {"language": topic.language}}
    return [
        Message({"text": phrase, "intent": topic.intent, "metadata": metadata})
        for phrase in phrases
    ]
