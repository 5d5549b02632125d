"""Runs the program over the rows, several at a time, and says what differs."""
import json
import os
import queue
import subprocess
import sys
import threading

from . import catalogue
from .judge import Judge, control_octets
from .lab import HERE, PYTHON

FORMATS = ("text", "markdown", "csv", "html")


class Launcher:
    def __init__(self):
        self.process = subprocess.Popen([PYTHON, "-S", "-E", os.path.join(HERE, "launch.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.answers = {}
        self.count = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            self.answers.pop(answer["id"]).put(answer)

    def run(self, command, environment, stdout, stderr, timeout):
        box = queue.Queue()
        with self.lock:
            self.count += 1
            self.answers[self.count] = box
            self.process.stdin.write(json.dumps({"id": self.count, "command": command, "environment": environment,
                                                 "stdout": stdout, "stderr": stderr, "timeout": timeout}) + "\n")
            self.process.stdin.flush()
        return box.get()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def sanitized(program):
    """The program runs under AddressSanitizer: it takes more memory and time."""
    text = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return "libasan" in text or "libclang_rt.asan" in text


class Runner:
    def __init__(self, lab, launcher, program, root, workers, verbose):
        self.lab = lab
        self.launcher = launcher
        self.program = program
        self.workers = workers
        self.verbose = verbose
        self.limit_kb = (200 if sanitized(program) else 64) * 1024
        schema = os.path.join(root, "doc", "schema", "check.schema.json")
        self.judge = Judge(catalogue.codes(root), json.load(open(schema)) if os.path.exists(schema) else None)
        self.schema_used = os.path.exists(schema)
        self.slowest = []
        self.peak_kb = 0

    def command(self, row, form):
        # history = true: a first visit, remembered in a store of the row's own
        memory = ["--history", os.path.join(self.lab.work, "results", f"{row.name}.db")] if row.spec.get("history") else ["--no-history"]
        command = [self.program, "check", row.input, "--format", form, *memory, *self.lab.options(row.resolver),
                   *[row.fill(a) for a in row.args]]
        return self.lab.neighbour.wrap(command) if row.vantage == "ipv4" else command

    def once(self, row, form):
        base = os.path.join(self.lab.work, "results", f"{row.name}.{form}")
        environment = dict(os.environ, HOME=self.lab.work, LC_ALL="C.UTF-8")
        # freed memory that a sanitizer keeps for its own ends is not the program's
        environment.setdefault("ASAN_OPTIONS", "quarantine_size_mb=16")
        answer = self.launcher.run(self.command(row, form), environment, base, base + ".err", row.timeout)
        with open(base, "rb") as out, open(base + ".err", "rb") as err:
            return answer, out.read(), err.read()

    def row(self, row):
        faults = self.judge.check_row(row)
        if faults:
            return [f"the row itself: {f}" for f in faults]
        answer, out, err = self.once(row, "json")
        self.slowest.append((answer["seconds"], row.name))
        self.peak_kb = max(self.peak_kb, answer["rss_kb"])
        faults = self.outcome(answer, err)
        if "error" in row.spec:  # a usage error: no result, a sentence that says what is wrong
            if answer["status"] != 2 or row.spec["error"] not in err.decode(errors="replace"):
                faults.append(f"exit {answer['status']}, says {err[-200:]!r}; expected exit 2 and {row.spec['error']!r}")
            return faults
        if not answer["late"] and answer["signal"] is None:
            faults += self.judge.differences(row, out, answer["status"])
            if "Sanitizer" not in "".join(faults) and err and faults:
                faults.append(f"stderr: {err[-300:]!r}")
        if row.hostile:
            faults += control_octets("json", out)
            for form in FORMATS:
                answer, out, err = self.once(row, form)
                faults += [f"{form}: {f}" for f in self.outcome(answer, err)] + control_octets(form, out) + control_octets(
                    f"{form} stderr", err)
        return faults

    def outcome(self, answer, err):
        faults = []
        if answer["late"]:
            faults.append(f"not done after {answer['seconds']:.0f} s: killed")
        elif answer["signal"] is not None:
            faults.append(f"killed by signal {answer['signal']}")
        if b"Sanitizer" in err or b"runtime error:" in err:
            faults.append("sanitizer: " + err.decode(errors="replace")[:1500])
        if answer["rss_kb"] > self.limit_kb:
            faults.append(f"peak memory {answer['rss_kb'] // 1024} MB")
        return faults

    def work(self, todo, failed):
        while True:
            try:
                row = todo.get_nowait()
            except queue.Empty:
                return
            try:
                faults = self.row(row)
            except Exception as fault:  # a fault of the lab must not pass for a pass
                faults = [f"the lab itself: {fault!r}"]
            if faults:
                failed.append(row.name)
                print(f"FAILED {row.name} ({row.table}): " + "\n    ".join(faults), flush=True)
            elif self.verbose:
                print(f"passed {row.name}", flush=True)

    def run(self):
        os.makedirs(os.path.join(self.lab.work, "results"), exist_ok=True)
        todo, failed = queue.Queue(), []
        # rows that take long go first
        for row in sorted(self.lab.wanted, key=lambda r: -r.timeout):
            todo.put(row)
        threads = [threading.Thread(target=self.work, args=(todo, failed)) for _ in range(self.workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not self.schema_used:
            print("lab: no doc/schema/check.schema.json: results were not validated", file=sys.stderr)
        if self.verbose:
            print("lab: slowest " + ", ".join(f"{name} {s:.1f} s" for s, name in sorted(self.slowest)[-8:][::-1]))
            print(f"lab: peak memory {self.peak_kb // 1024} MB; started in {self.lab.start_seconds:.1f} s")
        dead = self.lab.procs.dead()
        if dead:
            print(f"lab: servers died: {dead}")
        print(f"lab: {len(self.lab.wanted) - len(failed)} passed, {len(failed)} failed")
        return 1 if failed or dead or not self.lab.wanted else 0
