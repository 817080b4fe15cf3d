"""Running a function in another thread."""

import threading

__all__ = ["in_thread"]


def in_thread(function):
    """Return what `function` returns when a new thread calls it; raise what it raises."""
    results, errors = [], []

    def run():
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
