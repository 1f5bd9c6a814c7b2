"""Who keeps a model's servers running, as the one who asks them sees it."""

from typing import Protocol


class Keeper(Protocol):
    """Keeps the servers of one name in a profile: those that xinstruct started, or those of others.

    endpoints: their addresses, such as http://localhost:8000/v1; `restored` may change them.
    """

    endpoints: list[str]

    def alive(self) -> bool:
        """Whether all servers run, as far as can be told without waiting; a hung one may count as running."""
        ...

    async def restored(self) -> bool:
        """True when all servers answer (again); waits, and restarts what is dead or hung where it can. False: never.

        A server that answers a chat request of one token is left alone: a hung one may still call
        itself healthy. Who calls while another's call is under way gets that call's outcome.
        """
        ...

    def explained(self) -> None:
        """Told that the last deaths were the fault of a question, which is not asked again: they do not count."""
        ...
