"""The figures of a run, held against the bars, as a table for people and as JSON for scripts."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.performance.loading import RUSH_MS


@dataclass(frozen=True)
class Figure:
    """One figure: where it comes from, its unit, and the bar it is held against (``most``, or ``least``)."""

    name: str
    meaning: str
    most: float | None = None
    least: float | None = None

    def verdict(self, value: float | None) -> str:
        """Return ✔ or ✘ for a figure with a bar, and nothing for one without."""
        if value is None or (self.most is None and self.least is None):
            return ""
        good = (self.most is None or value <= self.most) and (self.least is None or value >= self.least)
        return "[green]✔[/]" if good else "[red]✘[/]"

    @property
    def bar(self) -> str:
        return f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}" if self.least is not None else ""


FIGURES = (
    Figure("place_cpu_ms", "CPU of PostgreSQL, Valkey and API per booking placed, 8 clients", most=6),
    Figure("place_over_sql_limit", "bookings/s of pgbench with the same SQL, over ours, 8 clients", most=8),
    Figure("place_cpu_over_sql_cpu", "CPU per booking, over PostgreSQL's CPU under pgbench"),
    Figure("place_per_s_1", "bookings/s, 1 client"),
    Figure("place_per_s_8", "bookings/s, 8 clients"),
    Figure("place_per_s_32", "bookings/s, 32 clients"),
    Figure("place_p50_ms", "8 clients"),
    Figure("place_p99_ms", "8 clients"),
    Figure("quote_cpu_ms", "CPU per quote, 8 clients"),
    Figure("rush_per_s", "placed within 400 ms of being due, per second, while 134/s are asked for", least=133),
    Figure("rush_p99_ms", "from when the request was due", most=RUSH_MS),
    Figure("rush_5xx", "answers 5xx, or none at all", most=0),
    Figure("hot_over_uncontended", "one room type, 8 clients: mean latency per accepted booking", most=2),
    Figure("hot_over_uncontended_32", "the same with 32 clients"),
    Figure("place_7_nights_cpu_ms", "8 clients"),
    Figure("place_30_nights_cpu_ms", "8 clients"),
    Figure("place_90_nights_cpu_ms", "8 clients"),
    Figure("search_p50_ms", "1 client"),
    Figure("search_p99_ms", "1 client"),
    Figure("search_p99_over_sql", "over the same SQL on one connection", most=2),
    Figure("search_growth_exponent", "b in time ~ institutions^b", most=0.6),
    Figure("search_by_price_p99_ms", "thirty nights, the least dear house first"),
    Figure("flexible_search_p99_ms", "thirty nights among ninety days of arrival"),
    Figure("flexible_over_exact", "median over median", most=3),
    Figure("flexible_by_price_p99_ms", "the same, the least dear house first"),
    Figure("listing_p99_ms", "GET /v1/institutions"),
    Figure("calendar_p99_ms", "four hundred nights of four room types"),
    Figure("register_list_s", "every record of the register, in pages of 100"),
    Figure("register_changes_s", "the whole feed of the register, in pages of 100"),
    Figure("register_export_s", "every record as NDJSON"),
    Figure("register_pages_rss_mb", "by how much the API grew while list and feed were read", most=16),
    Figure("register_export_rss_mb", "by how much the API grew during NDJSON and CSV", most=16),
    Figure("api_rss_mb", "all API processes"),
    Figure("place_queries", "statements of POST /v1/bookings, BEGIN and COMMIT included"),
)


def figures(found: dict[str, Any]) -> dict[str, float | None]:
    """Return the figures by name; None for what could not be measured."""
    place, sql, rush, search = found["place"], found["sql"], found["rush"], found["search"]
    flexible = found.get("flexible_search")
    is_search = flexible is not None
    bad = sum(count for status, count in rush["statuses"].items() if not status.startswith(("2", "3", "4")))
    return {
        "place_cpu_ms": place["8"]["cpu_ms"],
        "place_over_sql_limit": round(sql["8"]["per_s"] / place["8"]["per_s"], 2),
        "place_cpu_over_sql_cpu": round(place["8"]["cpu_ms"] / sql["8"]["cpu_ms"], 2),
        **{f"place_per_s_{clients}": place[clients]["per_s"] for clients in ("1", "8", "32")},
        "place_p50_ms": place["8"]["p50_ms"],
        "place_p99_ms": place["8"]["p99_ms"],
        "quote_cpu_ms": found["quote"]["cpu_ms"],
        "rush_per_s": rush["in_time_per_s"],
        "rush_p99_ms": rush["p99_ms"],
        "rush_5xx": bad,
        "hot_over_uncontended": found["hot"]["8"]["ratio"],
        "hot_over_uncontended_32": found["hot"]["32"]["ratio"],
        **{f"place_{nights}_nights_cpu_ms": found["nights"][nights]["cpu_ms"] for nights in ("7", "30", "90")},
        "search_p50_ms": search["p50_ms"] if is_search else None,
        "search_p99_ms": search["p99_ms"] if is_search else None,
        "search_p99_over_sql": search["p99_over_sql"] if is_search else None,
        "search_growth_exponent": found["search_growth_exponent"] if is_search else None,
        "search_by_price_p99_ms": found["search_by_price"]["p99_ms"] if is_search else None,
        "flexible_search_p99_ms": flexible["p99_ms"] if flexible else None,
        "flexible_over_exact": round(flexible["p50_ms"] / search["p50_ms"], 2) if flexible else None,
        "flexible_by_price_p99_ms": found["flexible_by_price"]["p99_ms"] if is_search else None,
        "listing_p99_ms": found["listing"]["p99_ms"],
        "calendar_p99_ms": found["calendar"]["p99_ms"],
        "register_list_s": found["register"]["list"]["seconds"],
        "register_changes_s": found["register"]["changes"]["seconds"],
        "register_export_s": found["register"]["ndjson"]["seconds"],
        "register_pages_rss_mb": max(found["register"][way]["rss_growth_mb"] for way in ("list", "changes")),
        "register_export_rss_mb": max(found["register"][way]["rss_growth_mb"] for way in ("ndjson", "csv")),
        "api_rss_mb": found["api_rss_mb"],
        "place_queries": found["queries"]["POST /v1/bookings"],
    }


def notes(found: dict[str, Any]) -> list[str]:
    """Say what the figures do not say by themselves."""
    said = []
    if "flexible_search" not in found:
        said.append(
            f"There is no GET /v1/stays here, so there are no figures of search. GET {found['search']['route']} was"
            f" measured in its place: p99 {found['search']['p99_ms']} ms, {found['search']['p99_over_sql']} × its SQL,"
            f" growth exponent {found['search_growth_exponent']}."
        )
    if found["loaded"]["differences"]:
        said.append(f"The copies are not what operations write: {'; '.join(found['loaded']['differences'])}")
    if found["inventory_drift"]:
        said.append(f"Counters drifted: {'; '.join(found['inventory_drift'][:5])}")
    cores, load = found["machine"]["cores"], found["machine"]["load_average"][0]
    said.append(f"{cores} cores, load average {load}: judge by CPU and ratios when others use the machine.")
    return said


def write(found: dict[str, Any], path: Path, console: Console) -> None:
    """Print the table and write everything down."""
    values, said = figures(found), notes(found)
    table = Table(title=f"候鸟 bench · {found['loaded']['institutions']} institutions")
    for heading in ("figure", "value", "bar", "", "what it is"):
        table.add_column(heading, justify="right" if heading in ("value", "bar") else "left")
    for figure in FIGURES:
        value = values[figure.name]
        table.add_row(
            figure.name, "–" if value is None else f"{value:g}", figure.bar, figure.verdict(value), figure.meaning
        )
    console.print(table)
    queries = ", ".join(f"{route} {count}" for route, count in sorted(found["queries"].items()))
    console.print(f"queries per route: {queries}")
    for note in said:
        console.print(f"• {note}")
    bars = {one.name: {"most": one.most, "least": one.least} for one in FIGURES if one.bar}
    document = {"figures": values, "bars": bars, "notes": said, "detail": found}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    console.print(f"written to {path}")
