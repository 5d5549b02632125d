"""Processes of the lab: started, watched, stopped by number."""
import os
import signal
import socket
import subprocess
import time


class Procs:
    def __init__(self, work):
        self.work = work
        self.running = []

    def start(self, name, command, **options):
        log = open(os.path.join(self.work, f"{name}.out"), "ab")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options)
        log.close()
        self.running.append((name, process))
        return process

    def dead(self):
        return [name for name, process in self.running if process.poll() is not None]

    def last_words(self):
        """What those that died said, to be read by a person."""
        out = []
        for name in self.dead():
            with open(os.path.join(self.work, f"{name}.out"), errors="replace") as said:
                out.append(f"{name}: {said.read()[-500:]}")
        return "; ".join(out) or "none"

    def stop(self):
        for _, process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 2
        for _, process in self.running:
            try:
                process.wait(max(0.01, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_port(address, port, seconds=10, udp=False):
    """Wait until something listens there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    deadline = time.monotonic() + seconds
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect((address, port))
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"nothing listens at {address} port {port}")
        time.sleep(0.02)
