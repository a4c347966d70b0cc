"""Everything by the keyboard: signing in, moving, filtering, opening, making, going back.

    keyboard.py ENDPOINT NODE
"""
from walks import ENDPOINT, KEY, SECRET, api, check, heading, no_complaints, site, walk

FOCUS = "document.activeElement"


def tab_to(page, condition, what, most=40):
    for _ in range(most):
        if page.run(f"Boolean(({condition})(document.activeElement))"):
            return
        page.press("Tab")
    check(f"Tab leads to {what}", False, page.run(f"{FOCUS}.outerHTML.slice(0, 200)"))


def main(browser):
    client = api()
    site(client)
    page = browser.page()
    page.open(f"{ENDPOINT}/console")
    check("the first field has the focus", page.run(f"{FOCUS}.name") == "id")
    page.type(KEY)
    page.press("Tab")
    page.type(SECRET)
    tab_to(page, "(one) => one.type === 'submit'", "the button")
    page.press("Enter")
    heading(page, "Overview")
    page.press("Tab")
    check("the first stop leads past the navigation", page.run(f"{FOCUS}.className") == "skip")
    page.press("Enter")
    check("to the content", page.run(f"{FOCUS}.id") == "main")

    page.run("document.activeElement.blur()")
    page.press("g")
    page.press("c")
    heading(page, "Connections")
    check("a move is heard: the heading has the focus", page.run(f"{FOCUS}.tagName") == "H1")
    page.wait("document.querySelectorAll('tr[data-key]').length === 1", "the row")
    page.press("/")
    check("/ leads to the filter", page.run(f"{FOCUS}.type") == "search")
    page.type("nothing")
    page.see("Nothing matches")
    page.press("Escape")
    page.wait("document.querySelectorAll('tr[data-key]').length === 1", "the row again")
    page.press("ArrowDown")
    check("down leads from the filter to the rows", page.run(f"{FOCUS}.tagName") == "TR")
    page.press("Enter")
    heading(page, "first")
    page.press("Escape")
    heading(page, "Connections")
    check("Escape leads back", True)
    page.press("?", 8)
    page.wait("!!document.querySelector('dialog[open]')", "the keys")
    check("? shows the keys, and the focus is in there", page.run(f"!!{FOCUS}.closest('dialog')"))
    page.press("Escape")
    page.wait("!document.querySelector('dialog')", "the keys to go")

    tab_to(page, "(one) => one.innerText === 'Create connection'", "the button that creates")
    page.press("Enter")
    page.wait("!!document.activeElement.closest('dialog form')", "the focus in the form")
    for _ in range(60):
        page.press("Tab")
        inside = page.run(f"!!{FOCUS}.closest('dialog') || {FOCUS} === document.body")
        if not inside:
            break
    check("the focus stays in the dialog", inside)
    tab_to(page, "(one) => one.closest('label')?.innerText.startsWith('Name')", "the name")
    page.type("by-keyboard")
    tab_to(page, "(one) => one.closest('label')?.innerText === 'VNI'", "the VNI")
    page.type("7300")
    page.press("Tab")
    page.type("192.0.2.30")
    page.press("Enter")
    page.see("What would happen")
    tab_to(page, "(one) => one.innerText?.includes('Create') && one.closest('dialog')", "Create")
    page.press("Enter")
    heading(page, "by-keyboard")
    check("a connection is made by the keyboard", any(one["name"] == "by-keyboard" for one in client.connections()))
    visible = page.run(
        "[...document.querySelectorAll('button, a, select, input')].every((one) => {"
        " one.focus({ focusVisible: true }); const style = getComputedStyle(one);"
        " return document.activeElement !== one || style.outlineStyle !== 'none' || !one.getClientRects().length; })")
    check("the focus is seen wherever it is", visible)
    no_complaints(page, "by the keyboard")


walk(main)
