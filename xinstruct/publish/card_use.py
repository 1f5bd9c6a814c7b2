"""The parts of the card that tell how to load the rows, how to train on them, and whose ideas they rest on."""

from xinstruct.publish.columns import POINTERS, PREFERENCE, SFT, SPLIT, WITH_MESSAGES
from xinstruct.publish.figures import Figures
from xinstruct.publish.making import Making
from xinstruct.publish.markdown import fenced
from xinstruct.publish.prose import say, works


def loading(figures: Figures, repository: str | None) -> str:
    """How to get at the rows."""
    place = repository or "path/to/this/folder"
    if POINTERS in figures.splits:
        fetch = f"hf download {repository} --repo-type dataset --local-dir pointers\n" if repository else ""
        folder = "pointers" if repository else place
        typed = f"{fetch}xinstruct rehydrate {folder} --source path/to/archives --out filled"
        return "\n\n".join(("## Use", say("fill"), fenced(typed, "bash"), say("filled")))
    config, splits = next(iter(figures.splits.items()))
    split = "train" if splits["train"] else "test"
    turns = "chosen" if config == PREFERENCE else "messages"
    typed = "from datasets import load_dataset\n\n"
    typed += f'rows = load_dataset("{place}", "{config}")\nprint(rows["{split}"][0]["{turns}"])'
    unnamed = say("columns_unnamed") if len(figures.instruction_languages) > 1 else ""
    return "\n\n".join(("## Use", fenced(typed, "python"), say("columns", unnamed=unnamed)))


def training(figures: Figures) -> str:
    """What to mix the rows with, and the snippets."""
    trained = {name for name, count in figures.splits.items() if count["train"]}
    scripts = [say("ready_sft")] if trained & {*WITH_MESSAGES} else []
    scripts += [say("ready_preference")] if PREFERENCE in trained else []
    if not scripts:
        return ""
    tests = ", with the test split for evaluation" if next(iter(figures.splits.values()))["test"] else ""
    unsloth = say("unsloth") if trained & {*SPLIT} else ""
    ready = say("ready", tests=tests, scripts="; ".join(scripts), unsloth=unsloth, longest=f"{figures.longest():,}")
    said = [say("training")] if SFT in trained else []
    said += [say("training_grown")] if PREFERENCE in trained else []
    return "\n\n".join(("## Training", *said, ready))


def citations(making: Making) -> str:
    """The works whose methods were used in the making."""
    stages = {None, *(stage.stage for stage in making.stages)}
    # Several stages may rest on one work.
    used = list(dict.fromkeys(f"- {work['work']}" for work in works() if work["stage"] in stages))
    return "\n\n".join(("## Methods", say("methods"), "\n".join(used)))
