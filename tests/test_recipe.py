"""Recipes: what they may say, and the one sentence for what they may not."""

from pathlib import Path

import pytest

from xinstruct.pipeline.line import line_of
from xinstruct.recipe import Recipe, RecipeError, load

GOOD = """
languages: [swh_Latn, tam]
sources:
  - warc: pages/*.warc.gz
    licence: CC-BY-4.0
stages:
  - harvest: {shortest_kept: 300}
  - cluster
  - instruct
"""


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "recipe.yml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        line_of(load(path))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    return sentence


def test_a_stage_is_a_name_or_a_name_with_settings(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    path.write_text(GOOD)
    recipe = load(path)
    assert next((stage.name, stage.settings) for stage in recipe.stages) == ("harvest", {"shortest_kept": 300})
    assert recipe.labels == ("swh_Latn", "tam_Taml")
    assert [stage.folder for stage in line_of(recipe)] == ["1_harvest", "2_cluster", "3_instruct"]


def test_an_unknown_key_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    assert "unknown key stagess; did you mean stages?" in refused(tmp_path, GOOD + "stagess: []\n")
    assert "unknown key sources.0.licens; did you mean licence?" in refused(tmp_path, GOOD.replace("licence", "licens"))
    assert "settings of harvest: unknown key shortest_keep; did you mean shortest_kept?" in refused(
        tmp_path, GOOD.replace("shortest_kept", "shortest_keep")
    )


def test_unknown_languages_stages_and_orders_are_refused(tmp_path: Path) -> None:
    assert "swh_Lati" in refused(tmp_path, GOOD.replace("swh_Latn", "swh_Lati"))
    assert "Unknown stage clustre; did you mean cluster?" in refused(tmp_path, GOOD.replace("cluster", "clustre"))
    assert "put instruct before it" in refused(tmp_path, GOOD.replace("- cluster", "- score"))
    assert "must begin with harvest" in refused(tmp_path, GOOD.replace("  - harvest: {shortest_kept: 300}\n", ""))


def test_what_is_no_recipe_is_refused(tmp_path: Path) -> None:
    assert "is not YAML" in refused(tmp_path, "languages: [")
    assert "must be a mapping" in refused(tmp_path, "- harvest")
    assert "the key sources is missing" in refused(tmp_path, "languages: [sw]\nstages: [harvest]\n")
    assert "exactly one of warc:" in refused(tmp_path, GOOD.replace("warc:", "licence:").replace("CC-BY-4.0", "x", 1))
    assert "exactly one of" in refused(tmp_path, GOOD.replace("    licence", "    jsonl"))
    with pytest.raises(RecipeError, match="There is no recipe"):
        load(tmp_path / "missing.yml")


def test_sources_are_found_from_the_recipes_own_folder(tmp_path: Path) -> None:
    (tmp_path / "pages" / "deep").mkdir(parents=True)
    for name in ("b.warc.gz", "a.warc.gz", "note.txt", "deep/c.wet.gz"):
        (tmp_path / "pages" / name).touch()
    source = Recipe.model_validate(
        {"languages": "all", "sources": [{"warc": "pages/*.warc.gz"}], "stages": ["harvest"]}
    ).sources[0]
    assert [path.name for path in source.files(tmp_path)] == ["a.warc.gz", "b.warc.gz"]
    folder = source.model_copy(update={"warc": "pages"})
    assert [path.name for path in folder.files(tmp_path)] == ["a.warc.gz", "b.warc.gz", "c.wet.gz"]
    with pytest.raises(RecipeError, match="names no file"):
        source.model_copy(update={"warc": "nowhere/*.gz"}).files(tmp_path)
    with pytest.raises(RecipeError, match="does not lie on this machine"):
        source.model_copy(update={"warc": "https://host.example/a.warc.gz"}).files(tmp_path)
