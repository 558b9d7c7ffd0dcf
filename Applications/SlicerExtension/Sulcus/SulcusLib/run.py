"""One program as a separate process that a timer polls: no threads, since Slicer's main thread keeps Python's lock."""
import os
import signal
import subprocess
import time

from .progress import ProgressParser

MEANINGS = {
    1: "failed", 2: "an option or setting is wrong", 3: "an input file is damaged or missing", 4: "an output could not be written",
    5: "the geometry was refused", 6: "memory, device or time ran out", 7: "some cases failed", 8: "the model was refused",
    9: "the image lies outside what the model was trained on", 130: "cancelled", 143: "cancelled",
}


class Run:
    """Started at once; `poll` until `status` is no longer None."""

    GRACE_IN_SECONDS = 5.0

    def __init__(self, command, environment=None, folder=None):
        self.command = list(command)
        self.status = None
        self.messages = []  # standard error, line by line
        self.output = []  # what else the program printed
        self.parser = ProgressParser()
        self._cancelled_at = None
        self._killed = False
        self._error_rest = ""
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=folder,
            start_new_session=True)  # a group of its own, so that cancelling reaches children too
        for stream in (self._process.stdout, self._process.stderr):
            os.set_blocking(stream.fileno(), False)

    @property
    def fraction(self):
        return self.parser.fraction

    def poll(self):
        """Reads what has arrived; returns True once the program has ended and everything is read."""
        if self.status is not None:
            return True
        status = self._process.poll()  # before reading, so that nothing written before the end is missed
        self._read()
        if status is None:
            self._enforce_cancel()
            return False
        self.output += self.parser.finish()
        self._add_messages("\n" if self._error_rest else "")
        for stream in (self._process.stdout, self._process.stderr):
            stream.close()
        self.status = 128 - status if status < 0 else status
        return True

    def wait(self, seconds=600.0, interval=0.02):
        """For tests and scripts: polls until the end."""
        end = time.monotonic() + seconds
        while not self.poll():
            if time.monotonic() > end:
                self.cancel()
                raise TimeoutError(f"{self.command[0]} runs longer than {seconds} s")
            time.sleep(interval)
        return self.status

    def cancel(self):
        """Asks the program to stop: Sulcus's programs leave no half-written file. It is ended if it does not."""
        if self.status is None and self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._signal(signal.SIGTERM)

    @property
    def cancelled(self):
        return self._cancelled_at is not None

    def failure(self):
        """One sentence for the panel, or "" after success."""
        if self.status in (None, 0):
            return ""
        meaning = "cancelled" if self.cancelled else MEANINGS.get(self.status, f"ended with status {self.status}")
        errors = [line for line in self.messages if ": error: " in line] or self.messages
        reason = errors[-1].split(": error: ", 1)[-1] if errors and not self.cancelled else ""
        return f"{meaning}: {reason}" if reason else meaning

    def warnings(self):
        return [line for line in self.messages if ": error: " not in line]

    def _signal(self, number):
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass  # it has just ended by itself

    def _enforce_cancel(self):
        overdue = self._cancelled_at is not None and time.monotonic() - self._cancelled_at > self.GRACE_IN_SECONDS
        if overdue and not self._killed:
            self._killed = True
            self._signal(signal.SIGKILL)

    def _read(self):
        self.output += self.parser.feed(self._arrived(self._process.stdout))
        self._add_messages(self._arrived(self._process.stderr))

    def _add_messages(self, text):
        lines = (self._error_rest + text).split("\n")
        self._error_rest = lines.pop()
        self.messages += [line for line in lines if line.strip()]

    @staticmethod
    def _arrived(stream):
        pieces = []
        while True:
            try:
                piece = os.read(stream.fileno(), 65536)
            except BlockingIOError:
                break
            if not piece:
                break
            pieces.append(piece)
        return b"".join(pieces).decode("utf-8", errors="replace")
