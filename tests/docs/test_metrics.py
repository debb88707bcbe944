"""The page on metrics lists what the code counts, in the code's words."""

from prometheus_client.metrics import MetricWrapperBase

from strongback import metrics
from tests.docs.test_docs import plain, rows


def instruments() -> list[MetricWrapperBase]:
    """Everything that is counted, from the registry's own list."""
    found = metrics.registry._collector_to_names
    return [one for one in found if isinstance(one, MetricWrapperBase)]


def test_metrics_are_documented() -> None:
    documented = {
        plain(name): (kind, labels.replace("`", ""), text) for name, kind, labels, text in rows("metrics.md")
    }
    expected = {
        one._name + ("_total" if one._type == "counter" else ""): (
            one._type,
            " ".join(one._labelnames),
            one._documentation,
        )
        for one in instruments()
    }
    gauge = metrics.OPEN_DELIVERIES
    assert len(expected) == 9
    assert documented == {**expected, gauge.name: (gauge.type, "", gauge.documentation)}
