"""Tokens per pair of neighbouring byte classes: what o200k makes of public texts, fitted once; rounded to thousandths.

Non-negative least squares on 5,068 texts of 100 bytes to 8 KB (Python, JavaScript, C, Perl, prose, JSON, logs, 22 languages'
interface texts, base64, hexadecimal, generated records), each weighted by the inverse of its count. Rows: the class
before; columns: the class now; both in the order of `features`.
"""

from __future__ import annotations

_THOUSANDTHS = (
    "115 0 97 625 1185 451 1288 455 385 946 625 1702 529 0 0 0 "
    "90 88 547 623 1157 484 1392 828 669 994 701 754 1977 0 0 0 "
    "565 0 1819 1947 455 1118 1656 383 35 957 234 2232 85 0 0 0 "
    "261 242 925 117 1779 202 1423 669 1195 934 522 1970 0 460 0 0 "
    "405 983 1091 2064 253 322 336 676 577 847 390 91 94 722 0 0 "
    "390 220 640 262 1938 32 1117 1017 958 156 932 567 967 0 97 0 "
    "398 948 1124 1319 1513 999 373 1695 890 1477 954 1818 1302 2497 0 0 "
    "742 637 735 848 1075 687 0 0 138 63 43 1559 0 2187 2371 0 "
    "603 700 1402 715 1243 40 109 296 75 0 1022 715 39 3340 0 0 "
    "261 127 0 368 912 261 73 0 1175 177 290 249 653 0 0 0 "
    "418 605 814 521 1633 27 0 1097 578 1802 36 257 917 214 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 734 614 0 626 2866 173 3547 2659 1926 73 560 235 23 0 "
)
RATES: tuple[float, ...] = tuple(int(rate) / 1000 for rate in "".join(_THOUSANDTHS).split())
