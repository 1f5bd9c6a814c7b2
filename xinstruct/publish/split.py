"""Divides rows into train and test so that no host and no cluster of near-duplicates stands in both."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from xinstruct.candidate import Candidate

# The share of each language's rows that should be test rows, 0..1.
WISHED_SHARE = 0.05
# A language still short of the first share takes groups of hosts until it would exceed the second. In the second round,
# for languages with few or large hosts, that may also be two rows, if these are at most one in five.
_ROUNDS = ((WISHED_SHARE, 0.06, 0), (WISHED_SHARE / 2, 0.1, 2))
_LARGEST_SHARE = 0.2


def place_of(candidate: Candidate) -> str:
    """What must not be torn apart: the host; for a text without address its page."""
    return candidate.host or f"{candidate.container}#{candidate.record_offset}#{candidate.digest}"


@dataclass
class Places:
    """Where rows come from, and of which cluster and language they are: 14 bytes per row, and the hosts' names."""

    _hosts: dict[str, int] = field(default_factory=dict)
    _languages: dict[str, int] = field(default_factory=dict)
    _host: "array[int]" = field(default_factory=lambda: array("I"))
    _cluster: "array[int]" = field(default_factory=lambda: array("Q"))
    _language: "array[int]" = field(default_factory=lambda: array("H"))

    def add(self, candidate: Candidate) -> None:
        """Takes note of one row."""
        self._host.append(self._hosts.setdefault(place_of(candidate), len(self._hosts)))
        self._cluster.append(_hash(candidate.cluster_id or candidate.id))
        self._language.append(self._languages.setdefault(candidate.language, len(self._languages)))

    def in_test(self) -> frozenset[str]:
        """The places whose rows are test rows. It depends on the set of rows alone, not on their order.

        Hosts that share a cluster stay together, whatever their languages. A language that comes from one such group
        of hosts stays in train. When the shares allow no test row at all, the group that costs its languages least is
        taken, unless a language would be without train rows: then it is empty.
        """
        roots = self._roots()
        groups = self._groups(roots)
        total: Counter[int] = Counter()
        for group in groups:
            total.update(group.rows)
        chosen = _choose(groups, total) or _cheapest(groups, total)
        taken = {group.root for group in chosen}
        return frozenset(name for name, root in zip(self._hosts, roots, strict=True) if root in taken)

    def _roots(self) -> list[int]:
        """For each host the one that stands for all hosts that clusters tie to it."""
        hosts = np.frombuffer(self._host, dtype=np.uint32) if self._host else np.zeros(0, np.uint32)
        clusters = np.frombuffer(self._cluster, dtype=np.uint64) if self._cluster else np.zeros(0, np.uint64)
        order = np.argsort(clusters, kind="stable")
        same = clusters[order][1:] == clusters[order][:-1]
        left, right = hosts[order][1:][same], hosts[order][:-1][same]
        return _joined(len(self._hosts), ((int(a), int(b)) for a, b in zip(left, right, strict=True) if a != b))

    def _groups(self, roots: list[int]) -> list["_Group"]:
        groups = {root: _Group(root) for root in set(roots)}
        for name, root in zip(self._hosts, roots, strict=True):
            groups[root].mark = min(groups[root].mark, _hash(name))
        for host, language in zip(self._host, self._language, strict=True):
            groups[roots[host]].rows[language] += 1
        return sorted(groups.values(), key=lambda group: group.mark)


@dataclass
class _Group:
    """Hosts that clusters tie together. rows: how many per language; mark: their order when groups are chosen."""

    root: int
    rows: Counter[int] = field(default_factory=Counter)
    mark: int = 1 << 64


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _joined(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """The root of each of `count` things after the pairs are joined."""
    parent = list(range(count))

    def root(thing: int) -> int:
        while parent[thing] != thing:
            parent[thing] = parent[parent[thing]]
            thing = parent[thing]
        return thing

    for a, b in pairs:
        parent[root(a)] = root(b)
    return [root(thing) for thing in range(count)]


def _choose(groups: list[_Group], total: Counter[int]) -> list[_Group]:
    taken: dict[int, _Group] = {}
    test: Counter[int] = Counter()
    for wished, largest, allowed in _ROUNDS:
        room = {lang: max(largest * n, min(allowed, _LARGEST_SHARE * n)) + 1e-9 for lang, n in total.items()}
        for group in groups:
            short = any(test[language] < wished * total[language] for language in group.rows)
            fits = all(test[language] + count <= room[language] for language, count in group.rows.items())
            if group.root not in taken and short and fits:
                taken[group.root] = group
                test.update(group.rows)
    return list(taken.values())


def _cheapest(groups: list[_Group], total: Counter[int]) -> list[_Group]:
    """The one group that takes the smallest share of any language, if it takes no language whole."""
    costs = [(max(count / total[lang] for lang, count in group.rows.items()), group.mark) for group in groups]
    best = min(range(len(groups)), key=costs.__getitem__, default=None)
    return [groups[best]] if best is not None and costs[best][0] < 1 else []
