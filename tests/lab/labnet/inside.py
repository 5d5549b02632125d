"""What `run` does once it is inside the namespace."""
import os
import subprocess
import sys

from . import delay, demo, prove
from .lab import Lab
from .runner import Launcher, Runner


def program(path):
    path = os.path.abspath(path)
    if not os.access(path, os.X_OK):
        raise SystemExit(f"lab: no program at {path} (--mtasts PATH)")
    return path


def main(wanted, work, here, root):
    launcher = None
    lab = Lab(work, os.path.join(here, "scenarios"), wanted.only)
    if wanted.action == "demo":
        lab.wanted = demo.rows(lab.rows)
    try:
        if not (wanted.shell or wanted.command or wanted.action):
            wanted.mtasts = program(wanted.mtasts)
            launcher = Launcher()
        lab.start()
        if wanted.shell:
            return shell(lab)
        if wanted.command:
            return command(lab, wanted)
        if wanted.action == "check":
            return subprocess.call([program(wanted.mtasts), "check", "--no-history", *lab.options(), *wanted.rest])
        if wanted.action == "demo":
            return demo.show(lab, program(wanted.mtasts))
        if wanted.action == "prove":
            return prove.show(lab)
        return Runner(lab, launcher, wanted.mtasts, root, wanted.workers, wanted.verbose).run()
    except KeyboardInterrupt:
        return 130
    finally:
        if launcher:
            launcher.stop()
        lab.stop(wanted.keep)


def shell(lab):
    print(f"lab: started in {lab.start_seconds:.1f} s; files in {lab.work}; options for mtasts: "
          f"{' '.join(lab.options())}", file=sys.stderr)
    return subprocess.call([os.environ.get("SHELL", "/bin/bash")], env=lab.environment())


def command(lab, wanted):
    if wanted.delay_ms == 0:
        return subprocess.call(wanted.command, env=lab.environment())
    far = delay.Far(wanted.delay_ms)
    try:
        return subprocess.call(far.wrap(wanted.command), env=dict(lab.environment(), MTASTS_LAB_DELAY_MS=str(wanted.delay_ms)))
    finally:
        far.stop()
