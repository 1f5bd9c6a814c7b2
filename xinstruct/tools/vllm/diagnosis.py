"""Reads a vLLM server's log: how far the start is, and if it failed, why, in one sentence with what to do about it."""

import difflib
import re
from dataclasses import dataclass
from signal import Signals


class NotServing(OSError):
    """A server of ours cannot serve; the text is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a server ended. mistake: whether the profile is wrong, and not this machine or its surroundings."""

    sentence: str
    mistake: bool = False


# Looked for in this order: what stands first explains what follows it. {0}, {1} ... are the pattern's groups.
_MISTAKES = (
    (r"\.py: error: argument (--[\w-]+).*?: (.*)", "vLLM does not take what serve: gives to {0}: {1}"),
    (
        r"max_model_len \((\d+)\) is greater than the derived max_model_len \([\w ]*?=(\d+)",
        "max-model-len: {0} is more than the model's context of {1} tokens; give {1} or less",
    ),
    (
        r"must be divisible by tensor parallel size \((\d+)\)",
        "the model cannot be divided over {0} cards: give a tensor-parallel-size that divides its attention heads",
    ),
    (
        r"Model architectures \[?(.*?)\]? (?:are not supported|failed to be inspected)",
        "this vLLM cannot serve the model's architecture {0}: choose another model or another vLLM",
    ),
)
_CIRCUMSTANCES = (
    (
        r"Address already in use|address already in use",
        "its port is taken: give the server another port: in the profile",
    ),
    (
        r"(?s)larger than the available KV cache memory \(([\d.]+ GiB)\).*?estimated maximum model length is (\d+)",
        "only {0} of memory are left for the cache, enough for {1} tokens: set max-model-len to {1} or less, "
        "raise gpu-memory-utilization, or take a smaller or quantised model",
    ),
    (
        r"KV cache is needed, which is larger than the available|No available memory for the cache blocks",
        "beside the weights no memory is left for the cache: lower max-model-len, raise gpu-memory-utilization, "
        "or take a smaller or quantised model",
    ),
    (
        r"Free memory on device \S* ?\(([\d.]+)/([\d.]+) GiB\) on startup",
        "only {0} of the card's {1} GiB are free, less than vLLM is told to take: end what else runs there "
        "(nvidia-smi shows it), or lower gpu-memory-utilization",
    ),
    (
        r"Available memory on node \d+ \(([\d.]+)/([\d.]+) GiB\).*?requested memory for kv \(([\d.]+) GiB",
        "{0} of {1} GiB of memory are free, and {2} GiB are asked for the cache: lower VLLM_CPU_KVCACHE_SPACE "
        "in environment:, or end what else runs",
    ),
    (
        r"OutOfMemoryError|CUDA out of memory|HIP out of memory",
        "the GPU's memory is too small: lower gpu-memory-utilization, max-model-len or max-num-seqs, "
        "take a smaller or quantised model, or spread it over more cards by tensor-parallel-size",
    ),
    (
        r"DefaultCPUAllocator: can't allocate memory|\bMemoryError\b|Cannot allocate memory|not enough memory",
        "this machine's memory is too small for the model: take a smaller one, or a machine with more memory",
    ),
    (
        r"GatedRepoError|gated repo|Access to model .* is restricted|401 Client Error",
        "the model is gated, or does not exist: accept its terms on the Hub and set HF_TOKEN, or check the name",
    ),
    (
        r"RepositoryNotFoundError|404 Client Error|is not a valid model identifier|RevisionNotFoundError",
        "the Hub has no model of this name and revision: check both in the profile",
    ),
    (
        r"couldn't connect to '?https?://|LocalEntryNotFoundError|OfflineModeIsEnabled|offline mode is enabled"
        r"|name resolution|Name or service not known|Network is unreachable|MaxRetryError",
        "its files are not on this machine, and the Hugging Face Hub cannot be reached: download them with "
        "`hf download` where there is a network, or name a local folder as model:",
    ),
    (r"No space left on device", "the disk is full: make room, or set HF_HOME to a folder on another disk"),
    (
        r"Cannot find any model weights|Invalid repository ID or local directory",
        "the model's folder holds no weights that vLLM can read (*.safetensors)",
    ),
    (
        r"World size \(?(\d+)\)? is larger than the number of available GPUs|invalid device ordinal",
        "the profile asks for more GPUs than this machine has: lower tensor-parallel-size and data-parallel-size",
    ),
    (
        r"driver version is insufficient|driver on your system is too old|driver/library version mismatch",
        "the GPU's driver is too old for this vLLM: update the driver",
    ),
    (
        r"no kernel image is available|compute capability|is not supported on this GPU",
        "this GPU is too old for the model as it is served: try dtype: float16 or another quantisation",
    ),
    (
        r"Failed to infer device type|No CUDA GPUs are available|libcuda\.so",
        "vLLM finds no GPU that it can use (nvidia-smi shows what there is)",
    ),
)
_REFUSALS = (
    (r"Value error, (.+?) \[type=value_error", "vLLM refuses what serve: or environment: says: {0}"),
    (r"(?m)^\w+\.py: error: (?!unrecognized)(.*)", "vLLM refuses the arguments in serve: {0}"),
)
_UNKNOWN = re.compile(r"\.py: error: unrecognized arguments: (--[\w-]+)")
_STEPS = (
    (re.compile(r"Loading .*checkpoint shards:\s+\d+% Completed \| (\d+)/(\d+)"), "loading weights, {0} of {1} files"),
    (re.compile(r"Starting to load model"), "loading weights"),
    (re.compile(r"(?:Fetching|Downloading)[^\r\n]*?(\d+%)"), "downloading weights, {0}"),
    (re.compile(r"Capturing [^\r\n]*graph"), "capturing graphs"),
    (re.compile(r"[Cc]ompiling|torch\.compile took|Dynamo bytecode transform"), "compiling"),
    (re.compile(r"KV cache size: ([\d,]+) tokens"), "warming up, cache for {0} tokens"),
    (re.compile(r"Loading weights took"), "weights are loaded"),
    (re.compile(r"Initializing a V1 LLM engine"), "starting the engine"),
    (re.compile(r"Resolved architecture: (\w+)"), "reading the configuration of {0}"),
    (re.compile(r"Application startup complete|Started server process"), "opening the port"),
)


