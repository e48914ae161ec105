"""What the system says about a process (Linux)."""

import os
import pathlib

# SIGKILL and SIGSTOP cannot be blocked; glibc keeps 32 and 33 to itself.
BLOCKABLE = sum(1 << (number - 1) for number in range(1, 65) if number not in (9, 19, 32, 33))


def _status(path):
    lines = pathlib.Path(path, "status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines)


def resident(pid):
    """Resident memory in bytes, now."""
    return int(_status(f"/proc/{pid}")["VmRSS"].split()[0]) * 1024


def peak(pid):
    """The most resident memory since the start or since `reset_peak`, in bytes."""
    return int(_status(f"/proc/{pid}")["VmHWM"].split()[0]) * 1024


def reset_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def signals(pid):
    """Per thread: {thread id: (pending, blocked)} as masks; what is pending for the whole process counts for each."""
    masks = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        status = _status(f"/proc/{pid}/task/{task}")
        pending = int(status["SigPnd"], 16) | int(status["ShdPnd"], 16)
        masks[int(task)] = pending, int(status["SigBlk"], 16)
    return masks
