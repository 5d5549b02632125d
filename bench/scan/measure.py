"""Processes measured: processor, memory, and what they wrote."""
import json
import os
import subprocess
import threading
import time


class Spent:
    """One finished process: seconds, processor seconds, memory in MB over time."""

    def __init__(self, status, wall, usage, memory, peak_mb):
        self.status, self.wall = status, wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mb = peak_mb
        self.memory = memory  # [(second, MB)]

    def memory_at(self, second):
        """Memory at a moment; None when it had ended before."""
        later = [mb for at, mb in self.memory if at >= second]
        return later[0] if later else None

    def memory_end(self):
        return max((mb for _, mb in self.memory[-5:]), default=0.0)


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1048576
    except (OSError, IndexError):
        return 0.0


def peak(pid):
    """The most it ever had. (What wait4 tells counts the memory of this program, which forked it.)"""
    try:
        with open(f"/proc/{pid}/status") as f:
            return next((int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM:")), 0.0)
    except OSError:
        return 0.0


def run(command, out="/dev/null", err="/dev/null", env=None, meanwhile=None, seconds=3600):
    """Run to the end. meanwhile(pid) runs beside it in a thread."""
    began = time.monotonic()
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=env)
    memory, over, most = [], threading.Event(), [0.0]

    def watch():
        while not over.wait(0.25):
            mb = resident(process.pid)
            if mb > 0:
                memory.append((time.monotonic() - began, mb))
                most[0] = max(most[0], peak(process.pid))
            if time.monotonic() - began > seconds:
                process.kill()

    threads = [threading.Thread(target=watch, daemon=True)]
    if meanwhile is not None:
        threads.append(threading.Thread(target=meanwhile, args=(process.pid,), daemon=True))
    for thread in threads:
        thread.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = status
    over.set()
    threads[0].join()
    return Spent(os.waitstatus_to_exitcode(status), wall, usage, memory, most[0])


def bound(program, *words):
    """What a bare loop says about itself."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bounds {' '.join(map(str, words))}: {done.stderr}")
    return json.loads(done.stdout)
