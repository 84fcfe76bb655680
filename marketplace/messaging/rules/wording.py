"""How a message is made of its words: facts as people say them, in the language of the reader."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from marketplace.identity.rules import e164
from marketplace.kit.money import yuan
from marketplace.messaging.rules.steps import step_name

SMS_LENGTH_MAX = 70
Language = Literal["zh", "en"]
Fact = str | int | date | None
_READS_CHINESE = ("+86", "+852", "+853", "+886")


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    MAIL = "mail"


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a message, ready to be sent."""

    subject: str | None
    text: str


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of message.

    Facts that end in ``amount`` are fen, dates are written as people say them, and ``phone`` becomes a sentence, or
    nothing when it is not known.
    """

    name: str
    channel: Channel = Channel.SMS
    zh: str
    en: str
    subject_zh: str | None = None
    subject_en: str | None = None

    def render(self, facts: Mapping[str, Fact], *, language: Language) -> Text:
        """Fill in the facts."""
        zh, en = _words(facts, "zh"), _words(facts, "en")
        if self.channel is Channel.MAIL:
            subject = f"{self.subject_zh} · {self.subject_en}"
            return Text(subject=subject, text=f"{self.zh.format(**zh)}\n\n{self.en.format(**en)}")
        return Text(
            subject=None,
            text=f"【候鸟】{self.zh.format(**zh)}" if language == "zh" else f"[Houniao] {self.en.format(**en)}",
        )


def language_of(phone: str) -> Language:
    """Return the language for a telephone number in E.164: Chinese for the numbers of China, English elsewhere."""
    return "zh" if phone.startswith(_READS_CHINESE) else "en"


def address(to: str) -> str:
    """Return a telephone number as E.164, or a mail address in lower case: the form in which readers are found."""
    if "@" in to:
        return unicodedata.normalize("NFKC", to).strip().casefold()
    return e164(to) or to.strip()


def _words(facts: Mapping[str, Fact], language: Language) -> dict[str, str]:
    words = {}
    for name, fact in facts.items():
        if isinstance(fact, date):
            words[name] = f"{fact.month}月{fact.day}日" if language == "zh" else fact.isoformat()
        elif isinstance(fact, int) and name.endswith("amount"):
            words[name] = yuan(fact)
        elif name == "step":
            words[name] = step_name(str(fact), language)
        elif name == "phone":
            words[name] = _telephone(fact, language)
        else:
            words[name] = str(fact)
    return words


def _telephone(phone: Fact, language: Language) -> str:
    if phone is None:
        return ""
    return f"机构电话 {phone}。" if language == "zh" else f" The institution's telephone: {phone}."
