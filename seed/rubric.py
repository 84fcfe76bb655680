"""The rubric of 旅居养老 institutions: nine gates and 1,000 points, a version that is in force from a day on.

The frame (four blocks, their points, the levels) is GB/T 37276-2018 with its official guide; which item has how many of
its block's points is proposed here and waits for the province's own rubric, which would be the next version.
"""

from datetime import date, datetime

import msgspec

from marketplace.certifications.operations import plant_rubric
from marketplace.certifications.rules import Criterion, Rubric, Scores, Threshold
from marketplace.kit.audit import SYSTEM


def _gate(code: str, title: str, title_en: str, basis: str) -> Criterion:
    return Criterion(code=code, title=title, title_en=title_en, basis=basis)


def _item(code: str, points_max: int, title: str, title_en: str, basis: str = "GB/T 37276-2018") -> Criterion:
    blocks = {"E": "environment", "F": "facilities", "M": "operations", "S": "services"}
    return Criterion(
        code=code, title=title, title_en=title_en, basis=basis, block=blocks[code[0]], points_max=points_max
    )


SOJOURN = "旅居评分细则（拟）"

GATES = (
    _gate("G1", "法人登记与养老机构备案有效", "Registered, and filed as a care institution", "老年人权益保障法 43"),
    _gate(
        "G2",
        "消防、食品经营、（设医疗的）医疗许可在有效期内",
        "Fire, food and medical permits valid",
        "消防法；GB 38600",
    ),
    _gate(
        "G3",
        "入院前九项安全风险评估；不推销保健品，室内禁烟",
        "Nine safety risks assessed before admission; no health products sold, no smoking indoors",
        "GB 38600-2019",
    ),
    _gate("G4", "运营满一年，床位不少于 10 张", "In operation for a year, ten beds or more", "各省评定办法通例"),
    _gate(
        "G5",
        "两年内无行政处罚，三年内无责任事故、虐老，未列入失信名单",
        "No penalty in two years; no liability accident or abuse in three; not on the dishonesty list",
        "各省评定办法通例",
    ),
    _gate(
        "G6",
        "按 GB/T 42195 入住评估，书面服务协议，价目公示",
        "Admission assessment by GB/T 42195, written agreement, price list published",
        "民政部令第66号 15；老年人权益保障法 48；明码标价规定 7",
    ),
    _gate("G7", "住宿实名登记制度", "Guests' identity is registered", "旅馆业治安管理办法 6"),
    _gate("G8", "押金、会员费存管，或不收取", "Deposits are held in custody, or none are taken", "养老机构预收费管理"),
    _gate(
        "G9",
        "两项以上服务打包售价的，由持证旅行社组织",
        "Packages of two services or more are sold by a licensed travel agency",
        "旅游法 28、48、111(3)",
    ),
)

ITEMS = (
    _item("E1", 40, "场地安全与无障碍通行", "Site safety and barrier-free routes"),
    _item("E2", 30, "室内冷暖：冬季供热、夏季降温记录", "Indoor warmth and cooling, with records", SOJOURN),
    _item("E3", 25, "安静、空气、绿化", "Quiet, air and green"),
    _item("E4", 25, "标识与大字", "Signage and large print"),
    _item("F1", 45, "居室与卫生间：扶手、呼叫铃", "Rooms and bathrooms: rails and call bells"),
    _item("F2", 30, "洗浴与温泉池：水温显示、防滑、值守", "Bathing and springs: temperature, grip, attendant", SOJOURN),
    _item("F3", 25, "康复、急救、AED、供氧", "Rehabilitation, first aid, AED and oxygen"),
    _item("F4", 15, "餐厅", "Dining"),
    _item("F5", 15, "应急电源、备用供热（冬季）", "Emergency power, and spare heating in winter", SOJOURN),
    _item("M1", 40, "人员配比、培训、持证", "Staff ratio, training and licences"),
    _item("M2", 25, "24 小时值班与演练", "Duty round the clock, and drills", "民政部令第66号 28、31"),
    _item("M3", 25, "投诉与退款按时处理", "Complaints and refunds handled on time"),
    _item("M4", 25, "合同、价格、票据合规", "Contracts, prices and invoices comply"),
    _item("M5", 15, "个人信息保护", "Data protection", "个人信息保护法"),
    _item("M6", 10, "保险", "Insurance"),
    _item("M7", 10, "开放数据质量：床位更新及时", "Open data: beds kept up to date", SOJOURN),
    _item("S1", 50, "评估与入住", "Assessment and admission"),
    _item("S2", 90, "日常照护", "Daily care"),
    _item("S3", 60, "膳食：治疗、民族、低盐饮食", "Meals: therapeutic, ethnic and low-salt diets"),
    _item("S4", 40, "清洁与洗衣", "Cleaning and laundry"),
    _item("S5", 90, "健康管理、异地就医绿色通道、医院 30 分钟可达", "Health care away from home, hospital within 30 minutes"),
    _item("S6", 40, "温泉入浴前筛查与看护", "Hot-spring screening and supervised bathing", SOJOURN),
    _item("S7", 40, "康复与中医药", "Rehabilitation and Chinese medicine"),
    _item("S8", 50, "文化、教育、老年大学", "Culture, education, university of the third age"),
    _item("S9", 30, "心理与思乡支持", "Company, and help with homesickness", SOJOURN),
    _item("S10", 40, "旅居接待：接站、行李、30 分钟内入住", "Reception: met on arrival, luggage, in the room in 30 minutes", SOJOURN),
    _item("S11", 30, "行程节奏", "Pace of itineraries", SOJOURN),
    _item("S12", 20, "家属同住、探访与远程联系", "Family: staying along, visits, contact from afar", SOJOURN),
    _item("S13", 20, "离院、返程与回访", "Discharge, journey home, follow-up", SOJOURN),
)  # fmt: skip

RUBRIC = Rubric(
    version="jl-sojourn-2026.1",
    # The Measure is implemented in 2026 (吉民联〔2026〕14号, issued on this day).
    effective_from=date(2026, 5, 12),
    title="旅居养老服务机构质量评估标准（示例）",
    title_en="Quality rubric for sojourn care institutions (example)",
    source="GB/T 37276-2018 分块与等级；旅居分项为拟定",
    maxima=Scores(environment=120, facilities=130, operations=150, services=600),
    thresholds=(
        Threshold(5, 900, 90),
        Threshold(4, 780, 80),
        Threshold(3, 570, 60),
        Threshold(2, 450, 50),
        Threshold(1, 360, 40),
    ),
    criteria=(*GATES, *ITEMS),
)


# Whoever of the demo world was certified before the Measure was scored by the frame of the standard alone.
BEFORE = msgspec.structs.replace(
    RUBRIC,
    version="gbt37276-2018",
    effective_from=date(2019, 7, 1),
    title="养老机构等级划分与评定（示例）",
    title_en="Classification of care institutions (example)",
    source="GB/T 37276-2018 分块与等级；分项为拟定",
)


async def plant_rubrics(*, now: datetime) -> None:
    """Plant every version of the rubric; a planted one is left as it is."""
    for rubric in (BEFORE, RUBRIC):
        await plant_rubric(rubric=rubric, actor=SYSTEM, now=now)
