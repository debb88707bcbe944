"""The signals that stop a server."""

import signal


def stop_signals() -> list[signal.Signals]:
    """SIGINT, SIGTERM, and that of a terminal that closes, unless the server was started to outlive it (nohup)."""
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if outlives else [signal.SIGHUP])]
