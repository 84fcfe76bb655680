"""Refusals of the catalogue."""

from marketplace.kit.errors import DomainError


class MedicalClaim(DomainError):
    """A listing may not claim a medical effect (R32; 消保法 20): take the named words out."""

    code = "medical_claim"
    status = 422
    zh = "不得宣称医疗功效：{term}"
    en = "A listing may not claim a medical effect: {term}."


class BeyondLicensedBeds(DomainError):
    """The room types would sleep more guests than the institution has licensed beds (R34)."""

    code = "beyond_licensed_beds"
    status = 409
    zh = "房型合计 {beds} 床，超过核定 {licensed} 床"
    en = "The room types would have {beds} beds, and {licensed} are licensed."


class RoomTypeTaken(DomainError):
    """The institution already has a room type of this name."""

    code = "room_type_taken"
    status = 409
    zh = "已有同名房型"
    en = "The institution already has a room type of this name."


class UnsafePicture(DomainError):
    """The picture has something that a drawing does not need: scripts, links, styles, or no title."""

    code = "unsafe_picture"
    status = 422
    zh = "图片含有不允许的内容：{reason}"
    en = "The picture has something that is not allowed: {reason}."
