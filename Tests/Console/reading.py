"""For people who do not see, or not well: names, landmarks, headings, contrast; axe-core judges too.

    reading.py ENDPOINT NODE
"""
import json

from walks import ENDPOINT, api, axe, check, heading, no_complaints, sign_in, site, walk

# The contrast of every text with what is behind it (WCAG 2.2, 1.4.3), where both are plain colours.
CONTRAST = """
(() => {
  const parts = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const over = (front, back) => front.slice(0, 3).map((one, i) => one * (front[3] ?? 1) + back[i] * (1 - (front[3] ?? 1)));
  const light = (colour) => colour.map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.length && (colour[3] ?? 1) > 0) layers.push(colour);
      if ((colour[3] ?? 1) === 1 && colour.length) break;
    }
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const bad = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !node.getClientRects().length || node.closest('.unseen, :disabled, option')) continue;
    const style = getComputedStyle(node);
    const isDrawn = node instanceof SVGElement;
    const station = isDrawn && node.closest('.station');
    const mark = isDrawn && node.closest('.mark');
    const back = mark ? parts(getComputedStyle(mark.querySelector('circle')).fill)
      : station ? parts(getComputedStyle(station.querySelector('rect')).fill) : behind(isDrawn ? node.closest('svg').parentElement : node);
    const front = over(parts(isDrawn ? style.fill : style.color), back);
    const [a, b] = [light(front), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} ${node.tagName}.${node.getAttribute('class')} ${texts.currentNode.data.trim().slice(0, 30)}`);
  }
  return [...new Set(bad)];
})()
"""

SHAPE = """
(() => {
  const problems = [];
  const count = (selector) => document.querySelectorAll(selector).length;
  if (count('main') !== 1) problems.push('one main');
  if (count('h1') !== 1) problems.push('one h1');
  let level = 0;
  for (const one of document.querySelectorAll('main :is(h1, h2, h3, h4)')) {
    const now = Number(one.tagName[1]);
    if (now > level + 1) problems.push(`heading ${one.innerText} skips a level`);
    level = now;
  }
  if (count('[tabindex]:not([tabindex="0"], [tabindex="-1"])')) problems.push('positive tabindex');
  for (const one of document.querySelectorAll('svg')) {
    if (!one.getAttribute('aria-label') && one.getAttribute('aria-hidden') !== 'true') problems.push('a picture without words');
  }
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  if (new Set(ids).size !== ids.length) problems.push('an id twice');
  for (const one of document.querySelectorAll('button, select, input, summary')) {
    const box = one.getBoundingClientRect();
    if (box.width && one.type !== 'radio' && one.type !== 'checkbox' && box.height < 20) problems.push(`too small: ${one.outerHTML.slice(0, 80)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) problems.push(`wider than the window: ${document.documentElement.scrollWidth}`);
  return problems;
})()
"""


def named(page, place):
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    value = lambda node, what: node.get(what, {}).get("value", "")
    wanted = {"button", "link", "textbox", "searchbox", "combobox", "radio", "checkbox", "spinbutton", "image", "img",
              "grid", "dialog", "navigation"}
    nameless = [value(one, "role") for one in nodes
                if not one.get("ignored") and value(one, "role") in wanted and not str(value(one, "name")).strip()]
    check(f"{place}: everything that can be used has a name", not nameless, nameless)
    roles = {value(one, "role") for one in nodes}
    # Behind a modal dialog the rest of the page is not there.
    check(f"{place}: landmarks are there", roles & {"main", "dialog"}, sorted(roles))


def judge(page, place, script):
    named(page, place)
    problems = page.run(SHAPE)
    check(f"{place}: headings, ids and sizes are right", not problems, problems)
    for theme in ("light", "dark"):
        page.run(f"document.documentElement.dataset.theme = {theme!r}; 0")
        bad = page.run(CONTRAST)
        check(f"{place}, {theme}: every text has contrast", not bad, bad)
        if script:
            page.run("0" if page.run("'axe' in window") else script + "; 0")
            found = page.run("axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',"
                             " 'wcag21aa', 'best-practice'] }).then(({ violations }) => violations.map((one) =>"
                             " `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(' ')}`))")
            check(f"{place}, {theme}: axe-core finds nothing", not found, "\n".join(found))


def main(browser):
    client = api()
    made = site(client)
    script = axe()
    if script is None:
        print("SKIPPED: axe-core is not installed (Tests/Console/requirements.txt)")
    page = browser.page()
    page.open(f"{ENDPOINT}/console")
    heading(page, "Sign in")
    judge(page, "signing in", script)
    sign_in(page)
    project = client.project
    places = ["overview", "connections", f"connection/{made['connection']}", "switches", f"switch/{made['switch']}",
              "hosts", "events", "nodes"]
    for place in places:
        page.run(f"location.hash = '#/{project}/{place}'")
        page.wait("document.querySelector('.live.live') && document.querySelectorAll('.place *').length > 3", place)
        page.wait("!document.querySelector('.scroller') || !!document.querySelector('.scroller tr[data-key], .empty:not([hidden])')", place)
        judge(page, place.split("/")[0], script)
    for width in (360, 768):
        page.size(width, 800)
        for place in places:
            page.run(f"location.hash = '#/{project}/{place}'")
            page.wait("document.querySelectorAll('.place *').length > 3", place)
            problems = page.run(SHAPE)
            check(f"{place.split('/')[0]} fits {width} pixels", not problems, problems)
    page.size(1280, 860)
    page.run(f"location.hash = '#/{project}/connections'")
    page.button("Create connection")
    page.wait("!!document.querySelector('dialog input')", "the form")
    judge(page, "the form", script)
    page.press("Escape")
    page.media(prefers_reduced_motion="reduce")
    page.run(f"location.hash = '#/{project}/connection/{made['connection']}'")
    page.wait("!!document.querySelector('svg.picture .lane')", "the picture")
    moving = page.run("document.getAnimations().filter((one) => one.playState === 'running').length")
    check("nothing moves for who wants no motion", moving == 0, moving)
    politely = page.run("document.getElementById('announcements').getAttribute('aria-live')")
    check("news is announced politely", politely == "polite")
    no_complaints(page, "reading")


walk(main)
