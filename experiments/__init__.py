"""One module a table or figure of the paper: `python -m experiments.table2 --help`."""
