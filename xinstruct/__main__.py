"""Lets `python -m xinstruct` do what the console script does."""

from xinstruct.commands import main

if __name__ == "__main__":
    main()
