"""Why a photo is not taken, not found or not free."""

from __future__ import annotations

from app.kernel.errors import Invalid, NotFound, TooLarge, UnsupportedMedia


class PhotoNotFound(NotFound):
    """No photo has this id, or the caller may not know that it exists."""

    slug = "photo-not-found"


class PhotoMissing(Invalid):
    """The form holds no photo, or an empty one."""

    slug = "photo-missing"

    def __init__(self) -> None:
        super().__init__(fields={"photo": ["photo-missing"]})


class UnsupportedPhoto(UnsupportedMedia):
    """Neither JPEG nor PNG nor WebP: HEIC, SVG, HTML, anything else."""

    slug = "unsupported-photo"


class PhotoTooLarge(TooLarge):
    """More bytes than a photo may have."""

    slug = "photo-too-large"


class PhotoTooManyPixels(Invalid):
    """More pixels than will be decoded; known from the header, before anything is unpacked."""

    slug = "photo-too-many-pixels"

    def __init__(self, megapixels: int) -> None:
        super().__init__(fields={"photo": ["photo-too-many-pixels"]}, max_megapixels=megapixels)


class PhotoUnreadable(Invalid):
    """It begins like a picture but cannot be read to its end."""

    slug = "photo-unreadable"

    def __init__(self) -> None:
        super().__init__(fields={"photo": ["photo-unreadable"]})


class PhotoNotFree(Invalid):
    """A photo that is not the sender's own, or that belongs to something else already."""

    slug = "photo-not-free"

    def __init__(self) -> None:
        super().__init__(fields={"photo_ids": ["photo-not-free"]})
