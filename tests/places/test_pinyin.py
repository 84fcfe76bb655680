from marketplace.kit.text import grams, phrases, pinyin, query_grams
from seed.divisions import DIVISIONS
from seed.places import PLACES

COUNTIES = """
南关 nanguan 宽城 kuancheng 朝阳 chaoyang 二道 erdao 绿园 lvyuan 双阳 shuangyang 九台 jiutai 榆树 yushu 德惠 dehui
公主岭 gongzhuling 农安 nongan 昌邑 changyi 龙潭 longtan 船营 chuanying 丰满 fengman 蛟河 jiaohe 桦甸 huadian
舒兰 shulan 磐石 panshi 永吉 yongji 铁西 tiexi 铁东 tiedong 双辽 shuangliao 梨树 lishu 伊通 yitong 龙山 longshan
西安 xian 东丰 dongfeng 东辽 dongliao 东昌 dongchang 二道江 erdaojiang 梅河口 meihekou 集安 jian 通化 tonghua
辉南 huinan 柳河 liuhe 浑江 hunjiang 江源 jiangyuan 临江 linjiang 抚松 fusong 靖宇 jingyu 长白 changbai 宁江 ningjiang
扶余 fuyu 长岭 changling 乾安 qianan 前郭尔罗斯 qianguoerluosi 洮北 taobei 洮南 taonan 大安 daan 镇赉 zhenlai
通榆 tongyu 延吉 yanji 图们 tumen 敦化 dunhua 珲春 hunchun 龙井 longjing 和龙 helong 汪清 wangqing 安图 antu
"""
PREFECTURES = """
长春 changchun 吉林 jilin 四平 siping 辽源 liaoyuan 通化 tonghua 白山 baishan 松原 songyuan 白城 baicheng 延边 yanbian
"""
TOWNS = """
二道白河镇 erdaobaihezhen 松江河镇 songjianghezhen 东岗镇 donggangzhen 露水河镇 lushuihezhen 仙人桥镇 xianrenqiaozhen
漫江镇 manjiangzhen 太王镇 taiwangzhen 敬信镇 jingxinzhen 防川 fangchuan 莲花山 lianhuashan 劝农山镇 quannongshanzhen
四家乡 sijiaxiang 净月 jingyue 玉潭镇 yutanzhen 鹿乡镇 luxiangzhen 景台镇 jingtaizhen 查干湖 chaganhu 池西区 chixiqu
池南区 chinanqu 池北区 chibeiqu 长白山 changbaishan 长白山保护开发区池北区 changbaishanbaohukaifaquchibeiqu
"""


def pairs(text: str) -> list[tuple[str, str]]:
    words = text.split()
    return list(zip(words[::2], words[1::2], strict=True))


def test_jilin_names_are_read_as_they_are_said_there() -> None:
    names = pairs(COUNTIES + PREFECTURES + TOWNS)
    misread = [f"{name} is read {read}" for name, said in names if (read := "".join(pinyin(name))) != said]

    assert names
    assert not misread, "\n".join(misread)


def test_all_sixty_counties_are_tested() -> None:
    assert len(dict(pairs(COUNTIES))) == 60


def test_the_overrides_also_hold_inside_longer_names() -> None:
    for name, said in (("长白", "changbai"), ("长岭", "changling"), ("珲春", "hunchun")):
        for suffix in ("县", "市", "镇", "候鸟康养院"):
            assert "".join(pinyin(name + suffix)).startswith(said), name + suffix


def test_every_seeded_name_has_a_syllable_for_each_character() -> None:
    for name in [one.name_zh for one in (*DIVISIONS, *PLACES)]:
        han = [character for character in name if "一" <= character <= "鿿"]
        assert len(pinyin(name)) == len(han), name


def test_a_place_is_found_by_characters_by_pinyin_and_by_initials() -> None:
    stored = set(grams(names=["二道白河镇"], texts=[]))

    for asked in ("二道白河", "白河", "erdaobaihezhen", "baihe", "edbhz"):
        assert stored.issuperset(query_grams(asked)), asked
    assert not stored.issuperset(query_grams("白道"))


def test_only_runs_of_three_and_more_need_a_second_look() -> None:
    assert phrases("长白山 温泉 hot ２道白河") == ["道白河", "长白山"]
