"""Reads how a run ended: from the frame that ended it, or from the end of its worker."""

from dataclasses import dataclass
from typing import Any

import msgspec

from strongback.scripts import frames
from strongback.scripts.contract import ErrorKind, Limits, Run, ScriptError
from strongback.scripts.conversation import WorkerEnded
from strongback.scripts.values import decode


class Result(msgspec.Struct):
    """What the prelude says of a run that ended well."""

    value: Any
    absent: bool
    store: str | None
    console: tuple[str, ...]


class Failure(msgspec.Struct):
    """What the prelude, or the worker in its place, says of a run that did not."""

    kind: ErrorKind
    text: str
    console: tuple[str, ...]


_results = msgspec.json.Decoder(Result)
_failures = msgspec.json.Decoder(Failure)


class Garbled(Exception):
    """The worker sent what no worker of ours sends, or what this side cannot hold."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run or the error to raise, the new Store where it changed, and the most by which the worker ever grew (KB)."""

    run: Run | None
    error: ScriptError | None
    store: str | None
    peak: int


def read(tag: int, body: bytes, limits: Limits) -> Outcome:
    """Read the frame that ended a run."""
    costs, _, text = body.partition(b"\n")
    try:
        used, memory, peak = map(int, costs.split())
        if tag == frames.RESULT:
            result = decode(text, _results)
            if result.store is not None and len(result.store) > limits.store:
                raise Garbled("Store")
            run = Run(result.value, result.absent, result.console, used / 1000, memory)
            return Outcome(run, None, result.store, peak)
        failure = decode(text, _failures)
    except (ValueError, RecursionError) as error:
        raise Garbled(type(error).__name__) from None
    sentence = describe(failure.kind, failure.text, limits)
    return Outcome(None, ScriptError(failure.kind, sentence, failure.console), None, peak)


def describe(kind: ErrorKind, text: str, limits: Limits) -> str:
    """Say in a sentence why a run gave no answer."""
    end = "" if text.endswith((".", "!", "?")) else "."
    match kind:
        case "evaluating":
            return f"The script does not evaluate: {text}{end}"
        case "timeout":
            return f"The script used more than {limits.cpu:g} s of processor time."
        case "memory":
            return f"The script used more than {limits.heap // 1024 // 1024} MB of memory."
        case "result":
            return f"The result of the script cannot be used: {text}{end}"
        case _:
            return f"The script failed: {text}{end}"


def ended(error: WorkerEnded, limits: Limits) -> ScriptError:
    """Say what the end of a worker means for the run that it ended."""
    if error.overran:
        return ScriptError("timeout", f"The script ran for more than {limits.wall:g} s and was killed.")
    if error.waiting:
        return ScriptError("timeout", f"The script waited for more than {limits.total:g} s for its requests.")
    return ScriptError("killed", f"The worker of the script was lost: {error}.")
