"""`python -m tests.codegen.golden.refresh` writes the expected packages anew; an edited one is refused."""

from tests.codegen.golden.cases import CASES, plan

if __name__ == "__main__":
    for case in CASES:
        plan(case).write()
