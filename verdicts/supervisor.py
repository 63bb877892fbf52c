"""Keeps programs running: starts again what dies, and ends them all with itself.

Every program leads a process group of its own, so that a terminal's Ctrl-C reaches the supervisor
alone and what a program leaves behind can be ended with it. On Linux the kernel ends the
programs when the supervisor is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from signal import Signals

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
# A program that ran this long was well; its next end starts from the first pause.
WELL_AFTER = 30.0
LONGEST_LINE = 1_000_000

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


@dataclass(frozen=True, kw_only=True)
class Program:
    """One thing to keep running."""

    name: str
    command: Sequence[str | os.PathLike[str]]
    environment: Mapping[str, str] | None = None
    # The account to run as; None leaves it as it is.
    user: int | None = None
    group: int | None = None
    # An open file for everything that it prints; None shows it line by line, with its name.
    output: int | None = None
    inherited: tuple[int, ...] = ()
    # What asks it to end, how long it may take, and what the kernel sends if we are killed.
    stop: Signals = Signals.SIGTERM
    grace: float = 10.0
    orphaned: Signals = Signals.SIGTERM


class Supervisor:
    """Programs in the order of their start; they are ended in the opposite one."""

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self._say = say
        self._keepers: list[tuple[Program, asyncio.Task[None]]] = []
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._leaving: set[str] = set()

    async def keep(self, program: Program) -> None:
        """Returns when the program has been started; it is kept running from now on."""
        started = asyncio.Event()
        task = asyncio.create_task(self._keep(program, started))
        self._keepers.append((program, task))
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            task.result()

    async def end(self, *, politely: bool = True) -> None:
        """Ends every program and all that it started; the last one started goes first."""
        for program, _ in self._keepers:
            self._leaving.add(program.name)
        for program, task in reversed(self._keepers):
            process = self._processes.get(program.name)
            if process is None or process.returncode is not None:
                task.cancel()
            elif politely:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(program.stop)
            else:
                kill_group(process.pid)
            _, late = await asyncio.wait({task}, timeout=program.grace)
            if late and process:
                self._say(f"{program.name} took longer than {program.grace:g} s and was killed")
                kill_group(process.pid)
                await asyncio.wait({task})

    async def _keep(self, program: Program, started: asyncio.Event) -> None:
        clock = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while program.name not in self._leaving:
            since = clock.time()
            hear, tell = os.pipe() if program.output is None else (-1, program.output)
            try:
                process = await start(program, output=tell)
            finally:
                if hear >= 0:
                    os.close(tell)
            self._processes[program.name] = process
            started.set()
            showing = asyncio.create_task(self._show(program.name, hear))
            code = await process.wait()
            # Before its output ends: what it started may have it open too.
            kill_group(process.pid)
            await showing
            if program.name in self._leaving:
                return
            if clock.time() - since > WELL_AFTER:
                pause = FIRST_PAUSE
            self._say(f"{program.name} ended ({in_words(code)}); started again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _show(self, name: str, hear: int) -> None:
        if hear < 0:
            return
        reader = asyncio.StreamReader(limit=LONGEST_LINE)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(hear, "rb")
        )
        with contextlib.closing(transport):
            while not reader.at_eof():
                # A line too long to be one is dropped.
                with contextlib.suppress(ValueError):
                    if line := await reader.readline():
                        self._say(f"{name} | {line.decode(errors='replace').rstrip()}")


async def start(program: Program, *, output: int) -> asyncio.subprocess.Process:
    """The program in a session of its own, which the kernel ends when this process is gone.

    `output` is an open file and not asyncio's PIPE: that would take a program for running as long
    as anything that it started has the pipe open.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(program.orphaned))
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return await asyncio.create_subprocess_exec(
        *program.command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
        env=program.environment,
        user=program.user,
        group=program.group,
        extra_groups=[] if program.user is not None else None,
        pass_fds=program.inherited,
        start_new_session=True,
        preexec_fn=die_with_parent if sys.platform == "linux" else None,
    )


def kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def in_words(code: int) -> str:
    """How a program ended: 'exit code 1', 'SIGKILL'."""
    return Signals(-code).name if code < 0 else f"exit code {code}"
