"""Classes of data, as attrs makes them and checkers know them, in less time.

attrs writes and compiles the methods that compare, hash and show for each class, which takes longer than the rest of a
class, and few of a hundred classes are ever asked for one. Here all classes share them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import define as define
    from attrs import frozen as frozen
else:
    from operator import attrgetter
    from reprlib import recursive_repr

    import attrs

    def define(cls=None, *, eq=True, **options):
        """Make a class that is `attrs.define`'s, with the same options."""
        return _made(attrs.define, cls, eq, options)

    def frozen(cls=None, *, eq=True, **options):
        """Make a class that is `attrs.frozen`'s, with the same options."""
        return _made(attrs.frozen, cls, eq, options)

    def _made(make, cls, eq, options):
        if cls is None:
            return lambda cls: _made(make, cls, eq, options)
        made = make(cls, eq=False, repr=False, **options)
        fields = attrs.fields(made)
        if "__repr__" not in vars(cls):
            made.__repr__ = _repr([one.name for one in fields if one.repr])
        if eq:
            made.__eq__, hashed = _comparison([one.name for one in fields if one.eq])
            made.__hash__ = hashed if make is attrs.frozen else None
        return made

    def _repr(names):
        @recursive_repr()
        def shown(self):
            values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__.rpartition('>.')[2]}({values})"

        return shown

    def _comparison(names):
        compared = attrgetter(*names) if names else lambda self: ()

        def equal(self, other):
            return compared(self) == compared(other) if type(self) is type(other) else NotImplemented

        def hashed(self):
            return hash(compared(self))

        return equal, hashed
