"""Divisions of Jilin (GB/T 2260; 国家统计局 2023 for townships) and the authorities that review there.

County coordinates are the centres that open packages share, most probably GCJ-02.
"""

from marketplace.places.rules import Division, DivisionLevel, Jurisdiction, Level, Position

PROVINCE = "220000"

_COUNTY_AND_ABOVE: tuple[tuple[str, str, str, str | None, float, float], ...] = (
    ("220000", "吉林省", "Jilin Province", None, 43.897016, 125.32568),
    ("220100", "长春市", "Changchun", PROVINCE, 43.817251, 125.323513),
    ("220200", "吉林市", "Jilin City", PROVINCE, 43.837883, 126.549572),
    ("220300", "四平市", "Siping", PROVINCE, 43.166419, 124.350398),
    ("220400", "辽源市", "Liaoyuan", PROVINCE, 42.887766, 125.14366),
    ("220500", "通化市", "Tonghua", PROVINCE, 41.728401, 125.939697),
    ("220600", "白山市", "Baishan", PROVINCE, 41.943972, 126.41473),
    ("220700", "松原市", "Songyuan", PROVINCE, 45.141548, 124.825042),
    ("220800", "白城市", "Baicheng", PROVINCE, 45.619884, 122.838714),
    ("222400", "延边朝鲜族自治州", "Yanbian Korean Autonomous Prefecture", PROVINCE, 42.909408, 129.471868),
    ("220105", "二道区", "Erdao District", "220100", 43.865577, 125.374327),
    ("220112", "双阳区", "Shuangyang District", "220100", 43.525311, 125.664662),
    ("220172", "净月高新区", "Jingyue High-tech Zone", "220100", 43.79, 125.45),
    ("220184", "公主岭市", "Gongzhuling", "220100", 43.504676, 124.822929),
    ("220221", "永吉县", "Yongji County", "220200", 43.672582, 126.497741),
    ("220323", "伊通满族自治县", "Yitong Manchu Autonomous County", "220300", 43.345754, 125.305393),
    ("220581", "梅河口市", "Meihekou", "220500", 42.539253, 125.710859),
    ("220582", "集安市", "Ji'an", "220500", 41.125307, 126.19403),
    ("220621", "抚松县", "Fusong County", "220600", 42.221207, 127.449763),
    ("220622", "靖宇县", "Jingyu County", "220600", 42.388896, 126.813583),
    ("220623", "长白朝鲜族自治县", "Changbai Korean Autonomous County", "220600", 41.420018, 128.200789),
    ("220681", "临江市", "Linjiang", "220600", 41.811979, 126.918087),
    ("220721", "前郭尔罗斯蒙古族自治县", "Qian Gorlos Mongol Autonomous County", "220700", 45.118061, 124.823417),
    ("222401", "延吉市", "Yanji", "222400", 42.89125, 129.508804),
    ("222403", "敦化市", "Dunhua", "222400", 43.372642, 128.232131),
    ("222404", "珲春市", "Hunchun", "222400", 42.862821, 130.366036),
    ("222405", "龙井市", "Longjing", "222400", 42.76631, 129.427066),
    ("222406", "和龙市", "Helong", "222400", 42.546675, 129.010106),
    ("222426", "安图县", "Antu County", "222400", 43.11195, 128.899772),
)
_TOWNSHIPS: tuple[tuple[str, str, str], ...] = (
    ("220105173", "劝农山镇", "Quannongshan"),
    ("220105270", "四家乡", "Sijia"),
    ("220112102", "鹿乡镇", "Luxiang"),
    ("220172102", "玉潭镇", "Yutan"),
    ("220323104", "景台镇", "Jingtai"),
    ("220582108", "太王镇", "Taiwang"),
    ("220621101", "松江河镇", "Songjianghe"),
    ("220621103", "露水河镇", "Lushuihe"),
    ("220621104", "仙人桥镇", "Xianrenqiao"),
    ("220621107", "东岗镇", "Donggang"),
    ("220621108", "漫江镇", "Manjiang"),
    ("220621120", "长白山保护开发区池西区", "Chixi, Changbaishan"),
    ("220621121", "长白山保护开发区池南区", "Chinan, Changbaishan"),
    ("220721108", "查干湖镇", "Chagan Lake Town"),
    ("222404101", "敬信镇", "Jingxin"),
    ("222426102", "二道白河镇", "Erdaobaihe"),
    ("222426120", "长白山保护开发区池北区", "Chibei, Changbaishan"),
)
# Zones that statistics count as divisions although GB/T 2260 does not know them.
_STATISTICAL = frozenset({"220172", "220621120", "220621121", "222426120"})
_DATUM_KNOWN_WGS84 = frozenset({"220172"})


