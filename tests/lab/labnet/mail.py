"""Postfix: the healthy mail hosts and every fault of a certificate. One instance, many addresses, certificates by SNI."""
import json
import os
import shutil
import subprocess

from . import dnsserve, layout

MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
sendmail_path = /usr/sbin/sendmail
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.labdns.net
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = {addresses}
inet_protocols = all
alias_maps =
local_recipient_maps =
smtpd_peername_lookup = no
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
default_process_limit = 60
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_tls_security_level = may
smtpd_tls_chain_files = {fallback}
smtpd_tls_protocols = >=TLSv1.2
tls_server_sni_maps = hash:{folder}/sni
tls_medium_cipherlist = DEFAULT:@SECLEVEL=0
smtpd_tls_session_cache_database =
tls_random_source = dev:/dev/urandom
tls_preempt_cipherlist = no
"""

MASTER = """{listeners}
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
"""

OPTIONS = {
    "postfix-tls12": " -o smtpd_tls_protocols=>=TLSv1.2,<=TLSv1.2",
    "postfix-tls13": " -o smtpd_tls_protocols=>=TLSv1.3",
    "postfix-notls": " -o smtpd_tls_security_level=none",
}


def certificates(rows, shop):
    """File of the certificate for each name that a mail host is asked for."""
    kinds = dict(dnsserve.CERTIFICATES)
    for row in rows:
        kinds.update((host, kind) for host, kind in row.certificates() if not host.startswith("mta-sts."))
    return {host: shop.file(host, kind) for host, kind in kinds.items()}


def name_table(work, rows, shop):
    """Path of that table for mailfault.py."""
    path = os.path.join(work, "mail-certificates.json")
    with open(path, "w") as out:
        json.dump(certificates(rows, shop), out)
    return path


def stand_ins(work, rows, shop):
    """Where Postfix cannot run (it needs several users): servers of mailfault.py at its addresses."""
    path = name_table(work, rows, shop)
    behaviours = {"postfix-notls": "no-starttls", "postfix-tls12": "sni-tls12", "postfix-tls13": "sni-tls13"}
    return {layout.postfix_address(kind, family): {"row": "lab", "behaviour": behaviours.get(kind, "sni"), "host": "unknown.labdns.net",
                                                   "cert": "good", "certificates": path}
            for kind in layout.POSTFIX for family in (4, 6)}


def start(work, rows, shop, procs):
    folder = os.path.join(work, "postfix")
    for sub in ("queue", "data", "conf"):
        os.makedirs(os.path.join(folder, sub), exist_ok=True)
    shutil.chown(os.path.join(folder, "data"), "postfix")
    addresses = [layout.postfix_address(k, f) for k in layout.POSTFIX for f in (4, 6)]
    listeners = "\n".join(f"{'[' + layout.postfix_address(k, f) + ']' if f == 6 else layout.postfix_address(k, f)}:25 inet n - n - - "
                          f"smtpd{OPTIONS.get(k, '')}" for k in layout.POSTFIX for f in (4, 6))
    conf = os.path.join(folder, "conf")
    with open(os.path.join(conf, "main.cf"), "w") as out:
        out.write(MAIN.format(folder=folder, addresses=", ".join(addresses), fallback=shop.file("unknown.labdns.net")))
    with open(os.path.join(conf, "master.cf"), "w") as out:
        out.write(MASTER.format(listeners=listeners))
    sni = os.path.join(folder, "sni")
    with open(sni, "w") as out:
        out.writelines(f"{host} {path}\n" for host, path in certificates(rows, shop).items())
    # -F wants the files one by one; the index is what smtpd reads
    subprocess.run(["postmap", "-c", conf, "-F", f"hash:{sni}"], check=True, stderr=subprocess.DEVNULL)
    procs.start("postfix", ["/usr/sbin/postfix", "-c", conf, "start-fg"])
