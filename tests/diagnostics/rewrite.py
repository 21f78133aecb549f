"""Writes the expected text of every case anew, and the page: `python -m tests.diagnostics.rewrite`. Read the diff."""

from tests.diagnostics.printed import CASES, PAGE, RULES, printed, with_examples

if __name__ == "__main__":
    for rule in RULES:
        text = printed(rule)
        if not text:
            raise SystemExit(f"{rule}: nothing is wrong with its case")
        (CASES / f"{rule}.txt").write_text(text, "utf-8")
    PAGE.write_text(with_examples(PAGE.read_text("utf-8")), "utf-8")
