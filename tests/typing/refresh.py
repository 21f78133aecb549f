"""`python -m tests.typing.refresh` writes anew what the checkers say about each bad program. Read the difference."""

from tests.typing.checkers import CHECKERS, bad, expected

if __name__ == "__main__":
    for checker, check in CHECKERS.items():
        found = check()
        for program in bad(checker):
            words = "".join(f"{each}\n" for each in found.get(program, []))
            expected(program, checker).write_text(words, "utf-8")
