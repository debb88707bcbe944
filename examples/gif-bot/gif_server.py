"""A stand-in for a GIF search: it answers as Giphy does, with pictures of its own."""

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TITLES = {"party": "Party Parrot GIF", "cat": "Keyboard Cat GIF", "ship it": "Ship It Squirrel GIF"}
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP8AAP///ywAAAAAAQABAAACAkQBADs=")


class Search(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path.endswith(".gif"):
            return self.answer("image/gif", PIXEL)
        wanted = parse_qs(url.query).get("q", [""])[0].lower()
        found = [self.gif(word, title) for word, title in TITLES.items() if word in wanted]
        return self.answer("application/json", json.dumps({"data": found, "meta": {"status": 200}}).encode())

    def gif(self, word, title):
        picture = f"http://{self.headers['Host']}/{word.replace(' ', '-')}.gif"
        return {"type": "gif", "title": title, "url": picture, "images": {"original": {"url": picture}}}

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    host, port = sys.argv[1].split(":")
    with ThreadingHTTPServer((host, int(port)), Search) as server:
        print(f"GIFs at http://{host}:{server.server_port}", flush=True)
        server.serve_forever()
