"""The parts of the card that tell how to load the rows, how to train on them, and whose ideas they rest on."""

from xinstruct.publish.figures import Figures
from xinstruct.publish.making import Making
from xinstruct.publish.markdown import fenced
from xinstruct.publish.prose import say, works
from xinstruct.publish.rows import POINTERS, SFT


def loading(figures: Figures, repository: str | None) -> str:
    """How to get at the rows."""
    place = repository or "path/to/this/folder"
    if POINTERS in figures.splits:
        fetch = f"hf download {repository} --repo-type dataset --local-dir pointers\n" if repository else ""
        folder = "pointers" if repository else place
        typed = f"{fetch}xinstruct rehydrate {folder} --source path/to/archives --out filled"
        return "\n\n".join(("## Use", say("fill"), fenced(typed, "bash"), say("filled")))
    config = SFT if SFT in figures.splits else next(iter(figures.splits))
    typed = "from datasets import load_dataset\n\n"
    typed += f'rows = load_dataset("{place}", "{config}")\nprint(rows["train"][0]["messages"])'
    return "\n\n".join(("## Use", fenced(typed, "python"), say("columns")))


def training(figures: Figures) -> str:
    """What to mix the rows with, and the snippets."""
    if SFT not in figures.splits:
        return ""
    tests = ", with the test split for evaluation" if figures.splits[SFT]["test"] else ""
    ready = say("ready", tests=tests, longest=f"{figures.longest():,}")
    return "\n\n".join(("## Training", say("training"), ready))


def citations(making: Making) -> str:
    """The works whose methods were used in the making."""
    stages = {None, *(stage.stage for stage in making.stages)}
    used = [f"- {work['work']}" for work in works() if work["stage"] in stages]
    return "\n\n".join(("## Methods", say("methods"), "\n".join(used)))
