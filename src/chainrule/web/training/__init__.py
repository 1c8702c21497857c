"""The training view: tabs, their runs, and the frames that they send."""
