"""What a row holds never becomes markup or script, and the policy is never broken.

    hostile.py ENDPOINT NODE
"""
import json

from api import Refused
from walks import EXPECTED, api, check, heading, no_complaints, sign_in, site, walk

# No character of these needs an escape in JSON.
PAYLOADS = [
    "<img src=x onerror=hacked=1>", "<svg onload=hacked=1>", "<script>hacked=1</script>", "javascript:hacked=1",
    "'-hacked-'", "{count}",
]
# Every text of an answer becomes the payload, but what the page needs to find its way.
TWIST = """
  window.twist = (payload) => {
    window.realFetch ??= window.fetch;
    const kept = new Set(['id', 'instance_id', 'vpc_id', 'virsubnet_id', 'subnet_id', 'next_marker', 'status', 'side',
      'created_at', 'time', 'direction']);
    const twisted = (value, name) => Array.isArray(value) ? value.map((one) => twisted(one, name))
      : value && typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, twisted(one, key)]))
        : typeof value === 'string' && !kept.has(name) ? payload : value;
    window.fetch = async (target, options) => {
      const answer = await window.realFetch(target, options);
      const text = await answer.text();
      const body = text && String(target).startsWith('/') ? JSON.stringify(twisted(JSON.parse(text))) : text;
      return new Response([204, 304].includes(answer.status) ? null : body, { status: answer.status, headers: answer.headers });
    };
  }
"""


def main(browser):
    client = api()
    made = site(client)
    # The front door lets no such thing in; what gets in by another must do no harm either.
    try:
        client.call("PUT", f"/v3/{client.project}/l2cg/instances/{made['switch']}", {
            "instance": {"name": "edge-01", "description": PAYLOADS[0]}})
        check("a description with markup is refused", False)
    except Refused as refused:
        check("a description with markup is refused", refused.status == 400, refused)
    page = browser.page()
    sign_in(page)
    page.run("window.hacked = 0; document.addEventListener('securitypolicyviolation', (event) => {"
             " (window.violations ??= []).push(event.violatedDirective + ' ' + event.blockedURI); })")
    page.run(f"{TWIST}; 0")
    for payload in PAYLOADS:
        page.run(f"twist({json.dumps(payload)})")
        for place in ("overview", "connections", f"connection/{made['connection']}", "switches", f"switch/{made['switch']}",
                      "hosts", "events", "nodes"):
            page.run(f"location.hash = '#/{client.project}/{place}'")
            page.wait(f"document.getElementById('main').innerText.includes({json.dumps(payload)})",
                      f"{payload} as a text at {place}")
        found = page.run("[window.hacked, document.querySelectorAll('#page img, #page script, #page iframe').length,"
                         " [...document.querySelectorAll('#page *')].filter((one) => [...one.attributes]"
                         ".some(({ name }) => name.startsWith('on'))).length,"
                         " [...document.querySelectorAll('#page a')].filter((one) => one.protocol === 'javascript:').length]")
        check(f"{payload} is a text everywhere", found == [0, 0, 0, 0], found)
    page.run("window.fetch = window.realFetch; 0")
    page.button("Overview")
    heading(page, "Overview")
    check("the policy was never broken", page.run("window.violations ?? null") is None, page.run("window.violations"))
    blocked = page.run(
        "(() => { try { const one = document.createElement('div'); one.innerHTML = '<b>x</b>'; return 'let in'; }"
        " catch (error) { return error.name; } })()")
    check("the policy holds: markup of text is refused by the browser itself", blocked == "TypeError", blocked)
    no_complaints(page, "hostile rows", (EXPECTED, "TrustedHTML"))


walk(main)
