"""Results that a page looks at, kept in memory for a while: as many as there is room for, the last used longest."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping

from ..formats.image import Micrograph

SECONDS = 3600.0  # that a result is kept unless others need its room


@dataclasses.dataclass(frozen=True)
class Result:
    """A scan and the images made of it, by name, with what was remarked."""

    images: Mapping[str, Micrograph]
    factor: int
    said: tuple[str, ...]
    seconds: float
    made_at: float = dataclasses.field(default_factory=time.time)
    identity: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(each.data.nbytes for each in self.images.values())


class Kept:
    """Results by their identity, which cannot be guessed."""

    def __init__(self, most_bytes: int):
        self._most = most_bytes
        self._results: OrderedDict[str, Result] = OrderedDict()

    def add(self, result: Result) -> Result:
        """Keep it, and let go of those for which there is no room then."""
        self._results[result.identity] = result
        while len(self._results) > 1 and sum(each.size for each in self._results.values()) > self._most:
            self._results.popitem(last=False)
        return result

    def __len__(self) -> int:
        """How many there are."""
        return len(self._results)

    def get(self, identity: str) -> Result | None:
        """The result, if it is still there."""
        for each in [each for each in self._results.values() if time.time() - each.made_at > SECONDS]:
            del self._results[each.identity]
        if identity in self._results:
            self._results.move_to_end(identity)
        return self._results.get(identity)

    def remove(self, identity: str) -> bool:
        """Whether it was there."""
        return self._results.pop(identity, None) is not None
