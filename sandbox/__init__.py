"""Make-believe tools on loopback, for the demo, for tests and for faults."""
