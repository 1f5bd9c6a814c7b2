"""Writes languages.yml: the names, scripts and codes of the languages that xinstruct can speak of.

Run it when a language is added: `python corpora/make_languages.py`. The facts come from three packages that are
needed here only: langcodes with language_data (MIT; Unicode CLDR names) and iso639-lang (MIT; the ISO 639-3 tables).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

import langcodes
import yaml
from iso639 import Lang

LABELS_TEXT = """
aar_Latn abk_Cyrl ace_Arab ace_Latn acm_Arab acq_Arab acu_Latn ada_Latn adh_Latn ady_Cyrl aeb_Arab afr_Latn agr_Latn
aii_Syrc ajg_Latn als_Latn alt_Cyrl amc_Latn ame_Latn amh_Ethi ami_Latn amr_Latn ang_Latn apc_Arab arb_Arab arc_Syrc
arg_Latn arl_Latn arn_Latn arq_Arab ars_Arab ary_Arab arz_Arab asm_Beng ast_Latn auc_Latn ava_Cyrl awa_Deva ayr_Latn
azb_Arab azj_Cyrl azj_Latn bak_Cyrl bam_Latn ban_Latn bar_Latn bax_Latn bba_Latn bbc_Latn bci_Latn bcl_Latn bel_Cyrl
bem_Latn ben_Beng bew_Latn bfa_Latn bho_Deva bin_Latn bis_Latn bjn_Arab bjn_Latn blt_Tavt boa_Latn bod_Tibt bos_Cyrl
bos_Latn bpy_Beng bre_Latn brx_Deva buc_Latn bug_Latn bul_Cyrl bum_Latn bxr_Cyrl cab_Latn cak_Latn cat_Latn cbi_Latn
cbk_Latn cbr_Latn cbs_Latn cbt_Latn cbu_Latn ccp_Cakm ceb_Latn ces_Latn cfm_Latn cha_Latn che_Cyrl chj_Latn chk_Latn
chr_Cher chv_Cyrl cic_Latn cjk_Latn cjs_Cyrl cjy_Hans ckb_Arab cmn_Hans cmn_Hant cnh_Latn cni_Latn cof_Latn cor_Latn
cos_Latn cot_Latn cpu_Latn crh_Latn cri_Latn crl_Cans crs_Latn csa_Latn csb_Latn csw_Cans ctd_Latn cym_Latn dag_Latn
dan_Latn ddn_Latn deu_Latn dga_Latn dgo_Deva dik_Latn dip_Latn diq_Latn div_Thaa dje_Latn dsb_Latn dtp_Latn dty_Deva
duu_Latn dyo_Latn dyu_Latn dzo_Tibt egl_Latn ekk_Latn ell_Grek emk_Latn eng_Latn epo_Latn ese_Latn eus_Latn eve_Cyrl
evn_Cyrl ewe_Latn ext_Latn fao_Latn fat_Latn fij_Latn fin_Latn fkv_Latn fon_Latn fra_Latn frp_Latn frr_Latn fry_Latn
fuc_Latn fuf_Adlm fuf_Latn fur_Latn fuv_Latn gaa_Latn gag_Latn gan_Hans gaz_Latn gil_Latn gjn_Latn gkp_Latn gla_Latn
gld_Cyrl gle_Latn glg_Latn glk_Arab glv_Latn gom_Deva gom_Latn gor_Latn gsw_Latn guc_Latn gug_Latn guj_Gujr gur_Latn
guu_Latn guz_Latn gyr_Latn hak_Hans hak_Hant hat_Latn hau_Latn haw_Latn hea_Latn heb_Hebr hif_Latn hil_Latn hin_Deva
hlt_Latn hms_Latn hna_Latn hne_Deva hni_Latn hnj_Latn hns_Latn hrv_Latn hsb_Latn hsn_Hans hun_Latn hus_Latn huu_Latn
hye_Armn ibb_Latn ibo_Latn ido_Latn iii_Yiii ike_Cans ile_Latn ilo_Latn ina_Latn ind_Latn inh_Cyrl isl_Latn ita_Latn
jam_Latn jav_Java jav_Latn jbo_Latn jiv_Latn jpn_Jpan kab_Latn kac_Latn kal_Latn kam_Latn kan_Knda kas_Arab kas_Deva
kat_Geor kaz_Arab kaz_Cyrl kaz_Latn kbc_Latn kbd_Cyrl kbp_Latn kde_Latn kdh_Latn kea_Latn kek_Latn keo_Latn kha_Latn
khk_Cyrl khk_Mong khm_Khmr kik_Latn kin_Latn kir_Arab kir_Cyrl kjh_Cyrl kkh_Lana kmb_Latn kmr_Latn knc_Arab knc_Latn
kng_Latn koi_Cyrl koo_Latn kor_Hang kpv_Cyrl kqn_Latn kqs_Latn krc_Cyrl kri_Latn krl_Latn kru_Deva ktu_Latn kum_Cyrl
kwi_Latn lad_Latn laj_Latn lao_Laoo lat_Latn lbe_Cyrl lez_Cyrl lfn_Cyrl lfn_Latn lgg_Latn lia_Latn lif_Limb lij_Latn
lim_Latn lin_Latn lit_Latn lko_Latn lld_Latn lmo_Latn lns_Latn lob_Latn lot_Latn loz_Latn lrc_Arab lsm_Latn ltg_Latn
ltz_Latn lua_Latn luc_Latn lue_Latn lug_Latn lun_Latn luo_Latn lus_Latn luz_Arab lvs_Latn lwg_Latn mad_Latn mag_Deva
mah_Latn mai_Deva mak_Latn mal_Mlym mam_Latn mar_Deva mas_Latn max_Latn maz_Latn mcd_Latn mcf_Latn mdf_Cyrl men_Latn
mey_Arab mfe_Latn mfq_Latn mhr_Cyrl mhw_Latn mic_Latn min_Arab min_Latn miq_Latn mkd_Cyrl mlt_Latn mni_Beng mni_Mtei
mnw_Mymr mos_Latn mqu_Deva mri_Latn mrj_Cyrl mto_Latn mui_Latn mwl_Latn mww_Latn mxi_Latn mxv_Latn mya_Mymr myv_Cyrl
myx_Latn mzi_Latn mzn_Arab nan_Hans nan_Hant nan_Latn nap_Latn nau_Latn nav_Latn nba_Latn nbl_Latn nde_Latn ndo_Latn
nds_Latn new_Deva nhn_Latn nia_Latn nio_Cyrl niu_Latn njo_Latn nku_Latn nld_Latn nno_Latn nob_Latn nog_Cyrl not_Latn
nov_Latn npi_Deva nqo_Nkoo nrm_Latn nso_Latn nuj_Latn nus_Latn nya_Latn nym_Latn nyn_Latn nzi_Latn oaa_Cyrl oci_Latn
ojb_Cans oki_Latn orh_Latn orv_Cyrl ory_Orya oss_Cyrl ote_Latn pag_Latn pam_Latn pan_Guru pap_Latn pau_Latn pbb_Latn
pbt_Arab pbu_Arab pcd_Latn pcm_Latn pes_Arab pfl_Latn pih_Latn pis_Latn piu_Latn plt_Latn pms_Latn pnb_Arab pnt_Grek
pol_Latn pon_Latn por_Latn pov_Latn ppl_Latn prs_Arab quc_Latn qug_Latn quh_Latn quy_Latn quz_Latn qva_Latn qvc_Latn
qvh_Latn qvm_Latn qvn_Latn qwh_Latn qxn_Latn qxu_Latn rar_Latn rej_Latn rgn_Latn rmn_Latn roh_Latn ron_Latn rue_Cyrl
run_Latn rup_Latn rus_Cyrl sag_Latn sah_Cyrl san_Deva san_Gran saq_Latn sat_Olck sck_Deva scn_Latn sco_Latn sdh_Arab
sey_Latn sgs_Latn shi_Arab shk_Latn shn_Mymr shp_Latn sin_Sinh skr_Arab slk_Latn slv_Latn sma_Latn sme_Latn smj_Latn
smn_Latn smo_Latn sms_Latn sna_Latn snd_Arab snk_Latn snn_Latn som_Latn sot_Latn spa_Latn src_Latn srn_Latn srp_Cyrl
srp_Latn srr_Latn ssw_Latn stq_Latn suk_Latn sun_Latn sus_Latn swb_Latn swc_Latn swe_Latn swg_Latn swh_Latn syc_Syrc
szl_Latn szy_Latn tah_Latn taj_Deva tam_Taml taq_Latn taq_Tfng tat_Cyrl tat_Latn tay_Latn tbz_Latn tca_Latn tcy_Knda
tdt_Latn tel_Telu tem_Latn teo_Latn tet_Latn tgk_Cyrl tgl_Latn tgl_Tglg tha_Thai tir_Ethi tiv_Latn tly_Latn tob_Latn
toi_Latn toj_Latn ton_Latn top_Latn tpi_Latn tsc_Latn tsg_Latn tsn_Latn tso_Latn tsz_Latn ttj_Latn tuk_Cyrl tuk_Latn
tum_Latn tur_Latn tuv_Latn twi_Latn tyv_Cyrl tzh_Latn tzl_Latn tzm_Latn tzm_Tfng tzo_Latn udm_Cyrl uig_Arab uig_Latn
ukr_Cyrl umb_Latn ura_Latn urd_Arab uzn_Cyrl uzn_Latn vai_Vaii vec_Latn ven_Latn vep_Latn vie_Latn vls_Latn vmw_Latn
vol_Latn vro_Latn war_Latn wln_Latn wol_Latn wuu_Hans wwa_Latn xal_Cyrl xho_Latn xmf_Geor xog_Latn xsm_Latn yad_Latn
yao_Latn yap_Latn ydd_Hebr ykg_Cyrl yor_Latn yua_Latn yue_Hant zam_Latn zdj_Latn zgh_Tfng zro_Latn zsm_Arab zsm_Latn
ztu_Latn zul_Latn zyb_Latn
"""
LABELS = LABELS_TEXT.split()

# The member of a macrolanguage that is meant when only the macrolanguage is named, and so comes first. Its name is
# the macrolanguage's own: a person asks for an answer in Swahili, not in "Swahili (individual language)".
STANDARD_MEMBER = {
    "ara": "arb", "aym": "ayr", "aze": "azj", "bih": "bho", "bik": "bcl", "btk": "bbc", "chm": "mhr",
    "cre": "csw", "din": "dik", "est": "ekk", "fas": "pes", "ful": "fuv", "grn": "gug", "hbs": "srp",
    "hmn": "mww", "iku": "ike", "kau": "knc", "kok": "gom", "kom": "kpv", "kon": "kng", "kur": "kmr",
    "lah": "pnb", "lav": "lvs", "mlg": "plt", "mon": "khk", "msa": "zsm", "nep": "npi", "nor": "nob",
    "oji": "ojb", "ori": "ory", "orm": "gaz", "pus": "pbt", "que": "quy", "sqi": "als", "srd": "src",
    "swa": "swh", "tmh": "taq", "uzb": "uzn", "yid": "ydd", "zha": "zyb", "zho": "cmn", "aka": "twi",
    "bua": "bxr", "zap": "zam", "rom": "rmn", "ber": "zgh", "nah": "nhn",
}  # fmt: skip

# Groups that corpora use as if they were languages; ISO 639-3 has no members for them.
COLLECTIVE = {
    "bih": ("Bihari", ["bho", "mag", "mai"]), "btk": ("Batak", ["bbc"]),
    "ber": ("Berber", ["zgh", "kab", "shi", "tzm"]), "nah": ("Nahuatl", ["nhn"]), "fil": ("Filipino", ["tgl"]),
    "ajp": ("South Levantine Arabic", ["apc"]), "kzj": ("Coastal Kadazan", ["dtp"]),
}  # fmt: skip

# Those of them that stand in for a macrolanguage, so that their members count as the same in scoring.
GROUPS = {"btk", "nah"}

# Names that CLDR and ISO do not give in the form that a person would use in "Answer in Swahili."
ENGLISH = {
    "arb": "Arabic", "swh": "Swahili", "cmn": "Chinese", "pes": "Persian", "prs": "Dari", "zsm": "Malay",
    "azj": "Azerbaijani", "azb": "South Azerbaijani", "uzn": "Uzbek", "khk": "Mongolian", "lvs": "Latvian",
    "ekk": "Estonian", "als": "Albanian", "plt": "Malagasy", "gaz": "Oromo", "pbt": "Pashto",
    "pbu": "Northern Pashto", "ydd": "Yiddish", "ory": "Odia", "npi": "Nepali", "ben": "Bengali",
    "nob": "Norwegian Bokmål",
    "nno": "Norwegian Nynorsk", "kmr": "Kurmanji Kurdish", "ckb": "Sorani Kurdish", "sdh": "Southern Kurdish",
    "gom": "Konkani", "srp": "Serbian", "fuv": "Fulfulde", "fuc": "Pulaar", "fuf": "Pular", "dik": "Dinka",
    "dip": "Northeastern Dinka", "knc": "Kanuri", "twi": "Twi", "fat": "Fante", "quy": "Ayacucho Quechua",
    "quz": "Cusco Quechua", "ayr": "Aymara", "gug": "Guarani", "ike": "Inuktitut", "bbc": "Toba Batak",
    "kng": "Kongo", "src": "Sardinian", "taq": "Tamasheq", "pnb": "Western Punjabi", "pan": "Punjabi",
    "yue": "Cantonese", "wuu": "Wu Chinese", "nan": "Hokkien", "hak": "Hakka Chinese", "gan": "Gan Chinese",
    "bcl": "Central Bikol", "mhr": "Meadow Mari", "mrj": "Hill Mari", "kpv": "Komi", "koi": "Komi-Permyak",
    "tgl": "Tagalog", "mya": "Burmese", "sin": "Sinhala", "ell": "Greek", "ron": "Romanian",
    "apc": "Levantine Arabic", "arz": "Egyptian Arabic", "ary": "Moroccan Arabic", "arq": "Algerian Arabic",
    "aeb": "Tunisian Arabic", "ars": "Najdi Arabic", "acm": "Iraqi Arabic", "acq": "Taizzi-Adeni Arabic",
    "mey": "Hassaniya Arabic", "zgh": "Standard Moroccan Tamazight", "mww": "Hmong Daw", "zyb": "Zhuang",
    "tdt": "Tetun Dili", "tet": "Tetum", "ojb": "Northwestern Ojibwe", "csw": "Swampy Cree",
    "swc": "Congo Swahili", "lug": "Luganda", "nya": "Chichewa", "nyn": "Runyankole", "kal": "Greenlandic",
    "uig": "Uyghur", "kir": "Kyrgyz", "nso": "Northern Sotho", "sot": "Southern Sotho", "bod": "Tibetan",
    "ssw": "Swati", "div": "Dhivehi", "cor": "Cornish", "crh": "Crimean Tatar", "orv": "Old East Slavic",
    "ang": "Old English", "glv": "Manx", "bxr": "Buryat", "roh": "Romansh", "rmn": "Balkan Romani",
    "lim": "Limburgish", "xsm": "Kasem", "pcm": "Nigerian Pidgin", "ttj": "Rutooro", "tuv": "Turkana",
    "koo": "Konzo", "ltg": "Latgalian", "vro": "Võro", "gsw": "Swiss German", "ina": "Interlingua",
    "hus": "Huastec", "prd": "Parsi-Dari",
}  # fmt: skip

ENGLISH_BY_LABEL = {
    "cmn_Hans": "Chinese (simplified)", "cmn_Hant": "Chinese (traditional)", "yue_Hant": "Cantonese",
    "srp_Cyrl": "Serbian (Cyrillic)", "srp_Latn": "Serbian (Latin script)",
}  # fmt: skip

OWN = {
    "ace_Latn": "Basa Acèh", "ady_Cyrl": "адыгабзэ", "aii_Syrc": "ܣܘܪܝܬ", "alt_Cyrl": "алтай тил",
    "ava_Cyrl": "магӀарул мацӀ", "awa_Deva": "अवधी", "ban_Latn": "Basa Bali", "bar_Latn": "Boarisch",
    "bbc_Latn": "Hata Batak Toba", "bew_Latn": "basè Betawi", "bjn_Latn": "Bahasa Banjar",
    "bpy_Beng": "বিষ্ণুপ্রিয়া মণিপুরী", "bug_Latn": "Basa Ugi", "bxr_Cyrl": "буряад хэлэн", "ceb_Latn": "Binisaya",
    "cha_Latn": "Finoʼ CHamoru", "crh_Latn": "qırımtatarca", "csb_Latn": "kaszëbsczi", "dag_Latn": "Dagbanli",
    "dgo_Deva": "डोगरी",
    "div_Thaa": "ދިވެހި", "egl_Latn": "emiliàn", "epo_Latn": "Esperanto", "ext_Latn": "estremeñu",
    "fij_Latn": "vosa Vakaviti", "fkv_Latn": "kainun kieli", "fon_Latn": "Fɔngbè", "frp_Latn": "arpetan",
    "fuc_Latn": "Pulaar", "fuf_Latn": "Pular", "gag_Latn": "gagauz dili", "gan_Hans": "赣语",
    "gil_Latn": "te taetae ni Kiribati", "glk_Arab": "گیلکی", "gom_Deva": "कोंकणी", "hak_Hant": "客家話",
    "hak_Hans": "客家话", "hif_Latn": "Fiji Baat", "hne_Deva": "छत्तीसगढ़ी", "hsn_Hans": "湘语", "ibo_Latn": "Igbo",
    "ido_Latn": "Ido", "ike_Cans": "ᐃᓄᒃᑎᑐᑦ", "ile_Latn": "Interlingue", "inh_Cyrl": "гӀалгӀай мотт",
    "kac_Latn": "Jinghpaw", "kbd_Cyrl": "адыгэбзэ", "kbp_Latn": "Kabɩyɛ", "kek_Latn": "Qʼeqchiʼ",
    "kha_Latn": "Ka Ktien Khasi", "kjh_Cyrl": "хакас тілі", "koi_Cyrl": "перем коми кыв", "kpv_Cyrl": "коми кыв",
    "krc_Cyrl": "къарачай-малкъар тил", "kri_Latn": "Krio", "krl_Latn": "karjala", "kum_Cyrl": "къумукъ тил",
    "lad_Latn": "djudeo-espanyol", "lbe_Cyrl": "лакку маз", "lez_Cyrl": "лезги чӀал", "lfn_Latn": "Lingua Franca Nova",
    "lim_Latn": "Limburgs", "lmo_Latn": "lombard", "loz_Latn": "siLozi", "ltg_Latn": "latgalīšu",
    "lua_Latn": "Tshiluba",
    "lus_Latn": "Mizo ṭawng", "mad_Latn": "Basa Madhurâ", "mag_Deva": "मगही", "mah_Latn": "Kajin M̧ajeļ",
    "mhr_Cyrl": "олык марий йылме", "mos_Latn": "Mooré", "mri_Latn": "te reo Māori", "mrj_Cyrl": "кырык мары йӹлмӹ",
    "mwl_Latn": "mirandés", "nan_Hant": "閩南語", "nan_Hans": "闽南语", "nap_Latn": "napulitano",
    "nbl_Latn": "isiNdebele",
    "ndo_Latn": "Oshindonga", "new_Deva": "नेपाल भाषा", "niu_Latn": "vagahau Niuē", "nog_Cyrl": "ногай тили",
    "pam_Latn": "Kapampangan", "pbt_Arab": "پښتو", "pcd_Latn": "picard", "pfl_Latn": "Pälzisch",
    "pms_Latn": "piemontèis",
    "pnt_Grek": "ποντιακά", "quc_Latn": "Kʼicheʼ", "quy_Latn": "Chanka runasimi", "rgn_Latn": "rumagnôl",
    "rue_Cyrl": "русиньскый язык", "sco_Latn": "Scots", "sgs_Latn": "žemaitiu", "smo_Latn": "gagana Sāmoa",
    "srn_Latn": "Sranantongo", "stq_Latn": "Seeltersk", "swb_Latn": "shikomori", "swg_Latn": "Schwäbisch",
    "tah_Latn": "reo Tahiti", "tcy_Knda": "ತುಳು", "tet_Latn": "tetun", "toi_Latn": "chiTonga", "tpi_Latn": "Tok Pisin",
    "tso_Latn": "Xitsonga", "tum_Latn": "chiTumbuka", "tyv_Cyrl": "тыва дыл", "udm_Cyrl": "удмурт кыл",
    "vep_Latn": "vepsän kelʹ", "vls_Latn": "West-Vlams", "vol_Latn": "Volapük", "vro_Latn": "võro kiil",
    "war_Latn": "Winaray", "wol_Latn": "Wolof", "xal_Cyrl": "хальмг келн", "xmf_Geor": "მარგალური",
    "yua_Latn": "Maaya tʼaan", "afr_Latn": "Afrikaans", "eng_Latn": "English",
    "cmn_Hans": "简体中文", "cmn_Hant": "繁體中文", "yue_Hant": "粵語", "wuu_Hans": "吴语", "nob_Latn": "norsk bokmål",
    "nno_Latn": "norsk nynorsk", "kmr_Latn": "Kurmancî", "ckb_Arab": "کوردیی ناوەندی",
    "zsm_Latn": "Bahasa Melayu", "prs_Arab": "دری", "arz_Arab": "مصرى", "twi_Latn": "Twi",
    "gaz_Latn": "Afaan Oromoo", "jam_Latn": "Patwa", "pcm_Latn": "Naijíriá Píjin", "tgl_Latn": "Tagalog",
    "hau_Latn": "Hausa", "azb_Arab": "تۆرکجه", "pnb_Arab": "پنجابی", "zsm_Arab": "بهاس ملايو",
    "srp_Cyrl": "српски", "srp_Latn": "srpski", "mww_Latn": "Hmoob Dawb", "lug_Latn": "Luganda",
    "nya_Latn": "Chichewa", "fuv_Latn": "Fulfulde", "min_Latn": "Baso Minangkabau",
}  # fmt: skip

# The labels of two other sets, where they differ from ours. FLORES-200 (flores200/README.md of facebookresearch/flores;
# Santali by the script that its text is in) has no other; GlotLID v3 (languages-v3.md of cisnlp/GlotLID) keeps the
# macrolanguage where it does not tell the members apart.
FLORES_TEXT = """
ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab afr_Latn als_Latn amh_Ethi apc_Arab arb_Arab ars_Arab ary_Arab arz_Arab
asm_Beng ast_Latn awa_Deva ayr_Latn azb_Arab azj_Latn bak_Cyrl bam_Latn ban_Latn bel_Cyrl bem_Latn ben_Beng bho_Deva
bjn_Arab bjn_Latn bod_Tibt bos_Latn bug_Latn bul_Cyrl cat_Latn ceb_Latn ces_Latn cjk_Latn ckb_Arab crh_Latn cym_Latn
dan_Latn deu_Latn dik_Latn dyu_Latn dzo_Tibt ell_Grek eng_Latn epo_Latn eus_Latn ewe_Latn fao_Latn fij_Latn fin_Latn
fon_Latn fra_Latn fur_Latn fuv_Latn gaz_Latn gla_Latn gle_Latn glg_Latn guj_Gujr hat_Latn hau_Latn heb_Hebr hin_Deva
hne_Deva hrv_Latn hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn ita_Latn jav_Latn jpn_Jpan kab_Latn kac_Latn
kam_Latn kan_Knda kas_Arab kas_Deva kat_Geor kaz_Cyrl kbp_Latn kea_Latn khk_Cyrl khm_Khmr kik_Latn kin_Latn kir_Cyrl
kmb_Latn kmr_Latn knc_Arab knc_Latn kor_Hang lao_Laoo lij_Latn lim_Latn lin_Latn lit_Latn lmo_Latn ltg_Latn ltz_Latn
lua_Latn lug_Latn luo_Latn lus_Latn lvs_Latn mag_Deva mai_Deva mal_Mlym mar_Deva min_Arab min_Latn mkd_Cyrl mlt_Latn
mni_Beng mos_Latn mri_Latn mya_Mymr nld_Latn nno_Latn nob_Latn npi_Deva nso_Latn nus_Latn nya_Latn oci_Latn ory_Orya
pag_Latn pan_Guru pap_Latn pbt_Arab pes_Arab plt_Latn pol_Latn por_Latn prs_Arab quy_Latn ron_Latn run_Latn rus_Cyrl
sag_Latn san_Deva sat_Olck scn_Latn shn_Mymr sin_Sinh slk_Latn slv_Latn smo_Latn sna_Latn snd_Arab som_Latn sot_Latn
spa_Latn srp_Cyrl ssw_Latn sun_Latn swe_Latn swh_Latn szl_Latn tam_Taml taq_Latn taq_Tfng tat_Cyrl tel_Telu tgk_Cyrl
tgl_Latn tha_Thai tir_Ethi tpi_Latn tsn_Latn tso_Latn tuk_Latn tum_Latn tur_Latn twi_Latn tzm_Tfng uig_Arab ukr_Cyrl
umb_Latn urd_Arab uzn_Latn vec_Latn vie_Latn war_Latn wol_Latn xho_Latn ydd_Hebr yor_Latn yue_Hant zsm_Latn zul_Latn
"""
FLORES = {label: label for label in FLORES_TEXT.split()} | {
    "cmn_Hans": "zho_Hans", "cmn_Hant": "zho_Hant", "ekk_Latn": "est_Latn", "gug_Latn": "grn_Latn",
    "kng_Latn": "kon_Latn", "src_Latn": "srd_Latn",
}  # fmt: skip
NOT_IN_GLOTLID_TEXT = """
aar_Latn acq_Arab amc_Latn arc_Syrc bax_Latn bfa_Latn blt_Tavt bos_Cyrl buc_Latn ccp_Cakm cic_Latn cjy_Hans cmn_Hans
cmn_Hant csa_Latn duu_Latn egl_Latn emk_Latn evn_Cyrl fuc_Latn fuf_Adlm gan_Hans gkp_Latn gld_Cyrl hak_Hans hak_Hant
hea_Latn hms_Latn hna_Latn hni_Latn hsn_Hans ibb_Latn iii_Yiii kaz_Arab kaz_Latn khk_Mong kir_Arab kkh_Lana lko_Latn
lns_Latn lot_Latn luz_Arab mey_Arab mqu_Deva mxi_Latn mzi_Latn nan_Hans nan_Hant nau_Latn nhn_Latn nku_Latn nym_Latn
oaa_Cyrl oki_Latn orh_Latn pbu_Arab pes_Arab pih_Latn piu_Latn ppl_Latn prs_Arab qxu_Latn rgn_Latn san_Gran saq_Latn
shi_Arab snk_Latn src_Latn tgl_Latn tgl_Tglg tzm_Latn vai_Vaii wuu_Hans ykg_Cyrl yue_Hant zro_Latn ztu_Latn
"""
GLOTLID = {label: label for label in LABELS if label not in NOT_IN_GLOTLID_TEXT.split()} | {
    "cmn_Hans": "cmn_Hani", "cmn_Hant": "cmn_Hani", "hak_Hant": "hak_Hani", "hak_Hans": "hak_Hani",
    "nan_Hans": "nan_Hani", "nan_Hant": "nan_Hani", "wuu_Hans": "wuu_Hani", "yue_Hant": "yue_Hani",
    "dgo_Deva": "doi_Deva", "pes_Arab": "fas_Arab", "prs_Arab": "fas_Arab",
    "src_Latn": "srd_Latn", "tgl_Latn": "fil_Latn",
}  # fmt: skip

# Where a language is written in several scripts, the one meant when none is named (CLDR's choice otherwise).
FIRST_SCRIPT = {"hak": "Hant", "nan": "Hant", "azj": "Latn", "uzn": "Latn", "knc": "Latn", "bjn": "Latn", "kaz": "Cyrl"}

# The marks that end a sentence in a script, beside those of SHARED_ENDS; many scripts of India and Africa use both.
SHARED_ENDS = ".?!…"
ENDS = {
    "Adlm": "⸮", "Arab": "؟۔", "Armn": "։", "Beng": "।॥", "Cakm": "𑅁𑅂𑅃", "Cans": "᙮", "Deva": "।॥", "Ethi": "።፧፨",
    "Gran": "।॥", "Gujr": "।॥", "Guru": "।॥", "Hang": "。", "Hans": "。！？｡", "Hant": "。！？｡", "Java": "꧈꧉",
    "Jpan": "。！？｡", "Khmr": "។៕៚", "Knda": "।॥", "Lana": "᪨᪩᪪᪫", "Limb": "᥄᥅", "Mlym": "।॥", "Mong": "᠃᠉",
    "Mtei": "꯫", "Mymr": "။", "Nkoo": "߹؟", "Olck": "᱾᱿", "Orya": "।॥", "Sinh": "෴", "Syrc": "܀܁܂؟",
    "Taml": "।॥", "Telu": "।॥", "Tglg": "᜵᜶", "Thaa": "؟", "Tibt": "།༎༏༐༑༔", "Vaii": "꘎꘏", "Yiii": "。！？",
}  # fmt: skip
# Written without blanks between words; and without marks at the end of most sentences.
UNSPACED = {"Hans", "Hant", "Java", "Jpan", "Khmr", "Lana", "Laoo", "Mymr", "Thai", "Tibt"}
UNMARKED = {"Khmr", "Lana", "Laoo", "Tavt", "Thai"}

SCRIPT_NAMES = {"Hans": "simplified", "Hant": "traditional", "Beng": "Bengali", "Orya": "Odia", "Lana": "Tai Tham"}

HEADER = """# The languages that xinstruct can speak of: names, codes, scripts. Made by make_languages.py: edit that.
# scripts: code -> name, marks that end a sentence, whether words stand without blanks between them (unspaced) and most
#   sentences without a mark at their end (unmarked)
# label_sets: what FLORES-200 and GlotLID v3 have: labels that are ours, too, and ours -> theirs where they differ
# languages: code -> english name, ISO 639-1 code, macrolanguage, scripts (first is the usual one) with the own name
# macrolanguages: code -> members (the first is meant when one must be chosen)
"""


def main() -> None:
    """Writes languages.yml beside this file and says how many languages it holds."""
    languages = {code: entry(code) for code in sorted({label[:3] for label in LABELS})}
    scripts = {script for code in languages for script in scripts_of(code)}
    table: dict[str, Mapping[str, object]] = {
        "scripts": {script: script_entry(script) for script in sorted(scripts)},
        "label_sets": {"flores": labels_elsewhere(FLORES), "glotlid": labels_elsewhere(GLOTLID)},
        "macrolanguages": macrolanguages(languages),
        "languages": languages,
    }
    path = Path(__file__).with_name("languages.yml")
    path.write_text(HEADER + "\n".join(lines(table)) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(languages)} languages, {len(LABELS)} with their scripts")


def entry(code: str) -> dict[str, object]:
    """What languages.yml says of one individual language; scripts map to the language's own name in them."""
    english = ENGLISH.get(code) or plain(langcodes.Language.get(code).language_name("en"))
    named = {label[4:]: name for label, name in ENGLISH_BY_LABEL.items() if label[:3] == code}
    macro = macro_code(code)
    return (
        {"english": english}
        | ({"english_by_script": named} if named else {})
        | ({"iso639_1": Lang(code).pt1} if Lang(code).pt1 else {})
        | ({"macro": macro} if macro else {})
        | {"scripts": {script: own_name(code, script) for script in scripts_of(code)}}
    )


