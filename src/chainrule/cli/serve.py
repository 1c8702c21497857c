"""``chainrule serve``: the page in the browser."""

from __future__ import annotations

import click

__all__ = ["serve"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 is the whole network.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Where to listen; 0 takes a free one.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option(
    "--token",
    envvar="CHAINRULE_TOKEN",
    show_envvar=True,
    help="What visitors must show. One is made up where other machines can reach the page.",
)
def serve(host: str, port: int, no_browser: bool, token: str | None) -> None:
    """Open a page in the browser to type formulas and train networks.

    It is served by this machine and for this machine alone, until Ctrl-C. With --host, others can reach it too, by the
    address that is printed, which has a token in it.
    """
    from chainrule.web.server.serving import serve as serve_page

    try:
        serve_page(host, port, token=token or None, opens_browser=not no_browser, say=click.echo)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the page is closed") from None
