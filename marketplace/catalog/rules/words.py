"""The closed vocabularies of a listing, in both languages; partners filter by the codes."""

from collections.abc import Collection, Mapping

import msgspec

from marketplace.kit.errors import invalid


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """A code of a vocabulary. ``needs_physician``: offered only after a physician's advice, never as leisure."""

    code: str
    name: str
    name_en: str
    needs_physician: bool = False


def _words(*words: Word) -> Mapping[str, Word]:
    return {word.code: word for word in words}


# Radon baths are physician-gated: public radiation authorities advise against them for mere wellness.
SERVICES = _words(
    Word(code="radon_spring", name="氡泉", name_en="Radon spring", needs_physician=True),
    Word(code="hot_spring", name="温泉", name_en="Hot spring"),
    Word(code="tcm", name="中医理疗", name_en="Traditional Chinese therapy"),
    Word(code="medical_care", name="医养结合", name_en="Medical and nursing care"),
    Word(code="rehabilitation", name="康复训练", name_en="Rehabilitation"),
    Word(code="dementia_care", name="失智照护", name_en="Dementia care"),
    Word(code="companion_care", name="陪护", name_en="Companion care"),
    Word(code="meals", name="营养配餐", name_en="Meals by dietary need"),
    Word(code="old_age_university", name="老年大学", name_en="University of the third age"),
    Word(code="transfer", name="接送站", name_en="Station and airport transfer"),
    Word(code="day_trips", name="慢游", name_en="Unhurried day trips"),
    Word(code="family_stay", name="亲友同住", name_en="Family co-stay"),
)

# BCP 47 tags of what is spoken to guests.
LANGUAGES = _words(
    Word(code="zh", name="普通话", name_en="Mandarin"),
    Word(code="yue", name="粤语", name_en="Cantonese"),
    Word(code="wuu", name="吴语", name_en="Wu"),
    Word(code="nan", name="闽南语", name_en="Southern Min"),
    Word(code="ko", name="朝鲜语", name_en="Korean"),
    Word(code="ru", name="俄语", name_en="Russian"),
    Word(code="ja", name="日语", name_en="Japanese"),
    Word(code="en", name="英语", name_en="English"),
)

BARRIER_FREE = _words(
    Word(code="step_free_entrance", name="无台阶入口", name_en="Step-free entrance"),
    Word(code="lift", name="电梯", name_en="Lift"),
    Word(code="grab_rails", name="全程扶手", name_en="Grab rails throughout"),
    Word(code="call_bell", name="紧急呼叫", name_en="Call bell"),
    Word(code="roll_in_shower", name="无障碍淋浴", name_en="Roll-in shower"),
    Word(code="wheelchair_rooms", name="轮椅客房", name_en="Wheelchair rooms"),
    Word(code="large_print", name="大字标识", name_en="Large-print signs"),
    Word(code="night_lights", name="感应夜灯", name_en="Motion night lights"),
)


def check_words(codes: Collection[str], vocabulary: Mapping[str, Word], *, field: str) -> None:
    """Refuse codes that the vocabulary does not have, and repeated ones. Refuses: Invalid."""
    unknown = sorted(set(codes) - set(vocabulary))
    if unknown:
        raise invalid(field, zh=f"未知代码 {unknown[0]}", en=f"Unknown code {unknown[0]}.")
    if len(set(codes)) != len(codes):
        raise invalid(field, zh="代码重复", en="A code is repeated.")


def codes_and_names(vocabulary: Mapping[str, Word]) -> dict[str, str]:
    """Map every code, Chinese and English name to its code, for suggestions."""
    found = {code: code for code in vocabulary}
    for word in vocabulary.values():
        found |= {word.name: word.code, word.name_en.casefold(): word.code}
    return found
