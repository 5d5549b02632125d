"""Starts programs for the runner and tells what became of them: one JSON request a line in, one answer a line out.

A process of its own, started while it is small: Linux counts the memory of the process that forks into the child's peak.
Request {id, command, environment, stdout, stderr, timeout}; answer {id, status, signal, seconds, rss_kb, late}.
"""
import json
import os
import signal
import sys
import threading
import time

lock = threading.Lock()


def run(request):
    begun = time.monotonic()
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
    for fd, key in ((1, "stdout"), (2, "stderr")):
        actions.append((os.POSIX_SPAWN_OPEN, fd, request[key], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))
    pid = os.posix_spawnp(request["command"][0], request["command"], request["environment"], file_actions=actions,
                          setpgroup=0)
    late = threading.Event()

    def kill():
        late.set()
        os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(request["timeout"], kill)
    timer.start()
    _, status, usage = os.wait4(pid, 0)
    timer.cancel()
    answer = {"id": request["id"], "status": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
              "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None, "rss_kb": usage.ru_maxrss,
              "cpu": usage.ru_utime + usage.ru_stime, "seconds": time.monotonic() - begun, "late": late.is_set()}
    with lock:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


for text in sys.stdin:
    threading.Thread(target=run, args=(json.loads(text),)).start()
