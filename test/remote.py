"""A file system whose files are far away: it counts calls, and can be made to behave badly."""

import io
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from fsspec import AbstractFileSystem

Hook = Callable[[str, str, int], None]


class Remote(AbstractFileSystem):
    """Files in memory. DuckDB takes those of the protocol `s3` to be remote, and caches them."""

    protocol: ClassVar[str] = "far"
    cachable = False

    def __init__(self, protocol: str = "far", delay: float = 0) -> None:
        super().__init__()
        self.protocol = protocol  # type: ignore[misc]
        self.delay = delay
        self.files: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self.read_from: set[str] = set()
        self.hook: Hook = lambda _call, _path, _place: None
        self.lock = threading.Lock()

    def note(self, call: str, path: str, place: int = 0) -> None:
        """A call that goes over the network."""
        with self.lock:
            self.calls[call] += 1
        time.sleep(self.delay)
        self.hook(call, path, place)

    def _strip_protocol(self, path: str) -> str:  # type: ignore[override]
        return path.removeprefix(f"{self.protocol}://")

    def unstrip_protocol(self, name: str) -> str:
        return f"{self.protocol}://{self._strip_protocol(name)}"

    def open(self, path: str, mode: str = "rb", **_: Any) -> "RemoteFile":  # type: ignore[override]
        self.note("open", path)
        return RemoteFile(self, self._strip_protocol(path))

    def size(self, path: str) -> int:
        self.note("size", path)
        return len(self.files[self._strip_protocol(path)])

    def modified(self, path: str) -> datetime:
        self.note("modified", path)
        return datetime(2020, 1, 1, tzinfo=UTC)

    def exists(self, path: str, **_: Any) -> bool:
        return self._strip_protocol(path) in self.files

    isfile = exists

    def glob(self, path: str, **_: Any) -> list[str]:  # type: ignore[override]
        folder = self._strip_protocol(path).split("*")[0]
        return sorted(name for name in self.files if name.startswith(folder))


class RemoteFile(io.RawIOBase):
    """A file that is open."""

    def __init__(self, remote: Remote, path: str) -> None:
        super().__init__()
        self.remote, self.path, self.place = remote, path, 0

    def read(self, size: int = -1) -> bytes:
        self.remote.note("read", self.path, self.place)
        content = self.remote.files[self.path][self.place :][: size if size >= 0 else None]
        self.place += len(content)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset != self.place:
            self.remote.hook("seek", self.path, offset)
        assert whence == io.SEEK_SET
        self.place = offset
        return offset

    def tell(self) -> int:
        return self.place

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


class Together:
    """Holds each call for a while, until so many of them go on at once."""

    def __init__(self, call: str, count: int, patience: float = 0.5) -> None:
        self.call, self.count, self.patience = call, count, patience
        self.now, self.met, self.changed = 0, False, threading.Condition()

    def __call__(self, call: str, _path: str, _place: int) -> None:
        if call != self.call:
            return
        with self.changed:
            self.now += 1
            self.met |= self.now >= self.count
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.met, timeout=self.patience)
            self.now -= 1
