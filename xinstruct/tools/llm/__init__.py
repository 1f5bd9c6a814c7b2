"""A model behind HTTP as an answerer: `open_models` gives one per role, for vLLM or any OpenAI-compatible server."""

from xinstruct.tools.llm.faults import Refused, ServerLost
from xinstruct.tools.llm.keeper import Keeper
from xinstruct.tools.llm.model import Model
from xinstruct.tools.llm.opening import name_of, open_models

__all__ = ["Keeper", "Model", "Refused", "ServerLost", "name_of", "open_models"]
