"""Options that may differ from stage to stage."""

from collections.abc import Mapping, Sequence

from internal_gan.errors import check_range

PerStage = float | Sequence[float] | Mapping[str, float]

# The largest weight or number of steps; 32-bit integers cannot hold much more.
MAX_VALUE = 1e9
# The largest multiple of a learning rate.
MAX_RATE = 1000.0


def per_stage(
    value: PerStage,
    count: int,
    name: str = "value",
    low: float = 0.0,
    high: float = MAX_VALUE,
    stages: Sequence[str] = (),
) -> list[float]:
    """An option's number for every stage, coarsest first; a ValueError for a list of another
    length, other keys, or a number out of range.

    Args:
        value: one number for all stages; a list with one number per stage;
            ``{coarsest: a, finest: b}``, geometric in between; ``{coarsest: a, others: b}``; or all
            three; or a number for each of ``stages`` by its name.
        name: the option's name in messages.
        low, high: the allowed range of each number.
        stages: the names of a family's stages. A model with fewer has the last of them.
    """
    if isinstance(value, Mapping):
        check_range(low, high, **{f"{name}.{key}": number for key, number in value.items()})
        if stages and set(value) == set(stages):
            return [float(value[stage]) for stage in stages[-count:]]
        if {"coarsest", "others"} <= set(value) <= {"coarsest", "others", "finest"}:
            numbers = [float(value["coarsest"])] + [float(value["others"])] * (count - 1)
            if "finest" in value and count > 1:
                numbers[-1] = float(value["finest"])
            return numbers
        if set(value) != {"coarsest", "finest"}:
            named = f", or {', '.join(stages)}" if stages else ""
            raise ValueError(
                f"{name} has the keys {', '.join(value) or '(none)'}; allowed: coarsest with "
                f"finest, others or both{named}"
            )
        first, last = float(value["coarsest"]), float(value["finest"])
        if first <= 0 or last <= 0:
            return [first + (last - first) * i / max(count - 1, 1) for i in range(count)]
        return [first * (last / first) ** (i / max(count - 1, 1)) for i in range(count)]
    given = [value] * count if isinstance(value, int | float) else value
    if len(given) != count:
        raise ValueError(
            f"{name} has {len(given)} numbers; allowed: one, or one for each of {count} stages"
        )
    numbers = [float(number) for number in given]
    for number in numbers:
        check_range(low, high, **{name: number})
    return numbers