def step(log: str) -> str:
    """What a server that starts is doing, by the step that stands last in its log."""
    last, told = -1, "starting Python"
    for pattern, words in _STEPS:
        for found in pattern.finditer(log):
            if found.start() > last:
                last, told = found.start(), words.format(*found.groups())
    return told


def diagnosis(log: str, status: int | None) -> Diagnosis:
    """Why a server ended, from its log since the start and its exit status (128 + n: ended by signal n)."""
    if unknown := _UNKNOWN.search(log):
        key = unknown[1].removeprefix("--")
        near = difflib.get_close_matches(key, set(arguments(log)) - {key}, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return Diagnosis(f"vLLM knows no argument {key}, which stands in serve:{hint}", mistake=True)
    for causes, mistake in ((_MISTAKES, True), (_CIRCUMSTANCES, False), (_REFUSALS, True)):
        for pattern, sentence in causes:
            if found := re.search(pattern, log):
                return Diagnosis(sentence.format(*(group.strip() for group in found.groups())), mistake)
    if status is not None and status > 128:
        return Diagnosis(_ended_by(status - 128))
    return Diagnosis(last_error(log) or f"it ended with exit status {status} and said nothing")


def arguments(usage: str) -> list[str]:
    """The long names, without dashes, of all arguments in vLLM's own usage text."""
    return sorted({name for name in re.findall(r"[\[|\s]--([a-z][\w-]+)", usage) if not name.startswith("no-")})


def last_error(log: str) -> str:
    """The last line of a log that names an error, or ""."""
    lines = re.findall(r"^(?:\([^)]*\) )?(?:ERROR [^\]]*\] )?((?:[\w.]*(?:Error|Exception)): .+)$", log, re.MULTILINE)
    told = [line for line in lines if "Engine core initialization failed" not in line]
    return " ".join((told or lines or [""])[-1].split())[:300]


def _ended_by(number: int) -> str:
    if number == 9:
        return (
            "it was killed by signal 9, which the system does when memory runs out: take a smaller model, "
            "or lower max-model-len and max-num-seqs"
        )
    names = {signal.value: signal.name for signal in Signals}
    return f"it was ended by signal {number} ({names.get(number, 'unknown')})"
