"""Sort an archive that can be read only once into temporary files, one per collection."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from strongback.importing.archive import ArchiveReader, EndOfCollection, Frame, Namespace
from strongback.importing.entries import Damage, UnreadableDump

_REPORT_EVERY = 1000


class Spool:
    """A temporary folder of one BSON file per collection; `close` removes it."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="strongback-import-")
        self.files: dict[Namespace, Path] = {}
        self.damage: dict[Namespace, Damage] = {}

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def fill(
        self, archive: ArchiveReader, wanted: Iterable[Namespace], progress: Callable[[int], None] | None
    ) -> None:
        """Read the rest of the archive and keep the wanted collections.

        Raises UnreadableDump when the disk is full.
        """
        for number, namespace in enumerate(wanted):
            self.files[namespace] = Path(self._folder.name) / f"{number}.bson"
        try:
            with ExitStack() as stack:
                files: dict[Namespace, BinaryIO] = {
                    key: stack.enter_context(path.open("wb")) for key, path in self.files.items()
                }
                self._copy(archive, files, progress or (lambda _count: None))
        except OSError as error:
            raise UnreadableDump(
                f"{archive.source} could not be unpacked into {self._folder.name}: {error.strerror or error}."
            ) from error

    def _copy(
        self, archive: ArchiveReader, files: dict[Namespace, BinaryIO], progress: Callable[[int], None]
    ) -> None:
        complete: set[Namespace] = set()
        broken: Damage | None = None
        for number, event in enumerate(archive.events(frozenset(files))):
            if isinstance(event, Frame):
                files[event.namespace].write(event.data)
            elif isinstance(event, EndOfCollection):
                complete.add(event.namespace)
            else:
                broken = event
            if number % _REPORT_EVERY == 0:
                progress(archive.stream.bytes_read)
        progress(archive.stream.bytes_read)
        for key in files.keys() - complete:
            reason = f"the archive ends before the collection {key.collection} does"
            self.damage[key] = broken or Damage(archive.source, "at its end", reason)
