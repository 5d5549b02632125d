"""A machine far away: a namespace whose only cable is a slow one. Every packet between it and the lab, whatever it carries,
is held for half the delay each way, so that a round trip takes the whole of it (the kernel at hand may have no netem).

Run as a process (delay.py MILLISECONDS) it copies packets between two tunnels; fd 3 and 4 are theirs.
"""
import collections
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

NEAR, FAR = ("45.84.0.1", "2a0e:b104::1"), ("45.84.0.2", "2a0e:b104::2")
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def tunnel(name):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


class Far:
    def __init__(self, milliseconds):
        near = tunnel("slow0")
        self.up("slow0", NEAR, FAR, [])
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            time.sleep(0.002)
        far = tunnel("slow1")
        subprocess.run(["ip", "link", "set", "slow1", "netns", str(self.holder.pid)], check=True)
        self.up("slow1", FAR, NEAR, self.wrap([]))
        for family in ("-4", "-6"):
            subprocess.run(self.wrap(["ip", family, "route", "add", "default", "dev", "slow1"]), check=True)
        subprocess.run(self.wrap(["ip", "link", "set", "lo", "up"]), check=True)
        self.relay = subprocess.Popen([sys.executable, os.path.abspath(__file__), str(milliseconds), str(near), str(far)],
                                      pass_fds=(near, far))
        os.close(near)
        os.close(far)

    @staticmethod
    def up(device, own, other, wrap):
        for words in (["addr", "add", own[0], "peer", other[0], "dev", device],
                      ["addr", "add", own[1], "peer", other[1], "dev", device, "nodad"],
                      ["link", "set", device, "up"],
                      ["-6", "route", "replace", other[1] + "/128", "dev", device]):  # going up may have lost the peer's route
            subprocess.run([*wrap, "ip", *words], check=True)

    def wrap(self, command):
        """The command, to be run on the machine far away."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command]

    def stop(self):
        for process in (self.relay, self.holder):
            process.kill()
            process.wait()


def relay(seconds, near, far):
    """Copy packets both ways, each after its time."""
    ctypes.CDLL(None).prctl(29, 1000, 0, 0, 0)  # PR_SET_TIMERSLACK: the delay is to be exact
    for fd in (near, far):
        os.set_blocking(fd, False)
    waiting = collections.deque()  # (due, where to, packet): one delay for all, so the order is that of arrival
    other = {near: far, far: near}
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([near, far], [], [], pause)
        now = time.monotonic()
        for fd in ready:
            for _ in range(64):
                try:
                    waiting.append((now + seconds, other[fd], os.read(fd, 65536)))
                except BlockingIOError:
                    break
        while waiting and waiting[0][0] <= time.monotonic():
            _, fd, packet = waiting.popleft()
            try:
                os.write(fd, packet)
            except OSError:
                pass  # as a full queue drops


if __name__ == "__main__":
    relay(int(sys.argv[1]) / 2000, int(sys.argv[2]), int(sys.argv[3]))
