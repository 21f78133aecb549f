"""`python -m tests.codegen.diagnostics.rewrite` writes every expected text anew, and the page. Read the difference."""

from tests.codegen.diagnostics.printed import CASES, PAGE, RULES, printed, with_examples

if __name__ == "__main__":
    for rule in RULES:
        text = printed(rule)
        if not text:
            raise SystemExit(f"{rule}: nothing is wrong with its case")
        (CASES / f"{rule}.txt").write_text(text, "utf-8")
    PAGE.write_text(with_examples(PAGE.read_text("utf-8")), "utf-8")
