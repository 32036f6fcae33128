"""The service: orders, decides, stores, proves and publishes, with every effect at its edge."""
