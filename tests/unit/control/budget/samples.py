"""Texts of four kinds from a seed, and the tokens that o200k makes of each (counted once with the real vocabulary)."""

from __future__ import annotations

import json
from random import Random

NOUNS = (
    "invoice", "harbour", "schedule", "customer", "engine", "compass", "warehouse", "signal", "ledger", "account",
    "deployment", "pipeline", "voyage", "refund", "storage", "permission", "threshold", "customs", "anchor", "inventory",
)  # fmt: skip
VERBS = ("checks", "updates", "rejects", "sends", "stores", "compares", "forwards", "reviews", "archives", "splits")
ADJECTIVES = ("late", "open", "remote", "unpaid", "heavy", "recent", "shared", "broken", "quiet", "automatic")
LINKS = ("because", "while", "although", "before", "and then", "unless", "after", "whenever")
CHINESE = (
    "订单已经发货", "请检查客户的地址", "系统无法连接到数据库", "我们需要更多的时间", "港口今天关闭", "发票金额不正确",
    "仓库里没有库存", "请在明天之前回复", "模型返回了错误的结果", "用户要求退款", "这个任务已经完成", "船长决定改变航线",
)  # fmt: skip


def prose(chance: Random) -> str:
    said = [
        f"The {chance.choice(ADJECTIVES)} {chance.choice(NOUNS)} {chance.choice(VERBS)} the {chance.choice(NOUNS)} "
        f"{chance.choice(LINKS)} our {chance.choice(NOUNS)} {chance.choice(VERBS)} a {chance.choice(ADJECTIVES)} one."
        for _ in range(chance.randrange(2, 40))
    ]
    return " ".join(said)


def code(chance: Random) -> str:
    lines = []
    for _ in range(chance.randrange(2, 20)):
        name, other = chance.choice(NOUNS), chance.choice(NOUNS)
        lines += [
            f"def {chance.choice(VERBS)}_{name}(self, {other}: dict[str, int], limit: int = {chance.randrange(1000)}) -> bool:",
            f'    """True when the {name} has more than `limit`."""',
            f"    if {other}.get('{name}_id') is None or len({other}) > limit * {chance.random():.3f}:",
            f'        raise ValueError(f"{{{other}!r}} has no {name}")  # {chance.choice(ADJECTIVES)}',
            f"    return self._{name}s[{other}['{name}_id']].{chance.choice(ADJECTIVES)}Count != 0x{chance.randrange(4096):x}",
            "",
        ]
    return "\n".join(lines)


def records(chance: Random) -> str:
    rows = [
        {
            "order_id": f"#W{chance.randrange(10**7):07d}",
            "status": chance.choice(["pending", "delivered", "cancelled"]),
            "items": [
                {"item_id": str(chance.randrange(10**10)), "price": round(chance.random() * 900, 2)} for _ in range(2)
            ],
            "placed_at": f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T{chance.randrange(24):02d}:15:00Z",
            "gift": chance.random() < 0.5,
        }
        for _ in range(chance.randrange(1, 15))
    ]
    return json.dumps(rows, indent=2 if chance.random() < 0.5 else None)


def chinese(chance: Random) -> str:
    return "".join(chance.choice(CHINESE) + chance.choice("，。；") for _ in range(chance.randrange(4, 80)))


KINDS = {"prose": prose, "code": code, "json": records, "chinese": chinese}


def texts(kind: str, number: int = 60) -> list[str]:
    chance = Random(f"counting-{kind}")
    return [KINDS[kind](chance) for _ in range(number)]


O200K: dict[str, tuple[int, ...]] = {
    "prose": (
        257,
        268,
        424,
        226,
        491,
        42,
        112,
        351,
        536,
        477,
        28,
        510,
        84,
        171,
        254,
        509,
        436,
        439,
        523,
        98,
        551,
        534,
        114,
        129,
        241,
        366,
        338,
        213,
        534,
        255,
        479,
        227,
        28,
        542,
        199,
        367,
        410,
        255,
        156,
        339,
        464,
        337,
        112,
        112,
        310,
        509,
        257,
        199,
        113,
        267,
        72,
        495,
        141,
        56,
        198,
        212,
        114,
        57,
        30,
        56,
    ),
    "code": (
        1200,
        1090,
        1079,
        683,
        392,
        1785,
        497,
        198,
        1565,
        196,
        1371,
        696,
        406,
        1863,
        1865,
        397,
        1375,
        1764,
        197,
        296,
        297,
        1363,
        683,
        1574,
        289,
        385,
        499,
        685,
        1581,
        977,
        1174,
        485,
        1580,
        692,
        1770,
        1869,
        1567,
        788,
        888,
        1770,
        688,
        1555,
        1678,
        1563,
        392,
        1770,
        1860,
        1275,
        583,
        1075,
        485,
        300,
        1101,
        784,
        680,
        391,
        1564,
        881,
        1173,
        694,
    ),
    "json": (
        936,
        876,
        399,
        1033,
        727,
        207,
        479,
        715,
        797,
        955,
        481,
        479,
        555,
        711,
        161,
        954,
        479,
        1140,
        1036,
        1033,
        239,
        724,
        875,
        715,
        1144,
        935,
        1244,
        1036,
        795,
        621,
        1032,
        518,
        726,
        1452,
        313,
        1038,
        957,
        637,
        716,
        554,
        1350,
        240,
        1347,
        873,
        1238,
        957,
        794,
        829,
        1243,
        1350,
        715,
        209,
        209,
        519,
        521,
        478,
        210,
        81,
        1344,
        209,
    ),
    "chinese": (
        387,
        306,
        413,
        31,
        94,
        293,
        416,
        204,
        435,
        146,
        20,
        179,
        229,
        44,
        63,
        211,
        141,
        272,
        59,
        173,
        244,
        80,
        143,
        117,
        348,
        272,
        200,
        90,
        414,
        265,
        273,
        314,
        44,
        173,
        381,
        54,
        136,
        95,
        57,
        436,
        328,
        92,
        35,
        422,
        132,
        305,
        350,
        231,
        397,
        280,
        425,
        191,
        305,
        402,
        258,
        398,
        259,
        211,
        299,
        106,
    ),
}
"""Tokens of `texts(kind)`, in order."""
