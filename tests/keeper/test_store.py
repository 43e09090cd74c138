"""Where books are kept: the same of a file and of Redis, and what only one of them can suffer."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from steelyard.keeper.books import State
from steelyard.keeper.settings import Settings
from steelyard.keeper.store import (
    SCHEMA,
    RedisStore,
    SqliteStore,
    StoreError,
    StoreLocked,
    StoreLost,
    open_store,
)
from tests.keeper.views import pending

FORK = multiprocessing.get_context("fork")


def with_nonces(count):
    state = State()
    for nonce in range(count):
        state = state.with_pending(pending(nonce, nonce=nonce))
    return state


@pytest.fixture(scope="session")
def redis_socket(tmp_path_factory):
    """A real server that writes every command to its disk before it answers."""
    if not shutil.which("redis-server"):
        pytest.skip("needs redis-server: apt-get install redis-server")
    folder = tmp_path_factory.mktemp("redis")
    socket = folder / "socket"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    server = subprocess.Popen(
        ["redis-server", *options, "--appendonly", "yes", "--appendfsync", "always"],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while not socket.exists():
        assert server.poll() is None and time.monotonic() < deadline, "redis-server did not start"
        time.sleep(0.02)
    yield socket
    server.kill()
    server.wait()


@pytest.fixture
def redis_url(redis_socket):
    import redis

    url = f"unix://{redis_socket}"
    redis.Redis.from_url(url).flushall()
    return url


@pytest.fixture(params=["sqlite", "redis"])
def opened(request, tmp_path):
    """Opens the same books, each time as another worker would."""
    if request.param == "sqlite":
        return lambda: SqliteStore(tmp_path / "folder" / "keeper.sqlite")
    url = request.getfixturevalue("redis_url")
    return lambda: RedisStore.connect(url, lease=5)


# ---------------------------------------------------------------- BOTH


def test_settings_say_where_the_books_are(tmp_path):
    assert isinstance(open_store(Settings(store=tmp_path / "books")), SqliteStore)
    with pytest.raises(StoreError, match="Redis: ConnectionError"):
        open_store(Settings(redis_url="redis://127.0.0.1:1/0"))


def test_new_books_are_empty(opened):
    assert opened().read() == State()


def test_what_is_saved_is_read_by_others_at_once(opened):
    with opened().locked() as ledger:
        assert ledger.state == State()
        for count in (1, 2):
            ledger.save(with_nonces(count))
            assert ledger.state == opened().read() == with_nonces(count)


def test_books_are_held_by_one_worker_at_a_time(opened):
    with opened().locked():
        with pytest.raises(StoreLocked, match="has had .* for 0.1 s"), opened().locked(0.1):
            pytest.fail("two workers hold the books")
        assert opened().read() == State()
    with opened().locked(0.1):
        pass


def test_waiting_worker_sees_what_the_other_has_saved(opened):
    seen, waits = [], threading.Event()

    def work():
        store = opened()
        waits.set()
        with store.locked() as ledger:
            seen.append(ledger.state)

    with opened().locked() as ledger:
        worker = threading.Thread(target=work)
        worker.start()
        waits.wait(10)
        ledger.save(with_nonces(3))
    worker.join(10)
    assert seen == [with_nonces(3)]


def test_books_are_let_go_of_after_an_error(opened):
    with suppress(ZeroDivisionError), opened().locked() as ledger:
        ledger.save(with_nonces(1))
        raise ZeroDivisionError
    with opened().locked(0.1) as ledger:
        assert ledger.state == with_nonces(1)


def test_nothing_is_saved_once_the_books_are_let_go_of(opened):
    with opened().locked() as ledger:
        pass
    with pytest.raises(StoreLost):
        ledger.save(with_nonces(1))
    assert opened().read() == State()


def test_workers_that_all_write_lose_nothing(opened):
    def work():
        store = opened()
        for _ in range(5):
            with store.locked(60) as ledger:
                ledger.save(with_nonces(len(ledger.state.pending) + 1))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert opened().read() == with_nonces(20)


# ---------------------------------------------------------------- THE FILE


def killed_at(path, statement, acknowledged):
    """Open the file and save three times; die before a statement, counted from one."""
    seen = 0

    def count(_):
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    connect = sqlite3.connect

    def traced(*args, **options):
        connection = connect(*args, **options)
        connection.set_trace_callback(count)
        return connection

    sqlite3.connect = traced
    with SqliteStore(path).locked() as ledger:
        for number in range(1, 4):
            ledger.save(with_nonces(number))
            acknowledged.send(number)


def test_process_killed_between_any_two_statements_loses_nothing_it_was_told_is_safe(tmp_path):
    for statement in range(1, 100):
        path = tmp_path / f"{statement}.sqlite"
        ours, theirs = FORK.Pipe(duplex=False)
        worker = FORK.Process(target=killed_at, args=(path, statement, theirs))
        worker.start()
        theirs.close()
        safe = 0
        with suppress(EOFError):
            while True:
                safe = ours.recv()
        worker.join()
        with SqliteStore(path).locked(0.1) as ledger:
            saved = len(ledger.state.pending)
            assert safe <= saved <= safe + 1
            ledger.save(with_nonces(9))
        if worker.exitcode == 0:
            break
        assert worker.exitcode == -signal.SIGKILL
    assert (safe, statement > 20) == (3, True)


def save_for_ever(path, acknowledged):
    with SqliteStore(path).locked() as ledger:
        for number in range(1, 10**6):
            ledger.save(with_nonces(number % 50))
            acknowledged.send(number)


@pytest.mark.parametrize("number", [1, 7, 23])
def test_process_killed_while_it_writes_leaves_sound_books(tmp_path, number):
    path = tmp_path / "keeper.sqlite"
    ours, theirs = FORK.Pipe(duplex=False)
    worker = FORK.Process(target=save_for_ever, args=(path, theirs))
    worker.start()
    theirs.close()
    while ours.recv() < number:
        pass
    worker.kill()
    worker.join()
    safe = number
    with suppress(EOFError):
        while True:
            safe = ours.recv()
    with SqliteStore(path).locked(0.1) as ledger:
        assert len(ledger.state.pending) in (safe % 50, (safe + 1) % 50)


def test_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "keeper.sqlite"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    assert str(caught.value) == (
        f"{path} is damaged, or no keeper's books: file is not a database"
        " (move it away and start again: the chain still knows what was sent)"
    )
    assert path.read_bytes() == b"something else" * 100


def test_damaged_file_is_refused(tmp_path):
    path = tmp_path / "keeper.sqlite"
    with SqliteStore(path).locked() as ledger:
        ledger.save(with_nonces(40))
    content = bytearray(path.read_bytes())
    content[5_000:9_000] = os.urandom(4_000)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged, or no keeper's books"):
        SqliteStore(path)


def edit(path, statement):
    with sqlite3.connect(path) as books:
        books.execute(statement)


def test_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "keeper.sqlite"
    edit(path, "CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is of another program"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_file_of_another_version_is_refused(tmp_path):
    path = tmp_path / "keeper.sqlite"
    SqliteStore(path)
    edit(path, f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(StoreError, match=r"is of version 2, not 1 \(use that version's keeper\)"):
        SqliteStore(path)


@pytest.mark.parametrize("state", ['{"pending": 3}', "{", '{"unknown": 1}'])
def test_books_that_make_no_sense_are_refused(tmp_path, state):
    path = tmp_path / "keeper.sqlite"
    SqliteStore(path)
    edit(path, f"UPDATE books SET state = '{state}'")
    with pytest.raises(StoreError, match="holds no keeper's books: 1 faults, the first at"):
        SqliteStore(path)


def test_file_without_books_is_refused(tmp_path):
    path = tmp_path / "keeper.sqlite"
    SqliteStore(path)
    edit(path, "DELETE FROM books")
    with pytest.raises(StoreError, match="it holds no books"):
        SqliteStore(path)


def test_save_over_somebody_elses_books_fails(tmp_path):
    path = tmp_path / "keeper.sqlite"
    with SqliteStore(path).locked() as ledger:
        ledger.save(with_nonces(1))
        (tmp_path / "keeper.sqlite.lock").unlink()  # as an operator might
        with SqliteStore(path).locked() as other:
            other.save(with_nonces(2))
        with pytest.raises(StoreLost, match="was written or taken by somebody else"):
            ledger.save(with_nonces(3))
        assert ledger.state == with_nonces(1)
    assert SqliteStore(path).read() == with_nonces(2)


def test_folder_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is damaged, or no keeper's books"):
        SqliteStore(tmp_path / "file" / "keeper.sqlite")


# ---------------------------------------------------------------- REDIS


def test_worker_whose_lease_ran_out_changes_nothing(redis_url):
    slow, quick = (RedisStore.connect(redis_url, lease=lease) for lease in (0.05, 5))
    with slow.locked() as ledger:
        with quick.locked() as other:  # as soon as the lease of the first has ended
            other.save(with_nonces(2))
            with pytest.raises(StoreLost, match="was written or taken by somebody else"):
                ledger.save(with_nonces(1))
        with pytest.raises(StoreLost):  # nor when nobody holds them
            ledger.save(with_nonces(1))
    assert quick.read() == with_nonces(2)


def test_worker_that_lost_its_lease_does_not_end_that_of_another(redis_url):
    slow, quick = (RedisStore.connect(redis_url, lease=lease) for lease in (0.05, 5))
    holding = slow.locked()
    holding.__enter__()
    with quick.locked():
        holding.__exit__(None, None, None)
        with pytest.raises(StoreLocked), quick.locked(0.1):
            pytest.fail("two workers hold the books")


def test_save_renews_the_lease(redis_url):
    import redis

    client = redis.Redis.from_url(redis_url)
    with RedisStore(client, lease=5).locked() as ledger:
        client.pexpire("steelyard:keeper:lock", 1_000)
        ledger.save(with_nonces(1))
        assert client.pttl("steelyard:keeper:lock") > 4_000
    assert client.exists("steelyard:keeper:lock") == 0


def test_books_of_several_keepers_are_apart(redis_url):
    one, other = (RedisStore.connect(redis_url, name) for name in ("one", "other"))
    with one.locked() as ledger, other.locked():
        ledger.save(with_nonces(1))
    assert (one.read(), other.read()) == (with_nonces(1), State())


def test_redis_books_that_make_no_sense_are_refused(redis_url):
    import redis

    client = redis.Redis.from_url(redis_url)
    client.hset("steelyard:keeper:books", mapping={"schema": 1, "revision": 1, "state": "{"})
    with pytest.raises(StoreError, match="steelyard:keeper:books holds no keeper's books"):
        RedisStore(client)
    client.hset("steelyard:keeper:books", "schema", 2)
    with pytest.raises(StoreError, match="is of version 2, not 1"):
        RedisStore(client)


def test_server_that_does_not_answer_is_an_error_without_its_password():
    with pytest.raises(StoreError) as caught:
        RedisStore.connect("redis://:swordfish@127.0.0.1:1/0")
    assert str(caught.value) == "Redis: ConnectionError (look whether the server is up)"


def test_a_folder_that_vanished_is_a_store_error(tmp_path):
    store = SqliteStore(tmp_path / "books" / "keeper.sqlite")
    shutil.rmtree(tmp_path / "books")
    with pytest.raises(StoreError, match="unable to open database file"), store.locked():
        pass
