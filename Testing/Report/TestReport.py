#!/usr/bin/env python3
"""Makes the report of a study with 200 cases and holds it against the goals; opens it in a headless browser without network.

usage: TestReport.py size PROGRAMS              time and bytes of the page, manifest check
       TestReport.py browser PROGRAMS [FOLDER]  console, sorting, width of a phone, dark mode; screenshots into FOLDER
       TestReport.py page REPORT FOLDER         the same checks of a page that exists

Exit status 77: skipped, there is no browser.
"""
import base64
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import Browser
import MakeStudyFolder

PHONE = 390
problems = []


def expect(condition, what):
    if not condition:
        problems.append(what)


def report(programs, folder, *options):
    return subprocess.run([str(Path(programs) / "sulcus-report"), str(folder), *options], capture_output=True, text=True, timeout=120)


def make_page(programs, folder):
    MakeStudyFolder.make(folder, 200)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = report(programs, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    expect(done.returncode == 0, f"sulcus-report failed: {done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime  # processor time: the machine may be busy


def check_size(programs):
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "study"
        seconds = make_page(programs, folder)
        size = (folder / "report.html").stat().st_size
        print(f"200 cases: {seconds:.2f} s of processor time, {size / 1e6:.2f} MB")
        expect(seconds <= 5, f"the report took {seconds:.1f} s, goal 5")
        expect(size <= 10e6, f"the report has {size} bytes, goal 10 MB")
        first = (folder / "report.html").read_bytes()
        expect(report(programs, folder).returncode == 4, "an existing page was replaced unasked")
        expect(report(programs, folder, "--overwrite").returncode == 0 and (folder / "report.html").read_bytes() == first, "not the same bytes twice")
        expect(report(programs, folder, "--verify").returncode == 0, "an untouched study does not verify")
        (folder / "scores" / "fixmatch" / "scores.tsv").write_text("edited")
        changed = report(programs, folder.parent / "study", "--verify")
        expect(changed.returncode == 3 and "changed\tevaluate/fixmatch\tscores/fixmatch/scores.tsv" in changed.stdout, f"--verify: {changed.stdout}{changed.stderr}")
        expect(changed.stderr.count("\n") == 1, "a refusal must be one line")


COLUMN = """(function(n){var t=document.querySelectorAll('table.sortable')[n],h=t.tHead.rows[0].cells,c=-1;
for(var i=0;i<h.length;i++)if(h[i].textContent.trim()==='dice')c=i;
return Array.from(t.tBodies[0].rows).map(function(r){var x=r.cells[c];return x.classList.contains('m')?null:parseFloat(x.dataset.v||x.textContent);});})(%d)"""
PRESS = """(function(n){var h=document.querySelectorAll('table.sortable')[n].tHead.rows[0].cells;
for(var i=0;i<h.length;i++)if(h[i].textContent.trim()==='dice')h[i].querySelector('button').click();})(%d)"""
# The table of all cases: the longest with a column 'dice'.
LONGEST = """(function(){var best=-1,rows=0;document.querySelectorAll('table.sortable').forEach(function(t,i){
var has=Array.from(t.tHead.rows[0].cells).some(function(h){return h.textContent.trim()==='dice';});
if(has&&t.tBodies[0].rows.length>rows){best=i;rows=t.tBodies[0].rows.length;}});return best;})()"""
TOO_WIDE = """Array.from(document.querySelectorAll('body *')).filter(function(e){
return e.getBoundingClientRect().right>391&&!e.closest('.scroll')&&!e.closest('pre')&&!e.closest('svg');})
.slice(0,5).map(function(e){return e.tagName+'.'+e.className+' '+e.textContent.slice(0,40);})"""


def is_sorted(values, descending):
    numbers = [v for v in values if v is not None]
    missing_last = all(v is None for v in values[len(numbers):])
    return missing_last and numbers == sorted(numbers, reverse=descending)


def check_sorting(browser):
    place = browser.evaluate(LONGEST)
    if place < 0:
        problems.append("there is no table of cases")
        return
    before = browser.evaluate(COLUMN % place)
    expect(is_sorted(before, False), "the worst cases do not stand first")
    browser.evaluate(PRESS % place)
    after = browser.evaluate(COLUMN % place)
    expect(is_sorted(after, True) and len(after) == len(before), f"pressing 'dice' does not sort: {after[:5]} …")
    browser.evaluate(PRESS % place)
    expect(is_sorted(browser.evaluate(COLUMN % place), False), "pressing 'dice' again does not turn the order")


def screenshot(browser, path, whole):
    picture = base64.b64decode(browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])
    expect(len(picture) > 10_000, f"{path.name} is nearly empty")
    path.write_bytes(picture)


def check_page(page, pictures):
    program = Browser.find()
    if program is None:
        print("skipped: no Chromium or Chrome on this machine (apt-get install chromium)")
        sys.exit(77)
    pictures.mkdir(parents=True, exist_ok=True)
    browser = Browser.Browser(program, PHONE, 844)
    try:
        for domain in ("Page", "Runtime", "Log", "Network"):
            browser.call(f"{domain}.enable")
        browser.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        browser.call("Emulation.setDeviceMetricsOverride", width=PHONE, height=844, deviceScaleFactor=2, mobile=True)
        started = time.monotonic()
        browser.call("Page.navigate", url=page.resolve().as_uri())
        browser.wait_for("Page.loadEventFired")
        print(f"opened in {time.monotonic() - started:.2f} s")
        screenshot(browser, pictures / "report-phone.png", False)
        browser.evaluate("document.querySelectorAll('details').forEach(function(d){d.open=true;})")
        expect(browser.evaluate("innerWidth") == PHONE, "the page is laid out for another width than the phone's: no viewport?")
        width = browser.evaluate("document.documentElement.scrollWidth")
        expect(width <= PHONE, f"the page is {width} px wide on a screen of {PHONE}: {browser.evaluate(TOO_WIDE)}")
        expect(browser.evaluate("document.querySelectorAll('svg').length") > 0, "there is no chart")
        expect(browser.evaluate("Array.from(document.images).every(function(i){return i.naturalWidth>0||i.loading==='lazy';})"), "a picture is broken")
        check_sorting(browser)
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        colour = browser.evaluate("getComputedStyle(document.body).color")
        expect(min(map(int, colour[4:-1].split(","))) > 150, f"dark mode has dark letters: {colour}")
        screenshot(browser, pictures / "report-phone-dark.png", False)
        browser.call("Emulation.setEmulatedMedia", features=[])
        browser.call("Emulation.setDeviceMetricsOverride", width=1200, height=2400, deviceScaleFactor=1, mobile=False)
        browser.evaluate("document.querySelectorAll('details').forEach(function(d,i){d.open=i<4;})")
        screenshot(browser, pictures / "report.png", False)
        for event in browser.events:
            method, detail = event.get("method"), event.get("params", {})
            bad = (method == "Runtime.exceptionThrown" or (method == "Runtime.consoleAPICalled" and detail["type"] in ("error", "warning"))
                   or (method == "Log.entryAdded" and detail["entry"]["level"] in ("error", "warning")))
            expect(not bad, f"console: {detail}")
            if method == "Network.requestWillBeSent":
                url = detail["request"]["url"]
                expect(url.startswith("data:") or url == page.resolve().as_uri(), f"the page asks for {url}")
    finally:
        browser.close()


def main():
    kind = sys.argv[1]
    if kind == "size":
        check_size(sys.argv[2])
    elif kind == "page":
        check_page(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "study"
            make_page(sys.argv[2], folder)
            check_page(folder / "report.html", Path(sys.argv[3]) if len(sys.argv) > 3 else Path(scratch))
    print("\n".join(problems) if problems else "the report keeps its promises")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