def labels_elsewhere(theirs: Mapping[str, str]) -> dict[str, object]:
    """What languages.yml says of another set's labels: those that are ours, too, and ours -> theirs of the others."""
    same = [label for label in LABELS if theirs.get(label) == label]
    other = {label: theirs[label] for label in LABELS if label in theirs and label not in same}
    return {"same": " ".join(same), "other": other}


def scripts_of(code: str) -> list[str]:
    """The scripts of a language in LABELS, the usual one first."""
    usual = FIRST_SCRIPT.get(code) or langcodes.Language.get(code).maximize().script
    return sorted((label[4:] for label in LABELS if label[:3] == code), key=lambda script: (script != usual, script))


def macro_code(code: str) -> str | None:
    """The macrolanguage, or the group treated as one, that a language belongs to."""
    macro = Lang(code).macro()
    if macro:
        return str(macro.pt3)
    return next((group for group, (_, members) in COLLECTIVE.items() if code in members and group in GROUPS), None)


def macrolanguages(languages: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Macrolanguage -> its name, two-letter code and the members that the table has, the standard one first."""
    members: dict[str, list[str]] = {}
    for code in languages:
        macro = macro_code(code)
        if macro:
            members.setdefault(macro, []).append(code)
    members |= {group: list(found) for group, (_, found) in COLLECTIVE.items()}
    table: dict[str, dict[str, object]] = {}
    for macro in sorted(members):
        standard = STANDARD_MEMBER.get(macro)
        english = (
            COLLECTIVE[macro][0]
            if macro in COLLECTIVE
            else plain(str(langcodes.Language.get(macro).language_name("en")))
        )
        two = "" if macro in COLLECTIVE else Lang(macro).pt1
        ordered = sorted(members[macro], key=lambda code: (code != standard, code))
        table[macro] = {"english": english} | ({"iso639_1": two} if two else {}) | {"members": ordered}
    return table


def plain(name: str) -> str:
    """A name without the remark in brackets by which ISO 639-3 tells namesakes apart: Luo (Kenya and Tanzania)."""
    return re.sub(r" \([^)]*\)$", "", name)


def own_name(code: str, script: str) -> str | None:
    """The language's name in itself, in this script; None where CLDR has only the English name."""
    if f"{code}_{script}" in OWN:
        return OWN[f"{code}_{script}"]
    if script == scripts_of(code)[0]:
        language = langcodes.Language.get(code)
        name = language.autonym()
    else:
        language = langcodes.Language.make(language=code, script=script)
        name = re.sub(r" \([^)]*\)$", "", language.language_name(language))
    english = {plain(language.language_name("en")), plain(langcodes.Language.get(code).language_name("en"))}
    return None if plain(name) in english or is_latin(name) != (script == "Latn") else str(name)


def is_latin(name: str) -> bool:
    """Whether a name is in Latin letters; CLDR gives a name in another script without saying so."""
    return any("LATIN" in unicodedata.name(letter, "") for letter in name)


def script_entry(code: str) -> dict[str, object]:
    """What languages.yml says of a script."""
    ends = SHARED_ENDS + ENDS.get(code, "")
    kind = {"unspaced": True} if code in UNSPACED else {}
    return {"name": script_name(code), "ends": ends} | kind | ({"unmarked": True} if code in UNMARKED else {})


def script_name(code: str) -> str:
    """The English name of a script as it stands in "Answer in Serbian (Latin script)."."""
    return SCRIPT_NAMES.get(code) or plain(str(langcodes.Language.make(script=code).script_name("en")))


def lines(table: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """The table as YAML with one line per entry, so that a change of one language is a change of one line."""
    for section, entries in table.items():
        yield f"{section}:"
        for key, value in entries.items():
            flow = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
            yield f"  {quoted(key)}: {flow.removesuffix('...' + chr(10)).strip()}"


def quoted(code: str) -> str:
    """A code as a YAML key; quotes keep the likes of nod, yes and 1e3 from being read as something else."""
    return code if isinstance(yaml.safe_load(code), str) else f"'{code}'"


if __name__ == "__main__":
    main()
