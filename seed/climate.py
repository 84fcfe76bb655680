"""Mean temperatures by month, in °C, each with its source and how far to trust it.

No 1991–2020 normals are published for the mountain towns, so their rows are derived: the annual shape of 梨树 (1991–2020)
is stretched to the January and July means of the nearest station; annual means then agree within 0.35 °C.
"""

from marketplace.places.rules import ClimateMonth, Confidence


def _year(means: str, confidence: Confidence, source: str) -> tuple[ClimateMonth, ...]:
    return tuple(
        ClimateMonth(month=month, mean_c=float(mean), confidence=confidence, source=source)
        for month, mean in enumerate(means.split(), start=1)
    )


CHANGCHUN = _year(
    "-14.3 -9.2 0.5 11.1 16.6 20.1 22.9 22.7 16.4 8.9 -3.9 -11.9",
    "high",
    "国家统计局年鉴，长春 2008–2009 两年平均（非常年值）",
)
ERDAOBAIHE = _year(
    "-16.6 -11.6 -3.5 5.9 13.2 18.0 20.1 18.8 13.3 5.0 -5.2 -13.9",
    "low",
    "由敦化 1971–2000 一月、七月均温推算",
)
FUSONG = _year(
    "-17.4 -12.2 -3.7 6.1 13.7 18.7 20.9 19.6 13.8 5.2 -5.5 -14.6",
    "low",
    "由靖宇一月、七月均温推算",
)
LINJIANG = _year(
    "-15.3 -10.2 -1.8 7.7 15.2 20.1 22.3 21.0 15.3 6.8 -3.6 -12.5",
    "medium",
    "由临江一月、七月均温推算",
)
SONGYUAN = _year(
    "-14.3 -9.2 -0.7 9.2 16.9 22.0 24.4 22.8 16.8 8.0 -3.0 -11.9",
    "medium",
    "通榆、梨树 1991–2020 平均",
)
YITONG = _year(
    "-13.6 -8.5 -0.1 9.5 17.0 21.9 24.1 22.8 17.1 8.6 -1.9 -10.8",
    "low",
    "以邻近的梨树 1991–2020 代替",
)
# Trap: many pages that say Ji'an mean 吉安 in Jiangxi, where July is 28–30 °C.
JIAN = _year(
    "-12.5 -7.6 0.4 9.6 16.7 21.4 23.5 22.3 16.8 8.7 -1.3 -9.8",
    "low",
    "由未核实的集安一月、七月均温推算",
)
HUNCHUN = _year(
    "-10.5 -7.0 0.2 7.5 13.3 17.4 21.3 22.1 16.8 9.5 0.2 -8.1",
    "low",
    "未核实的珲春月均温；沿海，八月最暖",
)
UNKNOWN: tuple[ClimateMonth, ...] = ()
