"""The `physioser` command line: one module a subcommand."""
