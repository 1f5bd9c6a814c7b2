"""The stages of the line, one file and one word each.

Every stage module names what it reads and writes (`READS`, `USES`, `WRITES`: candidate columns), the roles that it asks
(`ASKS`), its `VERSION` (an integer, raised when its rows would change) and its `Settings` (a `recipe.Strict`). Then it
has one of these shapes:

* model-free, part by part: `run(candidates, settings, tools) -> Iterator[Outcome]`
  (harvest, which begins the line, takes the part's `Piece`s instead of candidates);
* asking a model: `talk(candidate, settings) -> Talk`, a generator without I/O that yields `Question`s and returns the
  outcome;
* growing: `sprouts(candidate, settings) -> Iterator[Candidate]` beside `talk`: what comes in goes on untouched, and
  behind it stand its sprouts, new candidates that are planned without asking; of these alone `talk` is held;
* corpus-wide: `spread` (map, per part), `gather` (reduce, per bucket), `settle` (the whole edge list) and `run` (per
  part, with its verdicts);
* asking and corpus-wide (score): `spread` and `gather` as above, but `gather` gives rows per part, which tell each
  candidate's neighbours, and rows under the key "trial". From those `trial` makes controls, on which the model is
  tried before it is trusted; `talk(candidate, settings, near)` asks with the neighbours at hand; a `Standing`, which
  has heard of all outcomes, decides about each;
* growing and corpus-wide (rank): `sprouts`, `talk`, and a `Standing` that hears of all sprouts and decides about each.

A stage whose settings say whom it asks has `asks(settings) -> tuple[str, ...]` besides `ASKS`, and one whose settings
say what it reads `reads(settings)` besides `READS`.
"""
