"""Every number that bounds what a client may ask of the page."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Bounds of one page, all of which are refused with a message that names them.

    Attributes
    ----------
    json_bytes : int
        Body of a request in JSON.
    upload_bytes : int
        A table that is uploaded.
    body_seconds : float
        From the head of a request to the end of its body.
    head_seconds : float
        From the opening of a connection, or the end of the answer before, to the end of a request's head.
    unread_seconds : float
        How long a client may leave an answer unread before its connection is closed.
    linger_seconds : float
        How long the body of a refused request is still taken in and thrown away, so that the refusal arrives.
    connections : int
        Open at a time. One more closes the one that has waited longest without a request.
    workers : int
        Lessons that are computed at a time, and so for everything else that takes a moment; others wait for their turn.
    tabs : int
        Tabs with a training view that are open at a time.
    streams : int
        Event streams of one tab. Those of all tabs together leave connections free for requests.
    requests : int
        Requests of one tab that wait for each other, because they change its table or its run.
    grace_seconds : float
        How long a tab is kept while none of its event streams is open: long enough to load the page again.
    ping_seconds : float
        How often an event stream says that it is there, while there is nothing else to say.
    frame_seconds : float
        The least time between two frames of a run.
    slice_seconds : float
        How long a run trains before others have their turn.
    table_bytes, header_bytes, table_rows, table_columns, table_numbers : int
        An uploaded table: unpacked bytes, bytes of its header, rows, columns, and numbers in its design matrix.
    features, classes : int
        Columns of the design matrix of an uploaded table, and classes of its target.
    tables_bytes : int
        Uploaded tables of all tabs together, those on their way, and what runs make of them.
    generated_rows : int
        Rows of a table that is made up.
    noise : float
        Noise of a table that is made up.
    hidden_layers, hidden_units, parameters : int
        Of a network: hidden layers, units of each, numbers that are learnt.
    batch_size : int
        Rows for one update.
    epochs : int
        Of one run, which then pauses.
    run_seconds : float
        How long one run may compute; then it pauses.
    speed : float
        Epochs per second that a run may be asked for.
    drawn_points, drawn_units, surface_side, unit_side, curve_points, shown_numbers : int
        Of a frame: points; units of each layer; cells of a surface, and of that of a unit, in each direction; points of
        a curve; numbers of a weight matrix that is shown as numbers.
    scored_rows : int
        Rows of each part, evenly over all, whose predictions are scored for each frame.
    recorded_numbers : int
        Numbers in the design matrix up to which a model file carries its scores and baselines: those take seconds for
        millions.
    downloads : int
        Model files and reports that are made at a time; others wait for their turn.
    formula_names : int
        Names of a typed formula that need values.
    formula_numbers : int
        All inputs and results of a typed formula together. The time of a lesson grows with its square at worst.
    loose_values : int
        Values left over from an example that are tried one by one, where not all of them fit. If there are more, all of
        them go at once: each try takes up to a fifth of a second for the largest formula.
    descent_steps : int
        Of gradient descent that one request takes.
    descent_seconds : float
        After these, gradient descent ends where it is and says so.
    """

    json_bytes: int = 256 * 1024
    upload_bytes: int = 64 * 1024**2
    body_seconds: float = 30.0
    head_seconds: float = 10.0
    unread_seconds: float = 60.0
    linger_seconds: float = 2.0
    connections: int = 200
    workers: int = 4
    formula_names: int = 64
    formula_numbers: int = 200_000
    loose_values: int = 6
    descent_steps: int = 1_000
    descent_seconds: float = 2.0

    tabs: int = 64
    streams: int = 2
    requests: int = 8
    grace_seconds: float = 6.0
    ping_seconds: float = 10.0
    frame_seconds: float = 1 / 30
    slice_seconds: float = 0.02
    table_bytes: int = 64 * 1024**2
    header_bytes: int = 256 * 1024
    table_rows: int = 50_000
    table_columns: int = 500
    table_numbers: int = 4_000_000
    features: int = 600
    classes: int = 60
    tables_bytes: int = 512 * 1024**2
    generated_rows: int = 5_000
    noise: float = 5.0
    hidden_layers: int = 6
    hidden_units: int = 64
    parameters: int = 100_000
    batch_size: int = 4096
    epochs: int = 20_000
    run_seconds: float = 600.0
    speed: float = 1000.0
    drawn_points: int = 1000
    drawn_units: int = 64
    surface_side: int = 60
    unit_side: int = 20
    curve_points: int = 300
    shown_numbers: int = 1024
    scored_rows: int = 2000
    recorded_numbers: int = 400_000
    downloads: int = 1

    def training(self) -> dict[str, float]:
        """The bounds that the training view shows beside its fields.

        Examples
        --------
        >>> Limits().training()["hidden_layers"]
        6
        """
        names = (
            "upload_bytes",
            "table_rows",
            "table_columns",
            "generated_rows",
            "noise",
            "hidden_layers",
            "hidden_units",
            "parameters",
            "batch_size",
            "epochs",
            "run_seconds",
            "speed",
        )
        return {name: getattr(self, name) for name in names}
