"""Tokens per pair of neighbouring byte classes: what o200k makes of public texts, fitted once; rounded to thousandths.

Non-negative least squares on 5,068 texts of 100 bytes to 8 KB (Python, JavaScript, C, Perl, prose, JSON, logs, 22 languages'
interface texts, base64, hexadecimal, generated records), each weighted by the inverse of its count. Rows: the class
before; columns: the class now; both in the order of `features`.
"""

from __future__ import annotations

_THOUSANDTHS = (
    "116 0 95 621 1247 449 1283 496 396 959 633 1706 511 0 0 0 "
    "89 88 550 624 1209 480 1395 798 678 1000 685 757 1962 0 0 0 "
    "570 0 1816 1925 493 1115 1654 525 44 954 216 2226 85 0 0 0 "
    "262 241 902 116 1794 202 1422 676 1201 945 532 1983 0 470 0 0 "
    "363 1020 1085 2051 130 308 331 624 528 859 455 90 97 729 0 0 "
    "392 220 635 265 2015 32 1121 1010 960 156 932 572 973 0 97 0 "
    "410 957 1128 1317 1518 1002 373 1679 899 1485 954 1821 1304 2507 0 0 "
    "805 654 834 858 863 693 0 0 148 81 42 1555 0 2200 2381 0 "
    "581 691 1393 724 1328 42 100 259 61 0 1021 707 28 3347 0 0 "
    "269 118 0 372 974 251 60 0 1209 166 281 249 657 0 0 0 "
    "408 615 846 515 1696 25 0 1097 582 1810 36 257 918 215 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0 0 723 621 19 625 2858 159 3547 2660 1912 72 560 236 23 0 "
)
RATES: tuple[float, ...] = tuple(int(rate) / 1000 for rate in "".join(_THOUSANDTHS).split())
