"""riata attacked by random problems made to be spiteful, and judged by somebody who shares nothing with it.

`problems` draws a case from a seed, `calls` puts it to riata and writes down what riata claims, `judge` says in long double what of
it is wrong, `shrink` makes a failing case small. ``python -m tests.attack N [SEED]`` (``make attack``) runs them in processes that are
killed where they hang; failures are kept in kept.jsonl, which the suite replays.
"""
