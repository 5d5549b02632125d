"""The namespace the lab lives in: loopback, local routes, a hole that swallows packets, and a second machine without IPv6."""
import os
import subprocess
import time

from . import layout


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=not check)


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


def enter(script, arguments):
    """Start this script again inside namespaces of its own; when it ends, whatever it started ends with it."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        command += ["--map-root-user"]
    os.environ["MTASTS_LAB"] = "inside"
    os.execvp("unshare", command + ["/usr/bin/python3", script, *arguments])


def build(work):
    """Make the network. Needs to be inside."""
    ip("link", "set", "lo", "up")
    write("/proc/sys/net/ipv6/ip_nonlocal_bind", "1")
    write("/proc/sys/net/ipv4/ip_nonlocal_bind", "1")
    for prefix in (layout.V4, layout.V6) + layout.SPECIAL:
        ip(*(["-6"] if ":" in prefix else []), "route", "add", "local", prefix, "dev", "lo")
    for kind in layout.POSTFIX:  # Postfix wants its addresses on an interface
        ip("addr", "add", layout.postfix_address(kind) + "/32", "dev", "lo")
        ip("addr", "add", layout.postfix_address(kind, 6) + "/128", "dev", "lo", "nodad")
    for prefix in layout.UNREACHABLE:
        ip(*(["-6"] if ":" in prefix else []), "route", "add", "unreachable", prefix)
    # A cable whose other end listens to nobody: everything that is not the lab goes there and is never answered.
    ip("link", "add", "hole0", "type", "veth", "peer", "name", "hole1")
    for end in ("hole0", "hole1"):
        write(f"/proc/sys/net/ipv6/conf/{end}/accept_dad", "0")
        ip("link", "set", end, "arp", "off", "up")
    ip("addr", "add", layout.CLIENT[0] + "/32", "dev", "hole0")
    ip("addr", "add", layout.CLIENT[1] + "/128", "dev", "hole0", "nodad")
    ip("route", "add", "default", "dev", "hole0", "src", layout.CLIENT[0])
    ip("-6", "route", "add", "default", "dev", "hole0", "src", layout.CLIENT[1])
    resolv = os.path.join(work, "resolv.conf")
    write(resolv, f"nameserver {layout.STRIPPING}\n")
    subprocess.run(["mount", "--bind", resolv, os.path.realpath("/etc/resolv.conf")], check=True)


class Neighbour:
    """A second namespace, joined to the lab by a cable: a machine that has IPv4 only."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            time.sleep(0.002)
        ip("link", "add", "door0", "type", "veth", "peer", "name", "door1")
        ip("link", "set", "door1", "netns", str(self.holder.pid))
        ip("addr", "add", "45.83.0.1/24", "dev", "door0")
        ip("link", "set", "door0", "up")
        subprocess.run(self.wrap(["sh", "-ec", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up;"
                                  "ip addr add 45.83.0.2/24 dev door1; ip link set door1 up;"
                                  "ip route add default via 45.83.0.1"]), check=True)

    def wrap(self, command):
        """The command, to be run on that machine."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command]

    def stop(self):
        self.holder.kill()
        self.holder.wait()
