"""riata's benchmark: problems, contenders, an independent judge, one command."""
