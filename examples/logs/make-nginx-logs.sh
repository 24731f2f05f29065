#!/usr/bin/env bash
# Writes nginx/access.log and nginx/error.log beside this script: what a real nginx logs while a real upstream answers,
# dies in the middle, and comes back. Needs nginx, python3 and curl; uses loopback ports 18080 and 18081 only.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
upstream=
stop() {
    [ -n "$upstream" ] && kill "$upstream" 2>/dev/null || true
    [ -f "$work/nginx.pid" ] && kill "$(cat "$work/nginx.pid")" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

cat >"$work/upstream.py" <<'PY'
import http.server, random, sys, time
random.seed(1)
class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.startswith("/search"):
            time.sleep(random.uniform(0.002, 0.02))
        known = self.path.startswith(("/search", "/cart", "/item/"))
        body = b"ok\n" if known else b"not found\n"
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 18081), Shop).serve_forever()
PY
cat >"$work/nginx.conf" <<CONF
pid $work/nginx.pid;
error_log $here/nginx/error.log;
events {}
http {
    access_log $here/nginx/access.log combined;
    client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fcgi;
    uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
    server { listen 127.0.0.1:18080; location / { proxy_pass http://127.0.0.1:18081; } }
}
CONF
mkdir -p "$here/nginx"
rm -f "$here"/nginx/*.log
python3 "$work/upstream.py" & upstream=$!
nginx -c "$work/nginx.conf" -e "$here/nginx/error.log"

requests() { # COUNT
    for i in $(seq "$1"); do
        case $((i % 7)) in
            0) path="/search?q=blue+chair" ;; 1) path="/item/$i" ;; 2) path="/cart" ;;
            3) path="/search?q=lamp&page=$i" ;; 4) path="/item/$((i * 13 % 101))" ;;
            5) path="/favicon.ico" ;; *) path="/cart/add/$i" ;;
        esac
        curl -s -o /dev/null -A "shop-app/2.$((i % 3))" "http://127.0.0.1:18080$path"
        sleep 0.02
    done
}
sleep 1
requests 300
kill "$upstream"; wait "$upstream" 2>/dev/null || true
requests 60
python3 "$work/upstream.py" & upstream=$!
sleep 1
requests 140
