"""Results as prove(1) reads them."""

count = 0


def ok(text: str, good: object, why: object = "") -> None:
    """Something is so, or the reason is told."""
    global count
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {text}", flush=True)
    if not good:
        for line in str(why).splitlines():
            print(f"# {line}", flush=True)


def same(text: str, got: object, want: object) -> None:
    """Two things are the same."""
    ok(text, got == want, f"got: {got!r}\nwant: {want!r}")


def plan() -> None:
    """How many results there were."""
    print(f"1..{count}")
