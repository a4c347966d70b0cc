"""What the walks through the console share: a server that is there already, and what is made on it beforehand.

Each walk is `NAME.py ENDPOINT [NODE]`, with the key pair in the variables that the vendor's SDKs use. The first surprise
ends it with status 1.
"""
import os
import pathlib
import sys

from api import API
from browser import Browser, BrowserError

KEY, SECRET, PROJECT = (os.environ[f"HUAWEICLOUD_SDK_{name}"] for name in ("AK", "SK", "PROJECT_ID"))
ENDPOINT = sys.argv[1]
NODE = sys.argv[2] if len(sys.argv) > 2 else "node-1"
# What the browser notes of itself when a test asks for what is refused.
EXPECTED = "Failed to load resource"


def check(what, condition, seen=None):
    if not condition:
        print(f"FAILED {what}: {seen}")
        sys.exit(1)
    print(f"ok {what}")


def api():
    return API(ENDPOINT, KEY, SECRET, PROJECT)


def site(client, connected=True):
    """A switch on the node, and a connection of it."""
    vpc = client.vpc("site", "192.168.0.0/16")
    tunnel = client.subnet(vpc, "tunnel", "192.168.100.0/24", "192.168.100.1")
    stretched = client.subnet(vpc, "stretched", "192.168.0.0/24", "192.168.0.1")
    client.subnet(vpc, "spare", "192.168.7.0/24", "192.168.7.1")
    client.attach(tunnel, NODE, "tunnel", "underlay0")
    client.attach(stretched, NODE, "layer2", "segment0")
    switch = client.instance("edge-01", vpc, tunnel, "192.168.100.12")
    client.await_active(switch)
    connection = connected and client.connect(switch, "first", vpc, stretched, [(7127, "192.168.111.111")])
    return {"vpc": vpc, "switch": switch, "connection": connection}


def sign_in(page, key=KEY, secret=SECRET):
    page.open(f"{ENDPOINT}/console")
    page.fill("input[name=id]", key)
    page.fill("input[name=secret]", secret)
    page.press("Enter")
    page.wait("!!document.querySelector('nav.side')", "the page behind the sign-in")


def heading(page, text):
    page.wait(f"document.querySelector('h1')?.innerText === {text!r}", f"the heading {text!r}")


def confirm(page, verb):
    """The last button of a change, whatever the plan says of it, once the plan is there."""
    page.see("What would happen")
    page.press_on(
        f"[...document.querySelectorAll('dialog button')].find((one) => one.innerText.startsWith({verb!r}) && !one.disabled)",
        f"a button {verb!r}")


def no_complaints(page, what, expected=()):
    told = [one for one in page.complaints() if not any(word in one for word in expected)]
    check(f"{what}: the browser has nothing to complain of", not told, told)


def walk(body):
    """Runs a walk in a browser of its own."""
    try:
        with Browser() as browser:
            body(browser)
    except BrowserError as error:
        print(f"FAILED {error}")
        sys.exit(1)
    print("the walk is complete")


def axe():
    """axe-core, an independent judge of accessibility; None where it is not installed."""
    try:
        import axe_core_python
    except ImportError:
        return None
    return (pathlib.Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
