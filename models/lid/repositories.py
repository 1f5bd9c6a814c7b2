"""Names the git repositories of openly licensed text, with their commits and licences, that gather.py reads."""

from collections.abc import Callable
from typing import NamedTuple

import formats
from formats import Messages


class Repository(NamedTuple):
    """name: on GitHub; files: pattern of their paths, whose first group is the language unless one is named; read: what
    gives a file's messages, or its lines; source: under which the trainer counts its text, if not under its name.
    """

    name: str
    commit: str
    licence: str
    files: str
    read: Callable[[bytes], Messages]
    language: str = ""
    source: str = ""


# Programs say the same things: together they weigh as one source, so that a language is not learnt from menus alone.
MESSAGES = "messages of programs (MIT, Apache-2.0)"


REPOSITORIES = (
    Repository(
        "wikimedia/mediawiki-extensions-VisualEditor", "58c1bcb5b5e43356f28809390ed3c8dcb9a47e5e", "MIT",
        r"(?!.*/api/).*i18n/.*?([a-z][a-z-]*)\.json", formats.of_json, source=MESSAGES,
    ),
    Repository(
        "wikimedia/VisualEditor", "88d3ba9bc4e2d93d2c1c6e77ac41e6b337fb0ebb", "MIT",
        r"i18n/([a-z][a-z-]*)\.json", formats.of_json, source=MESSAGES,
    ),
    Repository(
        "wikimedia/mediawiki-extensions-Echo", "b3765b154f1d01bc8930c87d7cc1befd733bd843", "MIT",
        r"i18n/([a-z][a-z-]*)\.json", formats.of_json, source=MESSAGES,
    ),
    Repository(
        "wikimedia/oojs-ui", "3f7db379daad23c1c1698ed39317cbadddabd0f7", "MIT",
        r"i18n/([a-z][a-z-]*)\.json", formats.of_json, source=MESSAGES,
    ),
    Repository(
        "wikimedia/apps-android-wikipedia", "aa428fa31b6f9fac1129116cdae5a32e8774809b", "Apache-2.0",
        r"app/src/main/res/values(?:-([A-Za-z+-]+))?/strings\.xml", formats.of_android, source=MESSAGES,
    ),
    Repository(
        "commons-app/apps-android-commons", "c5d5b227caec6d45595d57202a3c38ac18ab2270", "Apache-2.0",
        r"app/src/main/res/values(?:-([A-Za-z+-]+))?/strings\.xml", formats.of_android, source=MESSAGES,
    ),
    Repository(
        "Krinkle/intuition", "39cc5fbb3ced1d1bff166bbe3434b5f1953bdd06", "MIT",
        r"language/messages/[^/]+/([a-z][a-z-]*)\.json", formats.of_json, source=MESSAGES,
    ),
    Repository(
        "WikiEducationFoundation/WikiEduDashboard", "1fe5b27da8f4e491804f799e5e2e6670229c7604", "MIT",
        r"config/locales/([a-z][a-z-]*)\.yml", formats.of_yaml, source=MESSAGES,
    ),
    Repository(
        "google/blockly", "55f5d648a8e72ffb72450d0fa0a61b020ca950c6", "Apache-2.0",
        r"(?:.*/)?msg/json/([a-z][a-z-]*)\.json", formats.of_json, source=MESSAGES,
    ),
    Repository(
        "ether/etherpad-lite", "b827f5b3d93bc79fc9014c7d9f8b900956b8af65", "Apache-2.0",
        r"src/locales/([a-z][a-z-]*)\.json", formats.of_json, source=MESSAGES,
    ),
    Repository(
        "dsfsi/gov-za-sona-multilingual", "f3af94fcd30f854384a1bd616005a0ac3c371224", "CC BY 4.0",
        r"data/raw/SONA_[\d-]+/([a-z]{3})\.txt", formats.of_lines,
    ),
    Repository(
        "dsfsi/za-isizulu-siswati-news-2022", "b0ecddc0d9f8809fdb481f6b07f99efa2965eb60", "CC BY-SA 4.0",
        r"data/isizulu-titles-all-categories\.csv", formats.of_titles, "zul_Latn",
    ),
    Repository(
        "dsfsi/za-isizulu-siswati-news-2022", "b0ecddc0d9f8809fdb481f6b07f99efa2965eb60", "CC BY-SA 4.0",
        r"data/siswati-titles-all-categories\.csv", formats.of_titles, "ssw_Latn",
    ),
    Repository(
        "dsfsi/PuoBERTa", "742f5760618a8c74a3f9b7c4234f00a596b8ef8c", "CC BY 4.0",
        r"daily-news-dikgang/daily-news-dikgang-(?:dev|test)\.tsv", formats.of_news, "tsn_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Norwegian-Bokmaal", "e83586ff8b324f147e767dccd7ed801b3666ca08", "CC BY-SA 4.0",
        r"no_bokmaal-ud-(?:dev|test)\.conllu", formats.of_treebank, "nob_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Norwegian-Nynorsk", "d332ca7108148ceb6d38859affdc17462bcd9860", "CC BY-SA 4.0",
        r"no_nynorsk-ud-(?:dev|test)\.conllu", formats.of_treebank, "nno_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Cantonese-HK", "454c9548b32a77438b2ab4bca0ad6d1886a8ac11", "CC BY-SA 4.0",
        r"yue_hk-ud-test\.conllu", formats.of_treebank, "yue_Hant",
    ),
    Repository(
        "jacksonllee/pycantonese", "2dff909520db251966e0ec033334bb2ad6a02672", "CC0 1.0 (Common Voice)",
        r"src/pycantonese/data/common_voice/sents\.json", formats.of_list, "yue_Hant",
    ),
    Repository(
        "jacksonllee/pycantonese", "2dff909520db251966e0ec033334bb2ad6a02672", "CC BY (HKCanCor)",
        r"src/pycantonese/data/hkcancor/.*\.cha", formats.of_talk, "yue_Hant",
    ),
    Repository(
        "common-parallel-corpora/multitext-nllb-seed", "42170f92635562f7948a3ea0a7f91d531e3f6abc", "CC BY-SA 4.0",
        r"data/Multitext-NLLB-Seed/multitext/(?!eng_|bam_Nkoo)([a-z]{3}_[A-Z][a-z]{3})", formats.of_lines,
    ),
    Repository(
        "common-parallel-corpora/multitext-nllb-seed", "42170f92635562f7948a3ea0a7f91d531e3f6abc", "CC BY-SA 4.0",
        r"data/Multitext-NLLB-Seed/multitext/bam_Nkoo", formats.of_lines, "nqo_Nkoo",
    ),
    # Cantonese stands under pycantonese, without the formal Chinese that is mixed in here; what
    # comes from Wikipedia or Europarl is left out.
    Repository(
        "mozilla/common-voice", "168898f413d7deb17d0ed665e8159abe877c7f19", "CC0 1.0",
        r"server/data/(?!zh-HK)([a-zA-Z-]+)/(?!.*wiki|.*europarl)[^/]+\.te?xt",
        formats.of_lines,
    ),
    Repository(
        "IndoNLP/nusax", "75b0be5d982348332509f296e10d9bf9cb66d60f", "CC BY-SA 4.0",
        r"datasets/sentiment/([a-z_]+)/(?:train|valid|test)\.csv", formats.of_texts,
    ),
    Repository(
        "Pogayo/Luo-News-Dataset", "4c465879e7081c46a6a32232e3aa730d9986de7e", "CC BY 4.0",
        r"LUO\.txt", formats.of_lines, "luo_Latn",
    ),
    # Languages of which the folder of data holds no story or a few; the others' stories are there.
    Repository(
        "global-asp/asp-source", "99e022369a980bd52bce8c6f86d5f24e9a4ada9d", "CC BY",
        r"(ach|ada|alz|anu|bxk|cce|dag|dje|fat|gaa|hz|ki|kj|kln|koo|laj|loz|lsm|luc|luo|mer|mhi|naq|ng|nyn|nzi|saq|teo"
        r"|toh|toi|tw-asan|tw-akua|xog)/\d.*\.md", formats.of_story, source="global-asp/asp-source",
    ),
    Repository(
        "UniversalDependencies/UD_Naija-NSC", "be1b5101e9176a4dd8e1da47053afbccf60ae8ce", "CC BY-SA 4.0",
        r"pcm_nsc-ud-(?:dev|test)\.conllu", formats.of_treebank, "pcm_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Wolof-WTB", "575a3ab64619a91de9950f01afb7c9f2d8cd28c4", "CC BY-SA 4.0",
        r"wo_wtb-ud-(?:dev|test|train)\.conllu", formats.of_treebank, "wol_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Bambara-CRB", "e218582fa649514ce59c2273090437520eb9eabe", "CC BY-SA 4.0",
        r"bm_crb-ud-test\.conllu", formats.of_treebank, "bam_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Bhojpuri-BHTB", "cb3dcc540123c459f3c3914b3884e1b318311dbb", "CC BY-SA 4.0",
        r"bho_bhtb-ud-test\.conllu", formats.of_treebank, "bho_Deva",
    ),
    Repository(
        "UniversalDependencies/UD_Cebuano-GJA", "d85a2c85c431d25c9858215303ab4827431b367e", "CC BY-SA 4.0",
        r"ceb_gja-ud-test\.conllu", formats.of_treebank, "ceb_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Haitian_Creole-Autogramm", "8dcf1867b3ad8a157d33b81ce98774e9d9e28053", "CC BY-SA 4.0",
        r"ht_autogramm-ud-test\.conllu", formats.of_treebank, "hat_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Javanese-CSUI", "f3baedde383bfe0364d56095ff24caee568fe0bb", "CC BY-SA 4.0",
        r"jv_csui-ud-test\.conllu", formats.of_treebank, "jav_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Scottish_Gaelic-ARCOSG", "d899aedfd1bfb5383e8867294d7db8f85108fb32", "CC BY-SA 4.0",
        r"gd_arcosg-ud-(?:dev|test)\.conllu", formats.of_treebank, "gla_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Swiss_German-UZH", "e98370adcd41aea64b151d654f8ac76f9a8fc2b4", "CC BY-SA 4.0",
        r"gsw_uzh-ud-test\.conllu", formats.of_treebank, "gsw_Latn",
    ),
)  # fmt: skip

