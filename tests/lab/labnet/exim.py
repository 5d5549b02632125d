"""Exim: mail hosts of a second make, with another TLS library (GnuTLS). One daemon, many addresses, certificates by SNI."""
import os
import shutil
import subprocess
import sys

from . import layout, mail

HERE = os.path.dirname(os.path.abspath(__file__))
USER = "Debian-exim"  # compiled into Debian's program

CONFIG = """primary_hostname = mx.labdns.net
spool_directory = {folder}/spool
log_file_path = {folder}/log-%slog
pid_file_path = {folder}/pid
local_interfaces = <; {addresses}
daemon_smtp_ports = 25
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 0
keep_environment =
tls_certificate = ${{lookup{{$tls_in_sni}}lsearch{{{folder}/sni}}{{$value}}{{{fallback}}}}}
tls_advertise_hosts = ${{if inlisti{{$received_ip_address}}{{<; {plain}}}{{}}{{*}}}}
acl_smtp_connect = connect
acl_smtp_mail = nobody
begin acl
connect:
  defer condition = ${{if inlisti{{$received_ip_address}}{{<; {deferring}}}}}
        message = Greylisted, come back later
  accept
nobody:
  deny
"""


def addresses(kinds=layout.EXIM):
    return " ; ".join(layout.exim_address(kind, family) for kind in kinds for family in (4, 6))


def find():
    """Path of the program, fetched before the first use (so to be called outside of the lab); empty with the reason told if there is none."""
    done = subprocess.run([os.path.join(os.path.dirname(HERE), "fetch-exim")], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"lab: Exim skipped, servers of mailfault.py stand at its addresses: {done.stderr[-300:]}", file=sys.stderr)
    return done.stdout.strip()


def stand_ins(work, rows, shop):
    """Where Exim cannot run: servers of mailfault.py at its addresses."""
    behaviours = {"exim-notls": "no-starttls", "exim-defer": "greet-451"}
    about = {"row": "lab", "host": "unknown.labdns.net", "cert": "good", "certificates": mail.name_table(work, rows, shop)}
    return {layout.exim_address(kind, family): dict(about, behaviour=behaviours.get(kind, "sni"))
            for kind in layout.EXIM for family in (4, 6)}


def add_user(folder):
    """Its user, in a passwd and a group that only the lab sees."""
    with open("/etc/passwd") as source:
        if any(line.startswith(USER + ":") for line in source):
            return
    for name, line in (("passwd", f"{USER}:x:64998:64998::/nonexistent:/usr/sbin/nologin\n"), ("group", f"{USER}:x:64998:\n")):
        path = os.path.join(folder, name)
        shutil.copy(f"/etc/{name}", path)
        with open(path, "a") as out:
            out.write(line)
        subprocess.run(["mount", "--bind", path, f"/etc/{name}"], check=True)


def start(program, work, rows, shop, procs):
    folder = os.path.join(work, "exim")
    os.makedirs(os.path.join(folder, "spool"))
    add_user(folder)
    shutil.chown(folder, USER, USER)
    shutil.chown(os.path.join(folder, "spool"), USER, USER)
    with open(os.path.join(folder, "sni"), "w") as out:
        out.writelines(f"{host}: {path}\n" for host, path in mail.certificates(rows, shop).items())
    config = os.path.join(folder, "config")
    with open(config, "w") as out:
        out.write(CONFIG.format(folder=folder, addresses=addresses(), fallback=shop.file("unknown.labdns.net"),
                                plain=addresses(["exim-notls"]), deferring=addresses(["exim-defer"])))
    procs.start("exim", [program, "-C", config, "-bdf"])
