#!/usr/bin/env python3
"""Serves a folder on 127.0.0.1 as servers of data sets do, and as they should not: the first part of the path says how.

    serve.py FOLDER LOG     prints its port; each request becomes a line of LOG: PATH RANGE

plain    with ranges            norange  ranges are not understood        refuse   ranges are answered with 416
cut      each answer breaks off after a million bytes                     flip     one bit in the middle is wrong
long     more bytes than there are                                        missing  404
"""
import http.server, os, sys

FOLDER, LOG = sys.argv[1], sys.argv[2]
PIECE = 1000000


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, mode, path = self.path.split("/", 2)
        wanted = self.headers.get("Range", "-")
        with open(LOG, "a") as log:
            log.write(f"{self.path} {wanted}\n")
        if mode == "missing":
            return self.send_error(404)
        if mode == "refuse" and wanted != "-":
            return self.send_error(416)
        with open(os.path.join(FOLDER, path), "rb") as file:
            body = bytearray(file.read())
        if mode == "flip":
            body[len(body) // 2] ^= 1
        if mode == "long":
            body += bytes(1000)
        start = int(wanted[len("bytes="):].split("-")[0]) if wanted != "-" and mode != "norange" else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        try:
            self.wfile.write(body[start:start + PIECE] if mode == "cut" else body[start:])
        except ConnectionError:
            pass  # the client has had enough

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
