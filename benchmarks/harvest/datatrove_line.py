"""Runs datatrove's own line over a folder of web archives; it needs datatrove's environment, not ours.

`python datatrove_line.py CRAWL OUT MODEL LANGUAGES`: reader, trafilatura, language filter (a fastText file in place of
the download), Gopher's quality filter. Prints as JSON the seconds that it took, without imports.
"""

import json
import sys
import time
from pathlib import Path

import trafilatura  # noqa: F401 - imported before the clock starts, as our stage's worker has imported what it needs
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import GopherQualityFilter, LanguageFilter
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils import lid


def main() -> None:
    """Runs the line once."""
    crawl, out, model, languages = sys.argv[1:]
    lid.FT176LID.MODEL_URL = model
    line = LocalPipelineExecutor(
        pipeline=[
            WarcReader(crawl, glob_pattern="*.warc.gz"),
            # a second, its default, is too little on a busy machine and would cost it pages
            Trafilatura(timeout=10),
            LanguageFilter(languages=languages.split(",")),
            # English stop words and word lengths would drop every page in these languages
            GopherQualityFilter(min_stop_words=None, max_avg_word_length=None, language="swh_Latn"),
            JsonlWriter(str(Path(out) / "kept"), output_filename="${rank}.jsonl", compression=None),
        ],
        logging_dir=str(Path(out) / "logs"),
        tasks=1,
        workers=1,
    )
    began = time.monotonic()
    line.run()
    print(json.dumps({"seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main()
