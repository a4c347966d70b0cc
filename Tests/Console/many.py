"""A thousand connections: how long until the first rows, a filter, a scroll; and what is polled stays bounded.

    many.py ENDPOINT
"""
import time

from walks import api, check, heading, no_complaints, sign_in, walk

COUNT = 1000
# Many times what is measured: 0.3 s to the first rows, 0.1 s for the rest.
SECONDS = 5


def timed(what, act):
    start = time.monotonic()
    act()
    took = time.monotonic() - start
    print(f"{what}: {took:.2f} s")
    check(what, took < SECONDS, took)


def main(browser):
    client = api()
    client.many(COUNT)
    page = browser.page()
    sign_in(page)
    page.run("document.querySelector('[data-place=connections]').click()")
    timed("first rows", lambda: page.wait("document.querySelectorAll('tr[data-key]').length > 5", "rows"))
    page.see("1,000 rows")
    drawn = page.run("document.querySelectorAll('tr[data-key]').length")
    check("only rows that are seen are drawn", drawn < 80, drawn)
    heading(page, "Connections")
    page.press("/")
    page.type("connection-0777")
    timed("a filter", lambda: page.wait("document.querySelectorAll('tr[data-key]').length === 1", "the one row"))
    check("it is the right one", page.run("document.querySelector('tr[data-key] a').innerText") == "connection-0777")
    page.press("Escape")
    page.wait("document.querySelectorAll('tr[data-key]').length > 5", "all rows again")
    page.press("ArrowDown")
    page.press("End")
    timed("the last row", lambda: page.wait(
        "document.activeElement.innerText?.includes('connection-0999')", "the focus on the last row"))
    check("rows are counted for who does not see", page.run(
        "[document.querySelector('.list').getAttribute('aria-rowcount'),"
        " document.activeElement.getAttribute('aria-rowindex')]") == ["1001", "1001"])
    page.button("Name")
    timed("another order", lambda: page.wait(
        "document.querySelector('th[aria-sort=descending]')?.innerText.includes('Name')", "the order") or None)
    slow = page.run("""
      new Promise((done) => {
        const scroller = document.querySelector('.scroller');
        const gaps = [];
        let last = performance.now();
        const step = (now) => {
          gaps.push(now - last);
          last = now;
          scroller.scrollTop += 900;
          if (gaps.length < 40) requestAnimationFrame(step); else done(gaps.slice(2).sort((a, b) => a - b)[30]);
        };
        requestAnimationFrame(step);
      })""")
    print(f"scrolling: 4 of 5 pictures within {slow:.0f} ms")
    check("scrolling is smooth", slow < 250, slow)
    check("there are rows wherever it is scrolled to", page.run(
        "[...document.querySelectorAll('tr[data-key]')].some((row) => { const box = row.getBoundingClientRect();"
        " return box.top > 200 && box.bottom < innerHeight; })"))
    page.run("window.asked = 0; const real = fetch; window.fetch = (...all) => { window.asked += 1; return real(...all); }; 0")
    time.sleep(6)
    asked = page.run("window.asked")
    check("what is polled is bounded", 1 <= asked <= 8, asked)
    no_complaints(page, "a thousand connections")


walk(main)
