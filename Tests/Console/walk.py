"""Signs in by key pair, password and token; makes and deletes a switch and a connection; languages and themes.

    walk.py ENDPOINT NODE
"""
import json

from walks import ENDPOINT, EXPECTED, KEY, SECRET, api, check, confirm, heading, no_complaints, sign_in, site, walk

PASSWORD = "a long enough passw0rd"


def by_key(browser, made):
    page = browser.page()
    page.open(f"{ENDPOINT}/console")
    page.fill("input[name=id]", KEY)
    page.fill("input[name=secret]", "not the secret")
    page.press("Enter")
    page.see("APIGW.0301")
    check("a wrong secret is told with its code and what to do",
          page.run("document.querySelector('[role=alert]').innerText.includes('Check the credential')"))
    page.fill("input[name=secret]", SECRET)
    page.press("Enter")
    page.see("What needs attention")
    check("the key pair opens the overview", page.run("document.querySelector('.who').innerText") == KEY)
    kept = page.run("JSON.stringify([location.href, document.documentElement.outerHTML, {...localStorage}, {...sessionStorage}])")
    check("the secret is nowhere in the page, its address or its storage", SECRET not in kept)
    no_complaints(page, "signing in by key pair", (EXPECTED,))
    page.button("Sign out")
    heading(page, "Sign in")
    check("signing out forgets who it was", KEY not in page.run("document.documentElement.outerHTML"))


def people(client):
    user = client.call("POST", "/v3/users", {"user": {"name": "anna", "password": PASSWORD}})["user"]["id"]
    group = client.call("GET", "/v3/groups")["groups"][0]["id"]
    client.call("PUT", f"/v3/groups/{group}/users/{user}")


def by_password(browser, client):
    people(client)
    page = browser.page()
    page.open(f"{ENDPOINT}/console")
    page.button("Password")
    page.fill("input[name=user]", "anna")
    page.fill("input[name=password]", PASSWORD)
    page.press("Enter")
    page.see("What needs attention")
    check("a password opens the console", page.run("document.querySelector('.who').innerText") == "anna")
    no_complaints(page, "signing in by password")


def by_token(browser):
    page = browser.page()
    page.open(f"{ENDPOINT}/console")
    token = page.run(
        "fetch('/v3/auth/tokens', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: %s })"
        ".then((answer) => answer.headers.get('X-Subject-Token'))" % json.dumps(json.dumps({"auth": {"identity": {
            "methods": ["password"],
            "password": {"user": {"name": "anna", "password": PASSWORD, "domain": {"name": "default"}}}}}})))
    page.button("Token")
    page.fill("input[name=token]", token)
    page.click("#keep")
    page.button("Sign in")
    page.see("What needs attention")
    page.call("Page.reload")
    page.see("What needs attention")
    check("a token opens the console, and is kept for a reload only where that was asked for", True)
    page.button("Sign out")
    check("signing out takes it away", page.run("sessionStorage.length") == 0)
    no_complaints(page, "signing in by token")


def clock(browser):
    page = browser.page()
    page.call("Page.addScriptToEvaluateOnNewDocument", {
        "source": "{ const now = Date.now.bind(Date); Date.now = () => now() - 20 * 60_000; }"})
    sign_in(page)
    page.see("allowed for")
    check("a clock that is 20 minutes wrong is allowed for, and told", True)


def picture(page, made):
    page.button("Connections")
    page.button("first")
    heading(page, "first")
    page.wait("document.querySelector('.actions .pill').innerText.includes('Connected')", "the connection to be connected")
    page.wait("!!document.querySelector('svg.picture .station')", "the picture")
    words = page.run("document.querySelector('svg.picture').getAttribute('aria-label')")
    check("the picture goes from host to host",
          all(one in words for one in ("local host", "segment0", "node-1", "192.168.111.111", "remote host")), words)
    drawn = page.run("[...document.querySelectorAll('svg.picture text')].map((one) => one.textContent).join(' | ')")
    check("evidence has its age", " ago" in drawn, drawn)
    before = page.run("document.querySelector('.timeline, .picture [data-words=\"picture.ago\"]').textContent")
    page.wait(f"document.querySelector('.picture [data-words=\"picture.ago\"]').textContent !== {json.dumps(before)}",
              "the age to grow")
    check("ages go on by themselves", True)
    check("rates are told", page.wait(
        "[...document.querySelectorAll('svg.picture .rate')].some((one) => one.textContent.includes('bit/s'))", "a rate"))


