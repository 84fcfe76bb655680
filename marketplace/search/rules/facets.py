"""How many of an answer's institutions each further choice would keep."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from marketplace.places.rules import Place
from marketplace.search.rules.matches import Match


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """Counts by code over the whole answer, not over its page; grade 0 is none."""

    clusters: Mapping[str, int]
    services: Mapping[str, int]
    grades: Mapping[int, int]


def count_facets(matches: Iterable[Match], places: Mapping[str, Place]) -> Facets:
    """Count an answer's institutions by cluster, by service and by public grade."""
    clusters: Counter[str] = Counter()
    services: Counter[str] = Counter()
    grades: Counter[int] = Counter()
    for match in matches:
        clusters.update(cluster.code for cluster in places[match.facts.place_code].clusters)
        services.update(match.facts.services)
        grades[match.facts.grade or 0] += 1
    return Facets(clusters=clusters, services=services, grades=grades)
