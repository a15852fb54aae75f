"""From an event's template files and a delivery to the content of a message."""