def make_and_delete(page, client):
    page.button("Connections")
    page.button("Create connection")
    page.wait("!!document.querySelector('dialog form input')", "the form")
    page.fill("dialog label:nth-of-type(2) input", "made-here")
    page.fill("dialog fieldset .field:nth-of-type(1) input", "7200")
    page.fill("dialog fieldset .field:nth-of-type(2) input", "192.0.2.9")
    page.button("Show plan", "document.querySelector('dialog')")
    page.see("7200@192.0.2.9")
    check("nothing is made before it is wanted", all(one["name"] != "made-here" for one in client.connections()))
    plan = page.wait("document.querySelector('dialog .plan')?.innerText", "the plan")
    check("the plan is shown first: who is held up, and what was checked",
          "No frame is held up" in plan and "Checked beforehand" in plan, plan)
    confirm(page, "Create")
    heading(page, "made-here")
    check("a connection is made", any(one["name"] == "made-here" for one in client.connections()))
    page.wait("!document.querySelector('.actions .pill')?.innerText.includes('Pending')"
              " && !!document.querySelector('.actions .pill')", "the connection to be ready")
    page.button("Delete")
    page.see("Delete connection made-here")
    check("what cannot be undone is not one key away",
          page.wait("document.activeElement?.innerText === 'Cancel'", "the focus on Cancel"))
    check("nothing is deleted before it is wanted", any(one["name"] == "made-here" for one in client.connections()))
    confirm(page, "Delete")
    heading(page, "Connections")
    check("a connection is deleted", all(one["name"] != "made-here" for one in client.connections()))


def plan_of_an_end(page):
    page.button("Connections")
    page.button("first")
    heading(page, "first")
    page.wait("!!document.querySelector('.actions .pill')", "the connection")
    page.button("Delete")
    plan = page.wait("document.querySelector('dialog .plan')?.innerText", "the plan")
    check("the plan of an end says whose frames end, and the steps",
          "Frames cross no more" in plan and "Connection first" in plan and "step" in plan, plan)
    check("each step is shown as a command", page.run("document.querySelectorAll('dialog .steps code').length") > 0)
    page.press("Escape")
    page.wait("!document.querySelector('dialog')", "the dialog to close")


def switch(page, client):
    page.button("Switches")
    page.button("Create switch")
    page.wait("!!document.querySelector('dialog form input')", "the form")
    page.fill("dialog label:nth-of-type(1) input", "made-there")
    page.choose("dialog label:nth-of-type(5) select",
                next(one["tunnel_info"]["virsubnet_id"] for one in client.instances() if one["name"] == "edge-01"))
    page.button("Show plan", "document.querySelector('dialog')")
    confirm(page, "Create")
    heading(page, "made-there")
    check("a switch is made", any(one["name"] == "made-there" for one in client.instances()))
    page.wait("document.querySelector('.actions .pill')?.innerText.includes('Active')", "the switch to be active")
    page.button("Delete")
    confirm(page, "Delete")
    heading(page, "Switches")
    check("a switch is deleted", all(one["name"] != "made-there" for one in client.instances()))


def refused(page, made):
    page.button("Switches")
    page.button("edge-01")
    heading(page, "edge-01")
    page.button("Delete")
    page.see("l2cg.9907")
    check("a refusal is told with its code and what to do",
          page.run("document.querySelector('dialog [role=alert]').innerText.includes('stands against it')"))
    page.press("Escape")
    page.wait("!document.querySelector('dialog')", "the dialog to close")


def languages(page):
    page.choose("[data-choice=language]", "zh-CN")
    page.see("企业交换机")
    check("the page is in Chinese, and says so", page.run("document.documentElement.lang") == "zh-CN")
    left = page.run("[...document.querySelectorAll('nav a, th, h2, button')].map((one) => one.innerText)"
                    ".filter((text) => /[a-z]{4,}/.test(text)).join(' ')")
    check("no English is left of what the page says itself", left == "", left)
    page.choose("[data-choice=language]", "en")
    colour = "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor"
    seen = {}
    for theme in ("light", "dark"):
        page.choose("[data-choice=theme]", theme)
        seen[theme] = page.run(colour)
    check("light and dark differ", seen["light"] != seen["dark"], seen)
    page.choose("[data-choice=theme]", "system")
    page.media(prefers_color_scheme="dark")
    check("the system's wish is followed", page.run(colour) == seen["dark"])
    page.media(prefers_color_scheme="light")


def links(browser, page, made):
    address = page.run("document.querySelector('[data-place=connections]').href")
    sign_in(page)
    page.run(f"location.href = {json.dumps(address + '?q=first&status=connected')}")
    heading(page, "Connections")
    check("a view is a link, with its filter", page.wait(
        "document.querySelector('input.filter').value === 'first'"
        " && document.querySelector('[aria-pressed=true]').innerText.includes('Connected')", "the filter"))


def main(browser):
    client = api()
    made = site(client)
    by_key(browser, made)
    by_password(browser, client)
    by_token(browser)
    clock(browser)
    page = browser.page()
    sign_in(page)
    picture(page, made)
    make_and_delete(page, client)
    plan_of_an_end(page)
    switch(page, client)
    refused(page, made)
    languages(page)
    links(browser, page, made)
    for place in ("Hosts", "Events", "Nodes", "Overview"):
        page.button(place)
        heading(page, place)
    no_complaints(page, "all of it", (EXPECTED,))


walk(main)
