"""What the hub knows, without any I/O: records, vocabularies, pure rules."""
