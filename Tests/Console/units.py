"""Runs units.js in the browser, on the console's files as they stand in the repository.

    units.py
"""
import http.server
import json
import pathlib
import sys
import threading

from browser import Browser

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "Sources/CConsole/page"
FIXED = {
    "/": (HERE / "units.html", "text/html"), "/units.js": (HERE / "units.js", "text/javascript"),
    "/signatures.json": (HERE.parent / "ESWWireTests/Fixtures/signatures.json", "application/json"),
}
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/files.json":
            self.answer(json.dumps(sorted(file.name for file in PAGE.iterdir())).encode(), "application/json")
        elif self.path in FIXED:
            file, kind = FIXED[self.path]
            self.answer(file.read_bytes(), kind)
        elif self.path.startswith("/page/") and self.path[6:] in {file.name for file in PAGE.iterdir()}:
            file = PAGE / self.path[6:]
            self.answer(file.read_bytes(), TYPES[file.suffix])
        else:
            self.send_error(404)

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Browser() as browser:
        page = browser.page()
        page.open(f"http://127.0.0.1:{server.server_port}/")
        try:
            results = page.wait("window.results", "the tests to end", 60)
        except Exception:
            print("\n".join(page.complaints()))
            raise
    failed = [result for result in results if result["failure"]]
    for result in failed:
        print(f"FAILED {result['name']}\n{result['failure']}")
    print(f"{len(results)} tests of the console's parts, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
