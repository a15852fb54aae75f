"""Where providers tell what became of messages: one module for each kind of them."""
