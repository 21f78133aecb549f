"""`python -m tests.golden.refresh` writes the expected packages anew; an edited one is refused."""

from tests.golden.cases import CASES, plan

if __name__ == "__main__":
    for case in CASES:
        plan(case).write()
