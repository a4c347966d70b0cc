"""A headless Chromium, driven over a pipe in its own protocol: no driver and no package is needed.

https://chromedevtools.github.io/devtools-protocol/
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

KEYS = {
    "Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Tab": ("Tab", 9, ""), "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""), "PageDown": ("PageDown", 34, ""), "Home": ("Home", 36, ""), "End": ("End", 35, ""),
    " ": ("Space", 32, " "),
}


class BrowserError(Exception):
    pass


class Browser:
    """One browser with a profile of its own, in a folder that goes with it. It reaches this machine only."""

    def __init__(self):
        self.program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not self.program:
            raise BrowserError("chromium is not installed")
        self.profile = tempfile.mkdtemp(prefix="esw-console-")
        to_browser, self.out = os.pipe()
        self.inward, from_browser = os.pipe()

        def arrange():
            # Its protocol is spoken on descriptors 3 and 4; above them first, so that neither is overwritten.
            high = [os.dup2(to_browser, 103), os.dup2(from_browser, 104)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "--no-first-run", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
             "--disable-default-apps", "--mute-audio", "--lang=en", "--force-color-profile=srgb",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=arrange, close_fds=False)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.call("Browser.close", seconds=5)
        except BrowserError:
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.out, self.inward):
            os.close(descriptor)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, parameters=None, session=None, seconds=60):
        """Sends a command and waits for its answer; events that come in between are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        try:
            os.write(self.out, json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise BrowserError(f"the browser has ended: {self.tail()}") from None
        deadline = time.monotonic() + seconds
        while True:
            answer = self.receive(deadline)
            if answer is None:
                raise BrowserError(f"no answer to {method} within {seconds} s")
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self, deadline):
        """The next message; None when there was none until the deadline."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.inward], [], [], left)[0]:
                return None
            more = os.read(self.inward, 1 << 20)
            if not more:
                raise BrowserError(f"the browser has ended: {self.tail()}")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def tail(self):
        self.log.seek(0)
        return self.log.read()[-800:].decode(errors="replace")

    def page(self, **options):
        return Page(self, **options)


class Page:
    """A tab in a context of its own: nothing is shared with other pages."""

    def __init__(self, browser, width=1280, height=860, scale=1, language="en-US"):
        self.browser = browser
        context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        self.session = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")
        self.size(width, height, scale)
        agent = browser.call("Browser.getVersion")["userAgent"]
        self.call("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": language})
        self.call("Emulation.setLocaleOverride", {"locale": language.replace("-", "_")})

    def call(self, method, parameters=None, seconds=60):
        return self.browser.call(method, parameters, self.session, seconds)

    def size(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": scale, "mobile": False})

    def media(self, **features):
        """Such as prefers_color_scheme="dark"."""
        self.call("Emulation.setEmulatedMedia", {
            "features": [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]})

    def open(self, address):
        self.call("Page.navigate", {"url": address})
        self.wait("document.readyState === 'complete'", "the page to load")

    def run(self, script):
        """The value of an expression, which may be a promise."""
        answer = self.call("Runtime.evaluate", {
            "expression": script, "returnByValue": True, "awaitPromise": True, "userGesture": True})
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(f"{script[:200]}: {details.get('exception', {}).get('description', details['text'])}")
        return answer["result"].get("value")

    def wait(self, condition, what, seconds=20):
        """Until the expression is true; its value."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = self.run(condition)
            except BrowserError:
                # The page may be on its way to another.
                value = None
            if value:
                return value
            if time.monotonic() > deadline:
                shown = self.run("document.body.innerText.slice(0, 1500)")
                raise BrowserError(f"waited {seconds} s for {what}; the page says:\n{shown}")
            time.sleep(0.03)

    def see(self, text, seconds=20):
        return self.wait(f"document.body.innerText.includes({json.dumps(text)})", f"the text {text!r}", seconds)

    def click(self, selector):
        """In the middle of what the selector finds, by the mouse."""
        self.press_on(f"document.querySelector({json.dumps(selector)})", selector)

    def button(self, text, within="document"):
        """Clicks the button or link with this text."""
        self.press_on(
            "[...(%s).querySelectorAll('button, a, [role=radio], label')].find((one) => one.innerText.trim() === %s"
            " && one.getClientRects().length)" % (within, json.dumps(text)), f"a button {text!r}")

    def press_on(self, node, what):
        # Found and measured in one go: a list may put another row there in between.
        box = self.wait(
            "(() => { const node = %s; if (!node) return null; node.scrollIntoView({ block: 'nearest', behavior: 'instant' });"
            " const box = node.getBoundingClientRect();"
            " return box.width ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : null; })()" % node, what)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", {**box, "type": kind, "button": "left", "clickCount": 1})

    def fill(self, selector, text):
        self.click(selector)
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.type(text)

    def type(self, text):
        self.call("Input.insertText", {"text": text})

    def press(self, key, modifiers=0):
        """A key by its name; modifiers: 8 is Shift."""
        code, number, text = KEYS.get(key, (f"Key{key.upper()}", ord(key.upper()[0]), key))
        event = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers}
        self.call("Input.dispatchKeyEvent", {**event, "type": "keyDown", "text": text} if text
                  else {**event, "type": "rawKeyDown"})
        self.call("Input.dispatchKeyEvent", {**event, "type": "keyUp"})

    def choose(self, selector, value):
        self.wait(
            "(() => { const node = document.querySelector(%s); if (!node) return false; node.value = %s;"
            " node.dispatchEvent(new Event('change', { bubbles: true })); return node.value === %s; })()"
            % (json.dumps(selector), json.dumps(value), json.dumps(value)), f"{selector} to be {value}")

    def screenshot(self, path):
        picture = self.call("Page.captureScreenshot", {"format": "png"})
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def happened(self, *methods):
        """Events of these kinds so far."""
        self.run("0")
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] in methods]

    def complaints(self):
        """What the browser has to say against the page: errors, violations of its policy."""
        told = [entry["entry"] for entry in self.happened("Log.entryAdded")]
        thrown = self.happened("Runtime.exceptionThrown")
        return ([f"{one['level']}: {one['text']} {one.get('url', '')}" for one in told if one["level"] != "verbose"]
                + [one["exceptionDetails"].get("exception", {}).get("description", "") for one in thrown])
