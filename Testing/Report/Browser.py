"""A headless Chromium spoken to over a pipe (DevTools protocol): standard library only, no port, no network."""
import json
import os
import select
import shutil
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find():
    """The browser's path, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One page. Events are kept in `events`; `call` returns a command's result."""

    def __init__(self, program, width, height):
        self.profile = tempfile.mkdtemp(prefix="sulcus-browser-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        arguments = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-extensions", "--disable-background-networking", "--disable-component-update",
                     "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe", f"--user-data-dir={self.profile}",
                     f"--window-size={width},{height}", "about:blank"]
        # the browser reads commands from descriptor 3 and writes answers to 4; high numbers first, so that none is overwritten
        high = [os.dup(to_browser), os.dup(from_browser)]
        while min(high) < 10:
            high = [os.dup(d) for d in high]
        actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2), (os.POSIX_SPAWN_DUP2, high[0], 3), (os.POSIX_SPAWN_DUP2, high[1], 4)]
        self.process = os.posix_spawn(program, arguments, os.environ, file_actions=actions)
        for descriptor in (to_browser, from_browser):
            os.close(descriptor)
        self.pending, self.events, self.number, self.session = b"", [], 0, None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]

    def _read(self, seconds):
        """The next message, or None when none came in time."""
        end = time.monotonic() + seconds
        while b"\0" not in self.pending:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.input], [], [], left)[0]:
                return None
            data = os.read(self.input, 1 << 20)
            if not data:
                raise RuntimeError("the browser ended")
            self.pending += data
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self.output, text):]
        while True:
            answer = self._read(60)
            if answer is None:
                raise RuntimeError(f"the browser does not answer {method}")
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event, seconds=30):
        end = time.monotonic() + seconds
        while not any(e.get("method") == event for e in self.events):
            answer = self._read(max(0.0, end - time.monotonic()))
            if answer is None:
                raise RuntimeError(f"no {event} within {seconds} s")
            self.events.append(answer)

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("text", "") + " in " + script)
        return result["result"].get("value")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (RuntimeError, OSError):
            os.kill(self.process, 9)
        os.waitpid(self.process, 0)
        shutil.rmtree(self.profile, ignore_errors=True)
