"""Runs nginx beside our server and loads both with wrk, in interleaved rounds."""
import os
import pathlib
import re
import statistics
import subprocess
import time

from tests.support.server import ROOT, Server, free_port, wait_until

NGINX = """\
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=10000 inactive=60s;
  default_type application/octet-stream;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
"""


def use_release_build():
    """Measures the Release build unless PULSE2_SERVER names another."""
    os.environ.setdefault(
        "PULSE2_SERVER", str(ROOT / "build" / "release" / "bin" / "pulse2-package-server"))


def our_configuration(src):
    """A package API and a mirror over `src`, without the rest."""
    return f"""\
[main]
host = 127.0.0.1
port = @PORT@
state_dir = @FOLDER@/state
[daemon]
pidfile = @FOLDER@/run/server.pid
[ssl]
enablessl = 0
[mirror:01]
mount_point = /mirror
src = {src}
[package_api_get:01]
mount_point = /package_api
src = {src}
"""


class Nginx:
    """nginx over a folder, as a context manager; `url` is where it serves."""

    def __init__(self, folder, root):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "nginx.conf").write_text(
            NGINX.format(folder=self.folder, root=root, port=self.port), encoding="utf-8")
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"),
             "-e", str(self.folder / "nginx-error.log"), "-g", "daemon off;"])
        wait_until((self.folder / "nginx.pid").exists, "nginx runs")
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def wrk(url, connections=64, seconds=3, script=None):
    """Requests per second that wrk reaches; an answer that is no 2xx ends the measurement."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", url]
    if script:
        command[1:1] = ["-s", str(script)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in output:
        raise RuntimeError(f"{url}: {output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])


def compare(name, ours, peers, rounds=5):
    """Interleaved rounds of two measurements; prints the medians and their ratio."""
    results = [(ours(), peers()) for _ in range(rounds)]
    mine = statistics.median(result[0] for result in results)
    other = statistics.median(result[1] for result in results)
    ratio = statistics.median(a / b for a, b in results)
    print(f"{name:34} ours {mine:9.0f}/s   nginx {other:9.0f}/s   ratio {ratio:5.2f}", flush=True)
    return ratio


def start_server(folder, src):
    """Our server over `src`, in `folder`."""
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    return Server(folder, our_configuration(src)).start()
