"""The command `strongback`: its group, and how an error ends it."""

from typing import Any

import click

import strongback
from strongback.cli.backup import backup
from strongback.cli.check import check
from strongback.cli.copy import copy
from strongback.cli.deliveries import deliveries
from strongback.cli.groups import groups
from strongback.cli.import_ import import_
from strongback.cli.integrations import integrations
from strongback.cli.logs import configure
from strongback.cli.script import script
from strongback.cli.serve import serve
from strongback.cli.users import users
from strongback.errors import Conflict, Failure, Unavailable
from strongback.settings import SettingsError

PROBLEM = 1
CANNOT_START = 2


class Commands(click.Group):
    """A group whose commands end with one line and an exit code where a person can act on the error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (Unavailable, SettingsError) as error:
            stop(ctx, str(error), CANNOT_START)
        except Failure as error:
            stop(ctx, error.text or error.error or "refused", PROBLEM)
        except Conflict:
            stop(ctx, "somebody else changed the same thing at the same time: try again", PROBLEM)


def stop(ctx: click.Context, text: str, code: int) -> None:
    """Say why in one line, and end."""
    click.echo(f"strongback: {' '.join(text.split())}", err=True)
    ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(strongback.__version__, prog_name="strongback")
def main() -> None:
    """A small server for private groups and their integrations, compatible on the wire with Rocket.Chat.

    Exit codes: 0 done, 1 a problem was found, 2 it could not start (usage, port, folder, database).
    """
    configure("auto")  # warnings belong on stderr, whatever the command prints


for command in (serve, import_, users, groups, integrations, deliveries, script, backup, copy, check):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="strongback")
