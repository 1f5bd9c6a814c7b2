"""Fetches a list of pages from the web, each once, and keeps what came or why nothing did."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import urljoin

from xinstruct.tools.web.asking import HEALING, NoAnswer
from xinstruct.tools.web.collected import Collected, not_fetched
from xinstruct.tools.web.guest import REDIRECTS, Guest, Manners, Unfetched, written
from xinstruct.tools.web.signed import unsigned


def fetch(addresses: Sequence[str], collected: Collected, manners: Manners) -> None:
    """Puts every address there that is not yet, with its redirects, or with the reason why it gave no page.

    NoAnswer when there are addresses to fetch and not one server answers.
    """
    missing = [address for address in dict.fromkeys(addresses) if unsigned(address) not in collected.done]
    if missing:
        asyncio.run(_Round(missing, collected, manners).make())


class _Round:
    """One going through a list of addresses. A passing fault is kept back to the end: a run that ends before tries it
    anew.
    """

    def __init__(self, addresses: Sequence[str], collected: Collected, manners: Manners) -> None:
        self.addresses, self.collected, self.manners = addresses, collected, manners
        self.known = {*addresses, *collected.done}
        self.passing: list[tuple[list[str], bytes]] = []
        self.fault = ""
        self.answered = bool(collected.done)

    async def make(self) -> None:
        by_host: dict[str, list[str]] = defaultdict(list)
        for address in self.addresses:
            by_host[address.partition("://")[2].partition("/")[0].lower()].append(address)
        waiting = iter(by_host.values())
        try:
            async with Guest(self.manners) as guest, asyncio.TaskGroup() as group:
                for _ in range(min(self.manners.hosts_at_once, len(by_host))):
                    group.create_task(self._hosts(guest, waiting))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        if not self.answered:
            raise NoAnswer(
                f"None of {len(self.addresses)} addresses could be fetched, the last for {self.fault}; "
                "type the same command again when the network is back."
            )
        for keys, members in self.passing:
            self.collected.put(keys, members)

    async def _hosts(self, guest: Guest, waiting: Iterable[list[str]]) -> None:
        for addresses in waiting:
            for address in addresses:
                await self._fetch(guest, address)

    async def _fetch(self, guest: Guest, address: str) -> None:
        keys, members, at = [unsigned(address)], b"", address
        try:
            for _ in range(self.manners.most_redirects + 1):
                if refused := self.collected.refused(unsigned(at)):
                    raise Unfetched(*refused)
                answer = await guest.page(at)
                self.answered = True
                if met := guest.robots_met():
                    self.collected.put((), b"".join(robots_txt.members() for robots_txt in met))
                if answer.status in HEALING:
                    self.passing.append((keys, members + answer.members()))
                    return
                members += answer.members()
                to = answer.header("Location") if answer.status in REDIRECTS else ""
                at = written(urljoin(at, to)) if to else ""
                if not at or at in self.known:  # what is known is fetched for its own sake
                    self.collected.put(keys, members)
                    return
                keys.append(unsigned(at))
                self.known.add(at)
            raise Unfetched("too_many_redirects", f"to {at}")
        except Unfetched as error:
            members += not_fetched(at, error.reason, error.detail)
            self.fault = error.detail
            if error.passing:
                self.passing.append((keys, members))
            else:
                self.answered = True
                self.collected.put(keys, members)
