"""Chinese text search without an extension: unigrams and bigrams of Han text, pinyin, and Latin words.

Two-character words carry most Chinese queries, and trigram indexes cannot serve them; an array of grams under GIN
can, exactly. ``grams`` makes what is stored, ``query_grams`` what a stored row must contain to match.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from types import ModuleType

# One line that begins with something to read: it is shown to others, and sent by SMS.
LINE = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

# pypinyin reads these Jilin place names as if they were ordinary words; here is how people say them.
PINYIN_OVERRIDES: dict[str, tuple[str, ...]] = {
    "珲春": ("hun", "chun"),
    "长白": ("chang", "bai"),
    "长岭": ("chang", "ling"),
    "长白山": ("chang", "bai", "shan"),
    "长春": ("chang", "chun"),
    "查干湖": ("cha", "gan", "hu"),
    "乾安": ("qian", "an"),
    "桦甸": ("hua", "dian"),
    "洮南": ("tao", "nan"),
    "蛟河": ("jiao", "he"),
    "磐石": ("pan", "shi"),
    "浑江": ("hun", "jiang"),
    "镇赉": ("zhen", "lai"),
    "扶余": ("fu", "yu"),
    "露水河": ("lu", "shui", "he"),
    "敬信": ("jing", "xin"),
    "朝阳": ("chao", "yang"),
    "朝阳区": ("chao", "yang", "qu"),
    "图们": ("tu", "men"),
    "太王": ("tai", "wang"),
    "劝农山": ("quan", "nong", "shan"),
    "抚松": ("fu", "song"),
    "二道白河": ("er", "dao", "bai", "he"),
    "东岗": ("dong", "gang"),
    "漫江": ("man", "jiang"),
}

_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_WORD = re.compile(r"[a-z0-9]+")


@cache
def _reader() -> ModuleType:
    """Load the dictionary when the first name is read: it is half a second that searching never needs."""
    import pypinyin  # noqa: PLC0415 - see above.
    from pypinyin.constants import PHRASES_DICT  # noqa: PLC0415
    from pypinyin.seg import mmseg  # noqa: PLC0415

    # As load_phrases_dict does, which would also learn the whole dictionary a second time.
    PHRASES_DICT.update({phrase: [[syllable] for syllable in said] for phrase, said in PINYIN_OVERRIDES.items()})
    mmseg.seg.train(iter(PINYIN_OVERRIDES))
    return pypinyin


def normalise(text: str) -> str:
    """Fold width, case and spacing, so that ＡＢ and ab are one."""
    return unicodedata.normalize("NFKC", text).casefold()


def pinyin(text: str) -> list[str]:
    """Return the syllables of ``text`` as said in Jilin, without tones."""
    reader = _reader()
    syllables: list[str] = reader.lazy_pinyin(text, style=reader.Style.NORMAL, errors="ignore")
    return syllables


def grams(*, names: list[str], texts: list[str]) -> list[str]:
    """Return the grams of a row: names also by pinyin and initials, other text by characters and words only."""
    found: set[str] = set()
    for text in [*names, *texts]:
        found |= _han_grams(text) | set(_WORD.findall(normalise(text)))
    for name in names:
        for run in _HAN.findall(name):
            syllables = pinyin(run)
            found |= {"".join(syllables), "".join(s[0] for s in syllables if s)}
            found |= {a + b for a, b in pairwise(syllables)} | set(syllables)
    return sorted(found)


def query_grams(text: str) -> list[str]:
    """Return the grams that every match of ``text`` contains; empty when there is nothing to search by."""
    found = set(_WORD.findall(normalise(text)))
    for run in _HAN.findall(normalise(text)):
        found |= {run} if len(run) == 1 else {a + b for a, b in pairwise(run)}
    return sorted(found)


def phrases(text: str) -> list[str]:
    """Return the Han runs of three and more characters: bigrams alone would also match their parts apart."""
    return sorted({run for run in _HAN.findall(normalise(text)) if len(run) >= 3})


def _han_grams(text: str) -> set[str]:
    found: set[str] = set()
    for run in _HAN.findall(normalise(text)):
        found |= set(run) | {a + b for a, b in pairwise(run)}
    return found
