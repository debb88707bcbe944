"""Which script engines are frozen (spec/05 section 5)."""

from strongback.errors import Failure

DEFAULT_ENGINE = "isolated-vm"
LEGACY_ENGINE = "vm2"


def frozen_reason(engine: str, frozen: str) -> str | None:
    """Why scripts of this engine can not be changed, as upstream names it; None where they can.

    `frozen` is the value of FREEZE_INTEGRATION_SCRIPTS.
    """
    if frozen.lower() in ("true", "yes"):
        return "integration-scripts-disabled"
    if engine == DEFAULT_ENGINE:
        return "integration-scripts-isolated-vm-disabled" if frozen == "ivm" else None
    return "integration-scripts-vm2-disabled" if frozen == "vm2" else None


def refuse_frozen(engine: str, frozen: str) -> None:
    """Raise Failure for a script of a frozen engine."""
    reason = frozen_reason(engine, frozen)
    if reason is not None:
        raise Failure(reason)


def disabled(engine: str, setting: str) -> bool:
    """Whether scripts of this engine do not run; `setting` is the value of DISABLE_INTEGRATION_SCRIPTS."""
    if setting.lower() in ("true", "yes"):
        return True
    return setting == ("ivm" if engine == DEFAULT_ENGINE else "vm2")
