"""What a visitor can do: each button is a deed, and each deed is a transaction or two."""
