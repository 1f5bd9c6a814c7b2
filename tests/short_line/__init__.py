"""A short line of stages that only the tests use, so that tests of the line do not break with every new stage."""
