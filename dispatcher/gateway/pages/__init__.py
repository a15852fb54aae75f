"""The pages of the gateway, and the files that they load."""
