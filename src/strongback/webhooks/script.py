"""Which script runs for an integration."""

from strongback.documents.document import Document
from strongback.integrations.engine import LEGACY_ENGINE, disabled
from strongback.scripts.contract import Script, ScriptError


def script_of(integration: Document, setting: str) -> Script | None:
    """The script to run; None where the integration has none, or DISABLE_INTEGRATION_SCRIPTS (`setting`) forbids it.

    Raises ScriptError where there is one that can not run: to go on without it would send what it was to hold back.
    """
    body = integration.body
    if body.get("scriptEnabled") is not True or disabled(body.get("scriptEngine") or LEGACY_ENGINE, setting):
        return None
    compiled, source = body.get("scriptCompiled"), body.get("script")
    if isinstance(compiled, str) and compiled.strip():
        return Script(integration.id, str(integration.revision), compiled)
    if isinstance(source, str) and source.strip():
        raise ScriptError("evaluating", f"The script is not compiled: {_reason(body.get('scriptError'))}")
    return None


def _reason(error: object) -> str:
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) and message else "save the integration again."
