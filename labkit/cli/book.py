"""`labkit book`: build the book and serve it on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.app import app


@app.command()
def book(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the site until Ctrl-C.")
    ] = True,
    port: Annotated[
        int | None, typer.Option(help="Port on localhost; default 8000, or a free one.")
    ] = None,
    course: Annotated[Path, typer.Option(help="Root of the course repository.")] = Path(),
    draft: Annotated[
        bool, typer.Option(help="Score fewer examples, for work on pages: quicker, not to publish.")
    ] = False,
) -> None:
    """Run the chapters, build the book with warnings as errors, and serve it on localhost."""
    from labkit.book import site

    folder = site.build_book(course, draft)
    print(f"built: {folder / 'index.html'}")
    if not serve:
        return
    with site.serve(folder, port) as server:
        print(
            f"the book: http://127.0.0.1:{server.server_port}/  (Ctrl-C ends this)",
            flush=True,
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped serving; the site stays where it was built")