# Codes of these programs that are no ISO codes, or say more than one.
CODES = {
    "iw": "heb", "in": "ind", "ji": "ydd", "yi": "ydd", "als": "gsw", "bat-smg": "sgs", "fiu-vro": "vro",
    "be-tarask": "bel", "b+be+x+old": "bel", "be-x-old": "bel", "zh-hans": "cmn_Hans", "zh-hant": "cmn_Hant",
    "zh-rtw": "cmn_Hant", "zh-rcn": "cmn_Hans", "zh-rhk": "cmn_Hant", "zh-tw": "cmn_Hant", "zh-cn": "cmn_Hans",
    "sr-ec": "srp_Cyrl", "sr-el": "srp_Latn", "sr-cyrl": "srp_Cyrl", "sr-latn": "srp_Latn", "b+sr+latn": "srp_Latn",
    "nds-nl": "nds", "ks-arab": "kas_Arab", "ks-deva": "kas_Deva", "ku-latn": "kmr_Latn", "ku": "kmr_Latn",
    "kk-cyrl": "kaz_Cyrl", "b+kk+cyrl": "kaz_Cyrl", "tg-cyrl": "tgk_Cyrl", "b+tg+cyrl": "tgk_Cyrl",
    "tt-cyrl": "tat_Cyrl", "b+tt+cyrl": "tat_Cyrl", "bbc-latn": "bbc_Latn", "uz-latn": "uzn_Latn", "no": "nob",
    "hif-latn": "hif_Latn", "crh-latn": "crh_Latn", "crh-cyrl": "crh_Cyrl", "gan-hant": "gan_Hant",
    "kbd-cyrl": "kbd_Cyrl", "skr-arab": "skr_Arab", "ug-arab": "uig_Arab", "b+ms+arab": "zsm_Arab",
    "bug-bugi": "bug_Bugi", "aeb-latn": "aeb_Latn", "aeb-arab": "aeb_Arab", "shy-latn": "shy_Latn",
    "ike-cans": "iku_Cans", "zgh": "zgh_Tfng", "pt-br": "por", "pt-rbr": "por", "es-419": "spa", "sh-latn": "hbs",
    "sv-se": "swe", "nb-no": "nob", "ne-np": "npi", "pa-in": "pan", "ga-ie": "gle", "fy-nl": "fry", "hy-am": "hye",
    "rm-sursilv": "roh", "rm-vallader": "roh", "acehnese": "ace", "balinese": "ban", "banjarese": "bjn",
    "buginese": "bug", "english": "en", "indonesian": "ind", "javanese": "jav", "madurese": "mad",
    "minangkabau": "min", "sundanese": "sun", "toba_batak": "bbc", "tw-asan": "twi", "tw-akua": "twi",
}  # fmt: skip
