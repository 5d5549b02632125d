"""The small internet at work: a network namespace with NSD, nginx and the mail servers on loopback."""
import os
import signal
import socket
import subprocess
import sys
import time

import internet

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "lab"))
from labnet.procs import wait_port  # noqa: E402

NSD = """server:
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{run}/nsd.pid"
  xfrdfile: "{run}/xfrd"
  zonelistfile: "{run}/zones"
  xfrdir: "{run}"
  server-count: 1
  ip-address: {address}
  receive-buffer-size: 8388608
  send-buffer-size: 8388608
  hide-version: yes
  rrl-ratelimit: 0
  tcp-count: 500
  verbosity: 0
remote-control:
  control-enable: no
"""
NGINX = """worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
pid {run}/nginx.pid;
error_log {run}/nginx.log crit;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  types {{ }}
  default_type text/plain;
  client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/fastcgi;
  uwsgi_temp_path {run}/uwsgi; scgi_temp_path {run}/scgi;
  map $ssl_server_name $certificate {{ "" default; default $ssl_server_name; }}
  map $host $part {{ "~(?<shard>..)....$" $shard; default none; }}
  server {{
    listen 443 ssl reuseport backlog=8192;
    ssl_certificate {folder}/certs/$certificate.pem;
    ssl_certificate_key {folder}/certs/$certificate.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    ssl_session_cache off;
    root {folder}/web/$part/$host;
    location = /.well-known/mta-sts.txt {{
      if (-d {folder}/web/$part/$host/forbidden) {{ return 403; }}
      try_files /policy =404;
    }}
  }}
}}
"""


def enter(script, arguments):
    """Start this script again in namespaces of its own; whatever it started there ends with it."""
    if os.environ.get("MTASTS_BENCH") == "inside":
        return
    os.environ["MTASTS_BENCH"] = "inside"
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    os.execvp("unshare", [*command, "/usr/bin/python3", script, *arguments])


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def sysctl(path, value):
    try:
        with open(path, "w") as out:
            out.write(value)
    except OSError as why:
        print(f"not set: {path}: {why}", file=sys.stderr)


def prepare(run):
    ip("link", "set", "lo", "up")
    ip("route", "add", "local", internet.LOCAL, "dev", "lo")
    ip("route", "add", "unreachable", internet.UNREACHABLE)
    sysctl("/proc/sys/net/ipv4/ip_nonlocal_bind", "1")
    sysctl("/proc/sys/net/ipv4/tcp_max_syn_backlog", "65536")
    sysctl("/proc/sys/net/core/somaxconn", "16384")
    sysctl("/proc/sys/net/ipv4/tcp_tw_reuse", "1")
    resolv = os.path.join(run, "resolv.conf")
    with open(resolv, "w") as out:
        out.write(f"nameserver {internet.RESOLVER}\n")
    subprocess.run(["mount", "--bind", resolv, os.path.realpath("/etc/resolv.conf")], check=True)


class Servers:
    def __init__(self, folder, run, mailserver):
        self.folder, self.run, self.mailserver = folder, run, mailserver
        self.processes = {}
        self.stalled = []
        os.makedirs(run, exist_ok=True)

    def start(self, name, command):
        log = open(os.path.join(self.run, name + ".out"), "ab")
        self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def write(self, name, text):
        path = os.path.join(self.run, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    def start_dns(self):
        text = NSD.format(folder=self.folder, run=self.run, address=internet.RESOLVER)
        for apex, file in ((".", "root"), *((top, top) for top, _ in internet.TOPS)):
            text += f'zone:\n  name: "{apex}"\n  zonefile: "{self.folder}/zone.{file}"\n'
        self.start("nsd", ["/usr/sbin/nsd", "-d", "-c", self.write("nsd.conf", text)])
        wait_port(internet.RESOLVER, 53, 300)

    def start_all(self):
        self.start_dns()
        self.start("nginx", ["/usr/sbin/nginx", "-c", self.write("nginx.conf", NGINX.format(folder=self.folder, run=self.run))])
        self.start("mail", [self.mailserver, os.path.join(self.folder, "certs")])
        self.stall()
        wait_port(internet.WEB_SHARED.format(1), 443)
        wait_port(internet.MAIL_SHARED.format(1), 25)

    def stall(self):
        """A policy host that takes connections and never speaks: the kernel takes them, nobody else does."""
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind((internet.STALLING_WEB, 443))
        s.listen(16384)
        self.stalled.append(s)

    def pause(self, name, seconds):
        """The process hears nothing for a while."""
        everybody = family(self.processes[name].pid)
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in everybody:
            os.kill(pid, signal.SIGCONT)

    def cpu(self):
        """Seconds of processor the servers have had, by name."""
        out = {}
        for name, process in self.processes.items():
            out[name] = sum(ticks(pid) for pid in family(process.pid))
        return out

    def stop(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for s in self.stalled:
            s.close()


def family(pid):
    out = [pid]
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            for child in f.read().split():
                out += family(int(child))
    except OSError:
        pass
    return out


def ticks(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
