"""Become another program that the kernel ends when the parent dies, even by `kill -9`.

Run as a script, before the program itself: `python -I -S leash.py PARENT_PID SIGNAL USER PROGRAM ARGUMENT…`.
It is a program and not a `preexec_fn`, because code between fork and exec may deadlock in a parent that has threads.
It imports nothing of ours, so that it starts in some 30 ms and works for a user who cannot read the checkout.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def drop_to(user: str) -> None:
    """Give up root for an ordinary user, all groups included."""
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def die_with(parent: int, signal_number: int) -> None:
    """Ask the kernel for `signal_number` at the death of the parent; must come after any change of user, which clears it."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        # The parent died before the request was made, so the kernel will never send the signal.
        os._exit(0)


def main(arguments: list[str]) -> None:
    """Put on the leash and become the program."""
    parent, signal_number, user, *program = arguments
    if user:
        drop_to(user)
    die_with(int(parent), int(signal_number))
    os.execv(program[0], program)  # noqa: S606 - an argument list needs no shell.


if __name__ == "__main__":
    main(sys.argv[1:])
