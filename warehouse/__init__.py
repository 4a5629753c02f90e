"""DuckDB, the raw archive and the desk: everything that is kept. The only SQL of the project is in here."""
