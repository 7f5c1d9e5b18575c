"""Tables as Go's tabwriter prints them."""

from isthmus.cli.columns import Table, render


def test_columns_are_as_wide_as_their_widest_cell_and_five_blanks() -> None:
    table = Table(("NAME", "TYPE", "RULE"), (("a.very.long.name", "EDS", ""), ("b", "STATIC", "x")))
    assert render(table) == (
        "NAME                 TYPE       RULE\na.very.long.name     EDS        \nb                    STATIC     x\n"
    )


def test_the_blanks_between_columns_are_the_tables_own() -> None:
    assert render(Table(("NAME", "TYPE"), (("a", "b"),), padding=1)) == "NAME TYPE\na    b\n"


def test_a_table_without_rows_is_its_header() -> None:
    assert render(Table(("NAME", "TYPE"), ())) == "NAME     TYPE\n"