def _level(code: str) -> DivisionLevel:
    if len(code) == 9:
        return "township"
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


DIVISIONS = (
    *(
        Division(
            code=code,
            name_zh=name,
            name_en=name_en,
            level=_level(code),
            parent_code=parent,
            is_statistical=code in _STATISTICAL,
            position=Position(latitude, longitude, "wgs84" if code in _DATUM_KNOWN_WGS84 else "gcj02"),
        )
        for code, name, name_en, parent, latitude, longitude in _COUNTY_AND_ABOVE
    ),
    *(
        Division(
            code=code,
            name_zh=name,
            name_en=name_en,
            level="township",
            parent_code=code[:6],
            is_statistical=code in _STATISTICAL,
        )
        for code, name, name_en in _TOWNSHIPS
    ),
)

_AUTHORITIES: tuple[tuple[str, str, str, Level, str | None], ...] = (
    (PROVINCE, "吉林省民政厅", "Jilin Department of Civil Affairs", "province", None),
    ("220100", "长春市民政局", "Changchun Civil Affairs Bureau", "prefecture", PROVINCE),
    ("220200", "吉林市民政局", "Jilin City Civil Affairs Bureau", "prefecture", PROVINCE),
    ("220300", "四平市民政局", "Siping Civil Affairs Bureau", "prefecture", PROVINCE),
    ("220500", "通化市民政局", "Tonghua Civil Affairs Bureau", "prefecture", PROVINCE),
    ("220600", "白山市民政局", "Baishan Civil Affairs Bureau", "prefecture", PROVINCE),
    ("220700", "松原市民政局", "Songyuan Civil Affairs Bureau", "prefecture", PROVINCE),
    ("222400", "延边州民政局", "Yanbian Civil Affairs Bureau", "prefecture", PROVINCE),
    # It reviews like a prefecture but is no division: its zones lie in 安图 and 抚松 by statistics only.
    ("changbaishan", "长白山管委会", "Changbaishan Administration", "prefecture", PROVINCE),
    ("220105", "二道区民政局", "Erdao Civil Affairs Bureau", "county", "220100"),
    ("220112", "双阳区民政局", "Shuangyang Civil Affairs Bureau", "county", "220100"),
    ("220172", "净月高新区民政局", "Jingyue Civil Affairs Bureau", "county", "220100"),
    ("220221", "永吉县民政局", "Yongji Civil Affairs Bureau", "county", "220200"),
    ("220323", "伊通县民政局", "Yitong Civil Affairs Bureau", "county", "220300"),
    ("220582", "集安市民政局", "Ji'an Civil Affairs Bureau", "county", "220500"),
    ("220621", "抚松县民政局", "Fusong Civil Affairs Bureau", "county", "220600"),
    ("220681", "临江市民政局", "Linjiang Civil Affairs Bureau", "county", "220600"),
    ("220721", "前郭县民政局", "Qian Gorlos Civil Affairs Bureau", "county", "220700"),
    ("222404", "珲春市民政局", "Hunchun Civil Affairs Bureau", "county", "222400"),
    ("222405", "龙井市民政局", "Longjing Civil Affairs Bureau", "county", "222400"),
)

JURISDICTIONS = tuple(
    Jurisdiction(code=code, name_zh=name, name_en=name_en, level=level, parent_code=parent)
    for code, name, name_en, level, parent in _AUTHORITIES
)
