"""Runs our server and nginx side by side, plain or with TLS."""
import os
import pathlib
import re
import subprocess

from tests.support.certificates import Authority
from tests.support.server import ROOT, Server, free_port, wait_until
from tests.support.tls import TlsServer, trust

CONFIGURATION = """\
[main]
host = 127.0.0.1
port = @PORT@
state_dir = @FOLDER@/state
[daemon]
pidfile = @FOLDER@/run/server.pid
[http]
max_connections = 20000
max_connections_per_address = 20000
{http}
[ssl]
{ssl}
[mirror:01]
mount_point = /mirror
src = {src}
[package_api_get:01]
mount_point = /package_api
src = {src}
"""

NGINX = """\
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  sendfile on;
  gzip_static on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=10000 inactive=60s;
  default_type application/octet-stream;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  server {{ listen 127.0.0.1:{port}{tls} backlog=4096; root {root};
    {certificate}
  }}
}}
"""

SETUP = ("ours: two API mounts over one src, one thread a core, no access log, defaults otherwise; "
         "nginx: 2 workers, sendfile, gzip_static, tcp_nopush, open_file_cache, no access log, TLS 1.2 and 1.3 "
         "with the same certificate")


def use_release_build():
    """Measures the Release build unless PULSE2_SERVER names another."""
    path = os.environ.setdefault(
        "PULSE2_SERVER", str(ROOT / "build" / "release" / "bin" / "pulse2-package-server"))
    if not pathlib.Path(path).exists():
        raise SystemExit(f"{path}: not there; ./run.sh --build makes it")


def cpu_seconds(pids):
    """Processor time that the threads of the processes have used, in user and in system mode. Of the
    scheduler, which counts nanoseconds: stat has ticks, a few per cent of a measurement each."""
    threads = (thread for pid in pids for thread in pathlib.Path(f"/proc/{pid}/task").iterdir())
    return sum(int((thread / "schedstat").read_text(encoding="ascii").split()[0])
               for thread in threads) / 1e9


def make_identity(folder):
    """An authority and a certificate for 127.0.0.1, for both servers."""
    authority = Authority(folder)
    return authority, authority.issue("localhost")


def start_server(folder, src, tls=None, http=""):
    """Our server over `src` in the new `folder`. `tls`: what make_identity() gave; `http`: further
    options of that section."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    if not tls:
        return Server(folder, CONFIGURATION.format(src=src, ssl="enablessl = 0",
                                                   http=http)).start()
    authority, identity = tls
    ssl = (f"enablessl = 1\nverifypeer = 0\ncacert = {identity.certificate}\n"
           f"localcert = {identity.key}")
    server = TlsServer(folder, CONFIGURATION.format(src=src, ssl=ssl, http=http))
    server.context = trust(authority.certificate)
    return server.start()


class Nginx:
    """nginx over the folder `root`; its own files are in the new `folder`."""

    def __init__(self, folder, root, tls=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.host, self.port = "127.0.0.1", free_port()
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"
        self.context = trust(tls[0].certificate) if tls else None
        certificate = (f"ssl_certificate {tls[1].certificate}; ssl_certificate_key {tls[1].key};"
                       " ssl_protocols TLSv1.2 TLSv1.3;" if tls else "")
        self.configuration = self.folder / "nginx.conf"
        self.configuration.write_text(
            NGINX.format(folder=self.folder, root=root, port=self.port, certificate=certificate,
                         tls=" ssl" if tls else ""), encoding="utf-8")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["nginx", "-p", str(self.folder), "-c", str(self.configuration),
             "-e", str(self.folder / "nginx-error.log"), "-g", "daemon off;"])
        wait_until((self.folder / "nginx.pid").exists, "nginx runs")
        wait_until(lambda: len(self.pids()) == 3, "nginx has its workers")
        return self

    def pids(self):
        """The master and its workers."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *map(int, children.read_text(encoding="ascii").split())]

    def anonymous_bytes(self):
        """Resident memory of all its processes that is no file's."""
        total = 0
        for pid in self.pids():
            status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            total += int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024
        return total

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Pair:
    """Our server and nginx over one folder each, as a context manager."""

    def __init__(self, folder, src, root, tls=None):
        self.folder = pathlib.Path(folder)
        self.places = (src, root, tls)
        self.ours = self.peer = None

    def __enter__(self):
        src, root, tls = self.places
        self.ours = start_server(self.folder / "ours", src, tls)
        try:
            self.peer = Nginx(self.folder / "nginx", root, tls).start()
        except BaseException:
            self.ours.stop()
            raise
        return self

    def __exit__(self, *_):
        self.peer.stop()
        self.ours.stop()

    def pids_of(self, server):
        return [server.process.pid] if server is self.ours else server.pids()
