"""The only rooms that touch the outside: files, pages, models, servers."""
