"""The order in which a commit locks the rows that many commits count in: else two could wait for each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strongback.storage.steps import CountOutcome, Put, PutDeliveries, PutReplay, Step

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

LOCK_ROOMS = "SELECT FROM rooms WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
LOCK_QUEUES = "SELECT FROM queues WHERE integration = ANY($1) ORDER BY integration FOR NO KEY UPDATE"


async def take_turns(connection: "Connection", steps: Sequence[Step]) -> None:
    """Lock rooms that count messages, then integrations that count deliveries, where a commit counts in several.

    A message that is told to whom it may concern locks its rows in this order by itself.
    """
    rooms = {step.document.body["rid"] for step in steps if isinstance(step, Put) and step.kind == "messages"}
    counting = [found for step in steps if (found := _integrations(step))]
    integrations = set[str]().union(*counting)
    if len(rooms) > 1 or (len(counting) > 1 and len(integrations) > 1):
        await connection.execute(LOCK_ROOMS, sorted(rooms))
        await connection.execute(LOCK_QUEUES, sorted(integrations))


def _integrations(step: Step) -> set[str]:
    """The integrations whose deliveries a step counts."""
    match step:
        case PutDeliveries():
            return {target.integration_id for target in step.targets}
        case PutReplay():
            return {step.target.integration_id}
        case CountOutcome():
            return {step.integration_id}
    return set()
