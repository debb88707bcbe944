"""What a server's /metrics says, read by the parser that Prometheus' own tools use."""

from typing import Self

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.wire.server import Server


class Scraped:
    """All samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = {
            (sample.name.removeprefix("strongback_"), tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    @classmethod
    def of(cls, server: Server) -> Self:
        """Scrape a server."""
        return cls(httpx.get(f"{server.url}/metrics").raise_for_status().text)

    def value(self, name: str, **labels: str) -> float:
        """The value of one sample; 0 where it is not there yet."""
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """The values that are not 0 of the samples of a name with these labels, by another label."""
        found: dict[str, float] = {}
        for (sample, pairs), value in self.samples.items():
            given = dict(pairs)
            if sample == name and labels.items() <= given.items() and value:
                found[given[label]] = found.get(given[label], 0) + value
        return found
