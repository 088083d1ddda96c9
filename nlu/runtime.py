"""A trained model, loaded through Rasa's engine without what serving does not need.

Rasa's server loads TensorFlow, every channel and every policy, only to run our few nodes. Here
the model archive is unpacked, its predict graph is made of Rasa's own schema and node classes,
and run in order. The two nodes that Rasa adds around each pipeline are the reason why: one
converts its channel's message, the other reads '/intent'; their modules import all the rest.
"""

import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from nlu.environment import only_what_serves

with only_what_serves():
    import spacy  # noqa: F401 - our components import it when the model is loaded
    from rasa.engine.exceptions import GraphComponentException
    from rasa.engine.graph import ExecutionContext, GraphNode, GraphSchema
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
    from rasa.shared.nlu.constants import TEXT_TOKENS
    from rasa.shared.nlu.training_data.message import Message

from nlu.text import encodable

_CONVERTER = "nlu_message_converter"
_REGEX = "run_RegexMessageHandler"
_UNUSABLE = (OSError, tarfile.TarError, KeyError, ValueError, EOFError, GraphComponentException)
"""What a broken archive raises, and one that was made by another version of the components."""


class ModelError(Exception):
    """A model file that cannot be used; the text says what to do."""


class Runtime:
    """A loaded model; `parse` may be called from several threads at once."""

    def __init__(self, path: Path) -> None:
        """Load a model archive (.tar.gz), or raise ModelError."""
        try:
            self._load(path)
        except _UNUSABLE as error:
            raise ModelError(
                f"Cannot load the model {path} ({type(error).__name__}): "
                "train again with 'python -m nlu.train --force'."
            ) from error
        self.path = path

    def _load(self, path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(path, "r:gz") as archive:
                archive.extractall(folder, filter="data")
            metadata = json.loads((Path(folder) / "metadata.json").read_text(encoding="utf-8"))
            self.model_id: str = metadata["model_id"]
            self.rasa_version: str = metadata["rasa_open_source_version"]
            nodes = metadata["predict_schema"]["nodes"]
            steps = {n: s for n, s in nodes.items() if n not in (_CONVERTER, _REGEX)}
            schema = GraphSchema.from_dict({"nodes": steps})
            storage = LocalModelStorage(Path(folder) / "components")
            context = ExecutionContext(graph_schema=schema, model_id=self.model_id)
            self._nodes = [
                (step, GraphNode.from_schema_node(name, step, storage, context), name)
                for name, step in _ordered(schema.nodes)
            ]

    def parse(self, text: str) -> dict[str, Any]:
        """Return what Rasa's /model/parse returns for a text."""
        messages = [Message({"text": encodable(text)}, output_properties={TEXT_TOKENS})]
        results: dict[str, Any] = {_CONVERTER: messages}
        for step, node, name in self._nodes:
            inputs = [(need, results[need]) for need in step.needs.values()]
            _, results[name] = node(*inputs)
        message = results[self._nodes[-1][2]][0] if self._nodes else messages[0]
        message = YAMLStoryReader.unpack_regex_message(message, None, "RegexMessageHandler")
        answer = {"text": "", "intent": {"name": None, "confidence": 0.0}, "entities": []}
        answer.update(message.as_dict(only_output_properties=True))
        return answer


def _ordered(nodes: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the nodes so that each comes after those it needs."""
    left, done = dict(nodes), {_CONVERTER}
    ordered: list[tuple[str, Any]] = []
    while left:
        ready = [n for n, s in left.items() if all(need in done for need in s.needs.values())]
        if not ready:
            raise ValueError(f"nodes that need what nothing gives: {sorted(left)}")
        for name in ready:
            ordered.append((name, left.pop(name)))
            done.add(name)
    return ordered
