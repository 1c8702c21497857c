"""Other packages' interfaces on chainrule's engine."""
