"""Labels have the values that the parts above use; what was tallied adds up; time is put in the right bucket."""

from typing import get_args, get_type_hints

from strongback import metrics
from strongback.scripts.contract import ErrorKind
from strongback.storage.deliveries import ENDS
from strongback.webhooks.classify import Outcome


def test_every_value_that_a_part_may_count_is_there_from_the_start() -> None:
    assert set(metrics.DELIVERIES) == ENDS
    assert set(metrics.ATTEMPTS) == set(get_args(get_type_hints(Outcome)["state"]))
    assert set(metrics.SCRIPT_RUNS) == {"answered", *get_args(ErrorKind)}
    text = metrics.Scrape(None).text().decode()
    for line in (
        'strongback_deliveries_total{state="expired"}',
        'strongback_attempts_total{outcome="retry"}',
        'strongback_script_runs_total{outcome="busy"}',
        'strongback_commits_total{outcome="conflict"}',
        'strongback_database_unavailable_total{part="deliveries"}',
    ):
        assert f"\n{line} " in text


def test_where_the_database_is_silent_its_number_is_missing_and_nothing_else() -> None:
    with_it, without = (set(metrics.Scrape(number).text().decode().splitlines()) for number in (7, None))
    names = {line.split()[0] if line[0] != "#" else line for line in with_it} - {
        line.split()[0] if line[0] != "#" else line for line in without
    }
    assert "strongback_deliveries_open 7.0" in with_it
    assert names == {
        "strongback_deliveries_open",
        f"# HELP strongback_deliveries_open {metrics.OPEN_DELIVERIES.documentation}",
        "# TYPE strongback_deliveries_open gauge",
    }
