"""What publishers say of the use of their pages: reservations, robots.txt, lists of hosts, licences."""

import time
from pathlib import Path

import pytest

from xinstruct.tools.rights.hosts import Hosts, host_of, plain_url
from xinstruct.tools.rights.licences import is_open, known, may, normal
from xinstruct.tools.rights.optout import OptOut
from xinstruct.tools.rights.reserved import reservation
from xinstruct.tools.rights.robots import Robots
from xinstruct.tools.web.record import Record


def record(head: str = "", headers: dict[str, str] | None = None, body: str = "<p>Habari</p>") -> Record:
    page = f"<!DOCTYPE html><html><head><title>x</title>{head}</head><body>{body}</body></html>"
    return Record("c", 0, "https://a.example/", None, "d", page.encode(), headers=headers or {})


@pytest.mark.parametrize(
    ("headers", "evidence"),
    [
        ({"tdm-reservation": "1"}, "header tdm-reservation: 1"),
        ({"tdm-reservation": "1", "tdm-policy": "https://a.example/p.json"}, "header tdm-reservation: 1"),
        ({"x-robots-tag": "noai"}, "header x-robots-tag: noai"),
        ({"x-robots-tag": "noindex, NoAI, noimageai"}, "header x-robots-tag: noindex, NoAI, noimageai"),
        ({"x-robots-tag": "GPTBot: noai"}, "header x-robots-tag: GPTBot: noai"),
        ({"x-robots-tag": "unavailable_after: 25 Jun 2030, noai"}, "header x-robots-tag: unavailable_after: 25 Jun"),
        ({"content-signal": "search=yes, ai-train=no"}, "header content-signal: search=yes, ai-train=no"),
        ({"content-usage": "train-ai=n, search=y"}, "header content-usage: train-ai=n, search=y"),
    ],
)
def test_headers_that_reserve(headers: dict[str, str], evidence: str) -> None:
    found = reservation(record(headers=headers), None)
    assert found is not None
    assert found[0] == "reserved"
    assert found[1].startswith(evidence)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"tdm-reservation": "0"},
        {"x-robots-tag": "noindex, nofollow"},
        {"x-robots-tag": "none"},
        {"x-robots-tag": "noarchive, nosnippet, noimageai"},
        {"x-robots-tag": "somebot: noai"},
        {"content-signal": "search=yes, ai-train=yes"},
        {"content-signal": "ai-input=no"},
        {"content-usage": "train-ai=y"},
    ],
)
def test_headers_that_speak_of_something_else(headers: dict[str, str]) -> None:
    assert reservation(record(headers=headers), None) is None


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="tdm-reservation" content="1">',
        "<META CONTENT='1' NAME='TDM-Reservation' />",
        '<meta name="robots" content="index, noai">',
        "<meta name=robots content=noai>",
        '<meta content="noai,noimageai" name="robots"/>',
        '<meta name="ccbot" content="noai">',
        '<meta http-equiv="X-Robots-Tag" content="noai">',
        '<script>var a = "<body>";</script><meta name="robots" content="noai">',
    ],
)
def test_tags_that_reserve(head: str) -> None:
    found = reservation(record(head), None)
    assert found is not None
    assert found[0] == "reserved"
    assert found[1].startswith("meta ")


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="robots" content="noindex, noimageai">',
        '<meta name="tdm-reservation" content="0">',
        '<meta name="description" content="noai">',
        '<!-- <meta name="robots" content="noai"> -->',
        '<script>\'<meta name="robots" content="noai">\'</script>',
    ],
)
def test_tags_that_do_not(head: str) -> None:
    assert reservation(record(head, body='<meta name="robots" content="noai">'), None) is None


def test_a_text_has_no_tags_and_utf_16_can_be_read() -> None:
    tag = '<html><head><meta name="robots" content="noai"></head>'
    assert reservation(Record("c", 0, None, None, "d", tag.encode(), is_text=True), None) is None
    assert reservation(Record("c", 0, None, None, "d", b"\xff\xfe" + tag.encode("utf-16-le")), None) is not None


def test_a_hostile_head_takes_no_time() -> None:
    for piece in (b"<meta noai ", b"<!-- noai ", b"<script noai>", b'<meta name="noai', b"a=" * 3):
        page = Record("c", 0, None, None, "d", b"<head>noai" + piece * 20_000)
        assert reservation(page, None) is None


