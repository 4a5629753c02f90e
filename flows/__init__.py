"""Order and schedule: pull, push, publish, the nightly run; and the command line. Thin."""
