"""What a save does to the script of an integration (spec/05 section 5)."""

from strongback.documents.document import Document
from strongback.integrations.engine import LEGACY_ENGINE, frozen_reason
from strongback.scripts.compile import Compile, Compiled, failed
from strongback.scripts.contract import ScriptError


async def compile_script(document: Document, compile: Compile, *, frozen: str) -> None:
    """Set `scriptCompiled` or `scriptError` by the script that the document has now; never a reason to fail.

    A frozen script and one that is not enabled keep what they have.
    """
    body = document.body
    engine, script = body.get("scriptEngine") or LEGACY_ENGINE, body.get("script")
    if body.get("scriptEnabled") is not True or frozen_reason(engine, frozen) is not None:
        return
    document.drop("scriptCompiled")
    document.drop("scriptError")
    if not isinstance(script, str) or not script.strip():
        return
    try:
        compiled = await compile(script)
    except ScriptError as error:
        compiled = failed(str(error))
    if compiled.error is None:
        document.set("scriptCompiled", compiled.code)
    else:
        document.set("scriptError", compiled.error)


def once(compile: Compile) -> Compile:
    """Compile the same script once, however often a write is tried."""
    known: dict[str, Compiled] = {}

    async def compile_once(source: str) -> Compiled:
        if source not in known:
            known[source] = await compile(source)
        return known[source]

    return compile_once
