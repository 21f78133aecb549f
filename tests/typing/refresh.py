"""`python -m tests.typing.refresh` writes anew what the checkers say about each bad file. Read the difference."""

from tests.typing.checkers import BAD, CHECKERS, expected

if __name__ == "__main__":
    for name, check in CHECKERS.items():
        found = check()
        for bad in BAD:
            expected(bad, name).write_text("".join(f"{each}\n" for each in found.get(bad, [])), "utf-8")
