"""nginx: the healthy policy hosts, and the faults that a real web server can have. Also a second kind of mail server."""
import os
import shutil

from . import dnsserve, layout

STAMP = 1767225600  # 2026-01-01: the policy files are as old as the records' ids

HEAD = """daemon off;
user root root;
master_process off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid {folder}/pid;
error_log {folder}/error.log warn;
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
events {{ worker_connections 4000; }}
"""

HTTP = """http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  default_type text/plain;
  keepalive_timeout 5;
  server_names_hash_bucket_size 256;
  map_hash_max_size 8192;
  map_hash_bucket_size 512;
  map $ssl_server_name $lab_certificate {{
    default {fallback};
{certificates}  }}
  ssl_certificate $lab_certificate;
  ssl_certificate_key $lab_certificate;
  ssl_ciphers "DEFAULT:@SECLEVEL=0";
  ssl_protocols TLSv1.2 TLSv1.3;
{servers}}}
"""

KINDS = {
    "tls12": "ssl_protocols TLSv1.2;",
    "tls13": "ssl_protocols TLSv1.3;",
    "tlsold": "ssl_protocols TLSv1 TLSv1.1;",
    "reject": "ssl_reject_handshake on;",
    "moved": "return 301 https://www.elsewhere.org/.well-known/mta-sts.txt;",
    "moved-local": "return 302 https://127.0.0.1/.well-known/mta-sts.txt;",
    # A provider that shows its own certificate for every name it does not know.
    "fallback": "ssl_certificate {provider}; ssl_certificate_key {provider};",
}


def server(kind, provider):
    tls = "" if kind == "plain" else " ssl"
    listen = "".join(f"    listen {a}:443{tls};\n" for a in (layout.web_address(kind), f"[{layout.web_address(kind, 6)}]"))
    extra = KINDS.get(kind, "").replace("{provider}", provider)
    return f"  server {{\n{listen}    server_name _;\n    root {{folder}}/www/$host;\n    {extra}\n  }}\n"


MAIL = """mail {{
  auth_http 127.0.0.1:9/auth;
  proxy_pass_error_message on;
  ssl_ciphers "DEFAULT:@SECLEVEL=0";
{servers}}}
"""


def mail_server(address, host, certificate):
    where = f"[{address}]" if ":" in address else address
    return (f"  server {{ listen {where}:25; protocol smtp; smtp_auth none; starttls on; server_name {host};\n"
            f"    ssl_certificate {certificate}; ssl_certificate_key {certificate}; }}\n")


def start(work, rows, addresses, shop, procs):
    folder = os.path.join(work, "nginx")
    os.makedirs(folder, exist_ok=True)
    certificates = {host: shop.file(host, kind) for host, kind in dnsserve.CERTIFICATES.items()}
    for row in rows:
        put_policy(folder, f"mta-sts.{row.domain}", row.policy())
        for host, kind in row.certificates():
            certificates[host] = shop.file(host, kind)
    fallback = shop.file("unknown.labdns.net")
    provider = shop.file("any", "provider")
    servers = "".join(server(kind, provider) for kind in layout.WEB).replace("{folder}", folder)
    mails = "".join(mail_server(a, about["host"], shop.file(about["host"], about["cert"]))
                    for a, about in addresses.servers["nginxmail"].items())
    conf = os.path.join(folder, "nginx.conf")
    with open(conf, "w") as out:
        out.write(HEAD.format(folder=folder))
        out.write(HTTP.format(folder=folder, fallback=fallback, servers=servers, certificates="".join(
            f"    {host} {path};\n" for host, path in sorted(certificates.items()))))
        if mails:
            out.write(MAIL.format(servers=mails))
    procs.start("nginx", [shutil.which("nginx") or "/usr/sbin/nginx", "-c", conf, "-e", os.path.join(folder, "error.log")])
    return certificates


def put_policy(folder, host, body):
    """The file of one policy host; no body, no file."""
    if body is None:
        return
    well_known = os.path.join(folder, "www", host, ".well-known")
    os.makedirs(well_known, exist_ok=True)
    path = os.path.join(well_known, "mta-sts.txt")
    with open(path, "wb") as out:
        out.write(body)
    os.utime(path, (STAMP, STAMP))
