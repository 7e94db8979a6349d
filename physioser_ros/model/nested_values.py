"""Nested dataclasses from nested plain values and back."""

from dataclasses import fields, is_dataclass, replace


def merged(config, values, path=''):
    """
    Return `config` with the nested `values` in place of its own.

    :param config: dataclass, perhaps of dataclasses
    :param values: nested dictionary of options
    :param path: what comes before a key in an error
    :raises ValueError: for an unknown key or a value of the wrong kind
    """
    known = {item.name for item in fields(config)}
    changes = {}
    for key, value in values.items():
        if key not in known:
            raise ValueError(f'unknown option {path}{key}, expected one of '
                             f'{", ".join(sorted(known))}')
        current = getattr(config, key)
        if is_dataclass(current):
            if not isinstance(value, dict):
                raise ValueError(f'{path}{key} is {value!r}, expected a table of options')
            changes[key] = merged(current, value, f'{path}{key}.')
        else:
            changes[key] = checked(f'{path}{key}', value, current)
    return replace(config, **changes)


def checked(name, value, current):
    """Return `value` if it is of the kind that the default `current` is."""
    if isinstance(current, tuple):
        if not isinstance(value, (list, tuple)):
            raise ValueError(f'{name} is {value!r}, expected a list')
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    if isinstance(current, float) and isinstance(value, str):
        try:
            return float(value)  # YAML reads 1e-3 as text.
        except ValueError:
            pass
    kinds = (int, float) if isinstance(current, float) else (type(current),)
    if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(current, bool):
        raise ValueError(f'{name} is {value!r}, expected {type(current).__name__}')
    return type(current)(value)


def plain(value):
    """Return `value` with lists in place of tuples."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