ROBOTS = """\ufeff# of a newspaper
User-agent: *
Allow: /
Disallow: /admin/

User-agent: GPTBot
User-agent: CCBot
Disallow: /habari/
Allow: /habari/wazi/

Sitemap: https://a.example/sitemap.xml
"""


def test_a_path_is_refused_when_one_training_crawler_may_not_take_it() -> None:
    robots = Robots()
    robots.add("https://www.a.example/robots.txt", ROBOTS.encode())
    assert robots.allows("https://a.example/michezo/1") is True
    assert robots.allows("http://a.example/habari/1") is False
    assert robots.allows("https://a.example/habari/wazi/1") is True
    assert robots.allows("https://a.example/admin/") is False
    assert robots.allows("https://b.example/habari/1") is None
    assert robots.allows("https://a.example:8080/habari/1") is None
    assert robots.refusal("https://a.example/habari/1") == "robots.txt: disallowed to CCBot"
    assert robots.refusal("https://a.example/admin/1") == "robots.txt: disallowed to *"
    only = Robots(["Google-Extended"])
    only.add("https://a.example/robots.txt", ROBOTS)
    assert only.allows("https://a.example/habari/1") is True


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ("User-Agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /\n", False),
        ("User-agent: *\nContent-signal: search=yes, ai-train=yes\nAllow: /", True),
        ("Content-Signal: ai-train=no\nUser-agent: *\nAllow: /", False),
        ("User-agent: Bingbot\nContent-Signal: ai-train=no\n\nUser-agent: *\nAllow: /", True),
        ("User-agent: GPTBot\nContent-Signal: ai-train=no\n\nUser-agent: *\nContent-Signal: ai-train=yes", False),
        ("User-agent: *\nContent-Usage: train-ai=n\nAllow: /", False),
        ("User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /habari/ train-ai=n", False),
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /habari/ train-ai=y", True),
        ("User-agent: *\n# Content-Signal: ai-train=no\nAllow: /", True),
        ("User-agent: *\nContent-Signal: ai-input=no\nDisallow: /x", True),
        ("", True),
        ("<html>not found</html>", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /*/1$", False),
        ("User-agent: *\r\nDisallow: /\r\n", False),
    ],
)
def test_signals_and_rules_are_read_by_group_and_path(body: str, allowed: bool) -> None:
    robots = Robots()
    robots.add("https://a.example/robots.txt", body)
    assert robots.allows("https://a.example/habari/1") is allowed


@pytest.mark.parametrize(
    ("body", "agent"),
    [
        ("User-agent: bingbot\nDisallow: /\n", None),
        ("User-agent: bingbot\nUser-agent: CCBot\nUser-agent: foo\nDisallow: /", "CCBot"),
        ("User-agent: CCBot\n\nSitemap: /s.xml\nUser-agent: foo\nDisallow: /", "CCBot"),
        ("User-agent: CCBot\nAllow: /\nUser-agent: foo\nDisallow: /", None),
        ("User-agent: CCBot\nCrawl-delay 3\nUser-agent: foo\nDisallow: /", None),
        ("User-agent: foo\nDisallow: /\nUser-agent: CCBot", None),
        ("User-agent: *\nDisallow: /\nUser-agent: CCBot\nAllow: /", "*"),
        ("User-agent: *\nAllow: /\nUser-agent: meta-external\nDisallow: /", "meta-externalagent"),
        ("user agent GPTBot*\ndisallow /", "GPTBot"),
        ("User-agent:\nDisallow: /", None),
        ("Disallow: /\nUser-agent: CCBot\nAllow: /", None),
        ("User-agent: ccbot\nDisallow: /a/\nUser-agent: CCBot\nDisallow: /habari", "CCBot"),
    ],
)
def test_only_groups_that_speak_to_a_training_crawler_count(body: str, agent: str | None) -> None:
    robots = Robots()
    robots.add("https://a.example/robots.txt", body)
    assert robots.refusal("https://a.example/habari/1") == (f"robots.txt: disallowed to {agent}" if agent else "")


def test_a_robots_txt_with_thousands_of_agents_and_rules_takes_no_time() -> None:
    agents = [f"User-agent: bot{number}" for number in range(9_000)]
    rules = [f"Disallow: /{number}*" for number in range(15_000)]
    robots = Robots()
    robots.add("https://a.example/robots.txt", "\n".join([*agents, *agents, "User-agent: CCBot", *rules]))
    began = time.process_time()
    assert robots.allows("https://a.example/77") is False
    assert time.process_time() - began < 3


def test_a_list_of_hosts_holds_what_stands_under_them(tmp_path: Path) -> None:
    path = tmp_path / "optout.txt"
    path.write_text("\ufeff# asked by mail\nexample.org\n\n*.Habari.example  # all of it\nhttps://bücher.example/\n")
    out = OptOut(path)
    assert out.holds("https://example.org/")
    assert out.holds("http://WWW.sw.example.org:8080/a?b#c")
    assert out.holds("https://michezo.habari.example/")
    assert out.holds("https://xn--bcher-kva.example/1")
    assert not out.holds("https://notexample.org/")
    assert not out.holds("https://org/")
    assert not out.holds("http://[")
    assert not out.holds(None)


@pytest.mark.parametrize("line", ["two hosts.example", "a.*.example", "/path"])
def test_a_list_with_a_line_that_is_no_host_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "optout.txt"
    path.write_text(f"a.example\n{line}\n")
    with pytest.raises(ValueError, match="line 2"):
        OptOut(path)


def test_addresses_are_the_same_however_they_are_written() -> None:
    same = ["https://www.a.example/b%C3%A4/", "http://A.example:80/b%c3%a4#c", "https://a.example:443/bä"]
    assert len({plain_url(url) for url in same}) == 1
    others = ["https://a.example/b", "https://a.example/bä?x=1", "https://a.example:8080/bä", "https://b.a.example/bä"]
    assert len({plain_url(url) for url in [same[0], *others]}) == 5
    assert plain_url("http://[") is None
    assert host_of("HTTPS://WWW.A.Example:80/") == "a.example"
    assert Hosts(["", "."]).names == frozenset()


LICENCES = [
    ("https://creativecommons.org/licenses/by-sa/4.0/deed.sw", "CC-BY-SA-4.0"),
    ("//creativecommons.org/licenses/by/3.0/de/", "CC-BY-3.0-DE"),
    ("http://creativecommons.org/licenses/by/3.0/igo/", "CC-BY-3.0-IGO"),
    ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
    ("https://creativecommons.org/licenses/by-nc-nd/3.0/es/deed.ca", "CC-BY-NC-ND-3.0-ES"),
    ("https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode.fi", "CC-BY-NC-SA-4.0"),
    ("https://creativecommons.org/publicdomain/zero/1.0/deed.ja", "CC0-1.0"),
    ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
    ("https://www.gnu.org/licenses/fdl-1.3.html", "GFDL-1.3-or-later"),
    ("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "OGL-UK-3.0"),
    ("https://opensource.org/licenses/MIT", "MIT"),
    ("cc-by-sa-3.0-de", "CC-BY-SA-3.0-DE"),
    ("CC BY 4.0", "CC-BY-4.0"),
    ("CC0 1.0 Universal", "CC0-1.0"),
    ("This work is licensed under a Creative Commons Attribution 4.0 International License.", "CC-BY-4.0"),
    ("Creative Commons Namensnennung - Weitergabe unter gleichen Bedingungen 3.0 Deutschland", "CC-BY-SA-3.0-DE"),
    ("Creative Commons Attribution - Pas d’Utilisation Commerciale - Pas de Modification 4.0", "CC-BY-NC-ND-4.0"),
    ("Creative Commons Reconocimiento-NoComercial-CompartirIgual 4.0 Internacional", "CC-BY-NC-SA-4.0"),
    ("Creative Commons Atribuição-NãoComercial 4.0 Internacional", "CC-BY-NC-4.0"),
    ("Creative Commons Attribuzione - Non commerciale 4.0 Internazionale", "CC-BY-NC-4.0"),
    ("Creative Commons Nimeä-JaaSamoin 4.0 Kansainvälinen", "CC-BY-SA-4.0"),
    ("Creative Commons Uznanie autorstwa-Na tych samych warunkach 4.0", "CC-BY-SA-4.0"),
    ("Лицензия Creative Commons «С указанием авторства — С сохранением условий» 4.0", "CC-BY-SA-4.0"),
    ("クリエイティブ・コモンズ 表示-継承 4.0", "CC-BY-SA-4.0"),
    ("知识共享署名-非商业性使用 4.0 国际许可协议", "CC-BY-NC-4.0"),
    ("CC BY 4.0 or CC BY-NC 3.0", None),
    ("Creative Commons Attribution-Ekomersa 4.0", None),
    ("https://creativecommons.org/licenses/by-sa/", None),
    ("GFDL", None),
    ("All rights reserved", None),
    ("© 2024, version 4.0", None),
    ("", None),
]


@pytest.mark.parametrize(("licence", "name"), LICENCES)
def test_licences_get_their_spdx_names(licence: str, name: str | None) -> None:
    assert normal(licence) == name
    if name:
        assert normal(name) == name


FAMILIES = [
    ("https://creativecommons.org/licenses/by-sa/", "CC-BY-SA"),
    ("CC BY-NC", "CC-BY-NC"),
    ("CC-BY-4", "CC-BY"),
    ("ccby", "CC-BY"),
    ("Public Domain", "PD"),
    ("PD", "PD"),
    ("CC-PDM", "CC-PDM-1.0"),
    ("GFDL", "GFDL"),
    ("https://www.gnu.org/copyleft/fdl.html", "GFDL"),
    ("http://www.gnu.org/licenses/fdl-1.2.html", "GFDL-1.2-or-later"),
    ("ODbL", "ODbL"),
    ("PDDL", "PDDL"),
    ("ODC-By", "ODC-By"),
    ("https://opendatacommons.org/licenses/odbl/", "ODbL-1.0"),
    ("http://www.nationalarchives.gov.uk/doc/open-government-licence/", "OGL-UK"),
    ("OGL-UK-3.0", "OGL-UK-3.0"),
    ("https://www.etalab.gouv.fr/licence-ouverte-open-licence", "etalab"),
    ("etalab 2.0", "etalab-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("https://opensource.org/license/bsd-3-clause", "BSD-3-Clause"),
    ("https://unlicense.org/", "Unlicense"),
]


@pytest.mark.parametrize(("licence", "name"), FAMILIES)
def test_a_licence_without_a_version_is_known_by_its_family_and_kept_by_that_name(licence: str, name: str) -> None:
    assert known(licence) == known(name) == name
    assert is_open(licence) is ("NC" not in name)


@pytest.mark.parametrize(
    "licence",
    [
        "https://evil.example/?https://creativecommons.org/licenses/by/4.0/",
        "https://evil.example/creativecommons.org/licenses/by/4.0/",
        "https://creativecommons.org.evil.example/licenses/by/4.0/",
        "CC BY-NC; data under CC0",
        "CC-BY-4.0-NC",
        "CC BY 4.0 for the text, all rights reserved for pictures",
        "Non-commercial use only, else https://creativecommons.org/licenses/by/4.0/",
        "CC BY-NC, see https://creativecommons.org/licenses/by/4.0/",
        "BY",
        "MITRE",
    ],
)
def test_what_says_two_things_or_only_looks_like_a_licence_is_unknown(licence: str) -> None:
    assert known(licence) is None
    assert not is_open(licence)


def test_a_list_of_licences_takes_those_and_their_versions() -> None:
    table = {
        ("CC-BY", "CC0"): ["CC-BY-4.0", "CC BY 3.0 IGO", "CC-BY-3.0-DE", "CC BY", "CC0 1.0 Universal"],
        ("CC-BY-3.0",): ["CC-BY-3.0", "CC-BY-3.0-DE"],
        ("GFDL-1.3",): ["GFDL-1.3-or-later", "GFDL-1.3"],
        ("open",): ["CC-BY-SA-4.0", "Public Domain", "MIT", "GFDL", "ODC-By-1.0", "CC-BY-4.0", "CC-BY-3.0-DE"],
        ("open", "CC-BY-NC"): ["CC BY-NC", "CC-BY-NC-4.0", "CC-BY-SA-4.0"],
        ("PD",): ["Public Domain"],
    }
    refused = [None, "", "CC-BY-ND-4.0", "CC-BY-NC-SA-3.0", "All rights reserved", "https://a.example/terms"]
    for accepted, taken in table.items():
        assert all(may(licence, accepted) for licence in taken), accepted
        assert not any(may(licence, accepted) for licence in refused), accepted
    assert not may("CC-BY-SA-4.0", ("CC-BY", "CC0"))
    assert not may("CC-BY-4.0", ("CC-BY-3.0",))
    assert not may("CC BY", ("CC-BY-3.0",))
    assert all(may(licence, ("all",)) for licence in refused)
