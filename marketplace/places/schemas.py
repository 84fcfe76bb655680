"""Places on the wire."""

from typing import Annotated, Self

import msgspec

from marketplace.places.rules import ClimateMonth, Cluster, ClusterKind, Confidence, Datum, Place, Position, to_wgs84

_COORDINATE_DIGITS = 6


class CoordinatesView(msgspec.Struct, frozen=True):
    """A point in degrees, always WGS-84 here; Amap and Tencent maps need it converted to GCJ-02."""

    latitude: Annotated[float, msgspec.Meta(examples=[42.41])]
    longitude: Annotated[float, msgspec.Meta(examples=[128.12])]
    datum: Datum = "wgs84"

    @classmethod
    def of(cls, position: Position) -> Self:
        """Convert to the datum of the wire."""
        found = to_wgs84(position)
        return cls(round(found.latitude, _COORDINATE_DIGITS), round(found.longitude, _COORDINATE_DIGITS))


class ClusterView(msgspec.Struct, frozen=True):
    """A cluster: 银发康养集聚区 on G331, or hot springs."""

    code: Annotated[str, msgspec.Meta(examples=["changbaishan"])]
    name: Annotated[str, msgspec.Meta(examples=["长白山"])]
    name_en: Annotated[str, msgspec.Meta(examples=["Changbai Mountain"])]
    kind: ClusterKind

    @classmethod
    def of(cls, cluster: Cluster) -> Self:
        """Show a cluster."""
        return cls(code=cluster.code, name=cluster.name_zh, name_en=cluster.name_en, kind=cluster.kind)


class ClimateView(msgspec.Struct, frozen=True):
    """A month's mean temperature and how far to trust it."""

    month: Annotated[int, msgspec.Meta(ge=1, le=12)]
    mean_c: Annotated[float, msgspec.Meta(examples=[20.1], description="°C, mean of day and night.")]
    confidence: Confidence

    @classmethod
    def of(cls, climate: ClimateMonth) -> Self:
        """Show a month."""
        return cls(month=climate.month, mean_c=climate.mean_c, confidence=climate.confidence)


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """A place where institutions are."""

    code: Annotated[str, msgspec.Meta(examples=["erdaobaihe"])]
    name: Annotated[str, msgspec.Meta(examples=["二道白河镇"])]
    name_en: str
    division_code: Annotated[str, msgspec.Meta(description="GB/T 2260, nine digits for a township.")]
    jurisdiction_code: Annotated[str, msgspec.Meta(description="The authority that reviews institutions here.")]
    coordinates: CoordinatesView
    accuracy_m: Annotated[int, msgspec.Meta(description="How far the coordinates may be off, in metres.")]
    hub: Annotated[str | None, msgspec.Meta(description="Station or airport.", examples=["长白山站"])]
    hub_en: str | None
    clusters: list[ClusterView]
    climate: list[ClimateView]
    climate_source: str | None

    @classmethod
    def of(cls, place: Place) -> Self:
        """Show a place; a place's months come from one source."""
        return cls(
            code=place.code,
            name=place.name_zh,
            name_en=place.name_en,
            division_code=place.division_code,
            jurisdiction_code=place.jurisdiction_code,
            coordinates=CoordinatesView.of(place.position),
            accuracy_m=place.accuracy_m,
            hub=place.hub,
            hub_en=place.hub_en,
            clusters=[ClusterView.of(cluster) for cluster in place.clusters],
            climate=[ClimateView.of(month) for month in place.climate],
            climate_source=place.climate[0].source if place.climate else None,
        )
