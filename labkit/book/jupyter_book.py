"""`python -m labkit.book.jupyter_book ARGUMENTS`: the command `jupyter-book`, started quicker."""

from labkit.own_process import import_no_more_than_needed

if __name__ == "__main__":
    import_no_more_than_needed()

    from jupyter_book.cli.main import main

    main()
