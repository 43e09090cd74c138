"""Where a keeper's books are kept: one file, or a Redis server that several workers share.

Both work the same. `locked()` gives one worker at a time the books; `save()` returns when what it
wrote is safe, so that a transaction which is saved before it is sent is never forgotten, whatever
kills the process. A save that would overwrite somebody else's fails: nobody writes twice.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from steelyard.errors import SteelyardError
from steelyard.keeper.books import State
from steelyard.keeper.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

SCHEMA = 1
"""Version of what is stored."""

PATIENCE = 10.0
"""How long the lock is waited for, seconds."""

_POLL = 0.05
_APPLICATION = 0x53544C59  # "STLY" in the header of the file
_FOUND_AGAIN = "the chain still knows what was sent"


class StoreError(SteelyardError):
    """The books cannot be read or written."""


class StoreLocked(StoreError):
    """Another worker has had the books for too long."""


class StoreLost(StoreError):
    """Somebody else has written, or the lease has run out: nothing was saved."""


class Ledger:
    """The books, held by one worker.

    Attributes:
        state: As they are saved.
    """

    def __init__(self, state: State, write: Callable[[State], None]) -> None:
        """Hold books.

        Args:
            state: As they are saved.
            write: Saves others in their place.
        """
        self.state = state
        self._write: Callable[[State], None] | None = write

    def save(self, state: State) -> None:
        """Put other books in place of these; they are safe when this returns.

        Args:
            state: What to keep.

        Raises:
            StoreLost: These are not the books of this worker any more; nothing was saved.
            StoreError: They could not be written.
        """
        if self._write is None:
            raise _lost("what a worker has let go of")
        self._write(state)
        self.state = state

    def close(self) -> None:
        """Let go of the books: nothing more is saved."""
        self._write = None


class Store(Protocol):
    """Where books are kept."""

    def read(self) -> State:
        """Return the books as they are saved, whoever holds them."""

    def locked(self, patience: float = PATIENCE) -> AbstractContextManager[Ledger]:
        """Hold the books while the context lasts.

        Args:
            patience: How long to wait for them, seconds.

        Raises:
            StoreLocked: Another worker has them.
        """


class SqliteStore:
    """Books in one SQLite file; the lock is one of the system and dies with its process.

    The lock is a file of its own, `<name>.lock`: a transaction of the books that stayed open would
    lose with the process what was to be safe. Each save is a whole transaction, synced to the disk.
    """

    def __init__(self, path: Path | str) -> None:
        """Open a file, or make it.

        Args:
            path: Where it is.

        Raises:
            StoreError: It is damaged, of another program, or of a newer version.
        """
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect(self.path)) as books:
                self._prepare(books)
        except (sqlite3.Error, OSError) as error:
            raise self._damaged(error) from error
        self.read()

    def read(self) -> State:
        """Return the books as they are saved, whoever holds them."""
        return self._read()[0]

    @contextmanager
    def locked(self, patience: float = PATIENCE) -> Iterator[Ledger]:
        """Hold the books while the context lasts.

        Args:
            patience: How long to wait for them, seconds.

        Raises:
            StoreLocked: Another worker has them.
        """
        beside = self.path.with_name(f"{self.path.name}.lock")
        try:
            connection = sqlite3.connect(beside, timeout=patience, isolation_level=None)
        except sqlite3.Error as error:  # no folder, or no more open files
            raise self._damaged(error) from error
        with closing(connection) as lock:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error as error:
                if error.sqlite_errorname == "SQLITE_BUSY":
                    raise _held(str(self.path), patience) from error
                raise self._damaged(error) from error
            state, revision = self._read()

            def write(state: State) -> None:
                nonlocal revision
                self._write(state, revision)
                revision += 1

            ledger = Ledger(state, write)
            try:
                yield ledger
            finally:
                ledger.close()

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        """No transactions but those asked for, no journal that outlives them, all synced."""
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        connection.execute("PRAGMA synchronous = EXTRA")
        return connection

    def _prepare(self, books: sqlite3.Connection) -> None:
        """Check whose the file is, and make the table in a new one."""
        books.execute("BEGIN IMMEDIATE")
        (version,) = books.execute("PRAGMA user_version").fetchone()
        (application,) = books.execute("PRAGMA application_id").fetchone()
        (tables,) = books.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables == 0:
            books.execute(f"PRAGMA application_id = {_APPLICATION}")
            books.execute(f"PRAGMA user_version = {SCHEMA}")
            books.execute(
                "CREATE TABLE books (id INTEGER PRIMARY KEY CHECK (id = 1),"
                " revision INTEGER NOT NULL, state TEXT NOT NULL)"
            )
            books.execute("INSERT INTO books VALUES (1, 0, ?)", (State().model_dump_json(),))
        elif application != _APPLICATION:
            raise StoreError(f"{self.path} is of another program", "choose another file")
        elif version != SCHEMA:
            raise _of_version(str(self.path), version)
        books.execute("COMMIT")
        (sound,) = books.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise self._damaged(sound)

    def _read(self) -> tuple[State, int]:
        try:
            with closing(self._connect(self.path)) as books:
                row = books.execute("SELECT revision, state FROM books").fetchone()
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        if row is None:
            raise self._damaged("it holds no books")
        return _parse(row[1], str(self.path)), int(row[0])

    def _write(self, state: State, revision: int) -> None:
        """Replace books of a revision; one transaction."""
        try:
            with closing(self._connect(self.path)) as books:
                books.execute("BEGIN IMMEDIATE")
                done = books.execute(
                    "UPDATE books SET revision = revision + 1, state = ? WHERE revision = ?",
                    (state.model_dump_json(), revision),
                )
                if done.rowcount != 1:
                    raise _lost(str(self.path))
                books.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} was not written: {error}", "look at the disk") from error

    def _damaged(self, error: object) -> StoreError:
        return StoreError(
            f"{self.path} is damaged, or no keeper's books: {error}",
            f"move it away and start again: {_FOUND_AGAIN}",
        )


# Fencing: who has not the lock's token any more, or read other books, changes nothing.
_SAVE = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local revision = redis.call('HGET', KEYS[1], 'revision') or '0'
if revision ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'schema', ARGV[3], 'revision', ARGV[2] + 1, 'state', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class RedisStore:
    """Books on a Redis server, under a lease that ends by itself when its worker has died.

    A worker that was stopped for longer than its lease finds out when it saves: the save checks
    the lease's token and fails. Every save renews the lease. What a save returned for survives the
    server's end only if that is told to write every command (`appendfsync always`).
    """

    def __init__(self, client: Redis, name: str = "keeper", lease: float = 60.0) -> None:
        """Use a server.

        Args:
            client: Of the server; must not decode responses.
            name: Of the books: others may keep theirs on the same server.
            lease: How long a dead worker holds the books, seconds.

        Raises:
            StoreError: The server does not answer, or its books cannot be read.
        """
        self._client: Any = client
        self._books, self._lock = f"steelyard:{name}:books", f"steelyard:{name}:lock"
        self._lease = int(lease * 1_000)
        self.read()

    @classmethod
    def connect(cls, url: str, name: str = "keeper", lease: float = 60.0) -> RedisStore:
        """Connect to a server.

        Args:
            url: redis://..., with the password if it has one.
            name: Of the books.
            lease: How long a dead worker holds the books, seconds.

        Raises:
            StoreError: The Redis client is missing, or the server does not answer.
        """
        try:
            import redis
        except ImportError as error:
            raise StoreError("no Redis client", "pip install 'steelyard[redis]'") from error
        return cls(redis.Redis.from_url(url, socket_timeout=5.0), name, lease)

    def read(self) -> State:
        """Return the books as they are saved, whoever holds them."""
        return self._read()[0]

    @contextmanager
    def locked(self, patience: float = PATIENCE) -> Iterator[Ledger]:
        """Hold the books while the context lasts, or until the lease ends.

        Args:
            patience: How long to wait for them, seconds.

        Raises:
            StoreLocked: Another worker has them.
        """
        token = secrets.token_hex(16)
        self._acquire(token, patience)
        try:
            state, revision = self._read()

            def write(state: State) -> None:
                nonlocal revision
                self._write(state, revision, token)
                revision += 1

            ledger = Ledger(state, write)
            try:
                yield ledger
            finally:
                ledger.close()
        finally:
            self._ask(lambda client: client.eval(_RELEASE, 1, self._lock, token))

    def _acquire(self, token: str, patience: float) -> None:
        deadline = time.monotonic() + patience
        while not self._ask(lambda c: c.set(self._lock, token, nx=True, px=self._lease)):
            if time.monotonic() >= deadline:
                raise _held(self._books, patience)
            time.sleep(_POLL)

    def _read(self) -> tuple[State, int]:
        fields = self._ask(lambda c: c.hmget(self._books, "schema", "revision", "state"))
        schema, revision, state = fields
        if state is None:
            return State(), 0
        if int(schema) != SCHEMA:
            raise _of_version(self._books, int(schema))
        return _parse(state, self._books), int(revision)

    def _write(self, state: State, revision: int, token: str) -> None:
        text = state.model_dump_json()
        values = (token, revision, SCHEMA, text, self._lease)
        if not self._ask(lambda c: c.eval(_SAVE, 2, self._books, self._lock, *values)):
            raise _lost(self._books)

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        """Ask the server; whatever goes wrong is a StoreError, without the server's address."""
        from redis import RedisError

        try:
            return question(self._client)
        except RedisError as error:
            kind = type(error).__name__
            raise StoreError(f"Redis: {kind}", "look whether the server is up") from error


def open_store(settings: Settings) -> Store:
    """Return the books that the settings name: on a Redis server if they name one, else a file.

    Args:
        settings: Of the keeper.

    Raises:
        StoreError: They cannot be opened.
    """
    if settings.redis_url is None:
        return SqliteStore(settings.store)
    url = settings.redis_url.get_secret_value()
    return RedisStore.connect(url, lease=settings.redis_lease)


def _parse(text: str | bytes, where: str) -> State:
    try:
        return State.model_validate_json(text)
    except ValidationError as error:
        raise StoreError(
            f"{where} holds no keeper's books: {error.error_count()} faults, the first at "
            f"{'.'.join(map(str, error.errors()[0]['loc']))}",
            f"move them away and start again: {_FOUND_AGAIN}",
        ) from error


def _held(where: str, patience: float) -> StoreLocked:
    return StoreLocked(
        f"another worker has had {where} for {patience:g} s", "is a second keeper running?"
    )


def _lost(where: str) -> StoreLost:
    return StoreLost(
        f"{where} was written or taken by somebody else", "nothing was saved: begin anew"
    )


def _of_version(where: str, version: int) -> StoreError:
    return StoreError(f"{where} is of version {version}, not {SCHEMA}", "use that version's keeper")
