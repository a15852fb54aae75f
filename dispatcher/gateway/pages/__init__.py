"""What people see of the gateway: its pages, and the files that these load."""
