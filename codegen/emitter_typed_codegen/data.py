"""Classes of data, as attrs makes them and checkers know them, in less time.

attrs writes and compiles the methods that compare, hash and show for each class, which takes longer than the rest of a
class, and few of a hundred classes are ever asked for one. Here all classes share them.

Checkers see to it that no frozen object is changed, and that no object gets attributes that its class does not declare.
To see to it once more in each run takes a twentieth of a small one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import define as define
    from attrs import frozen as frozen
else:
    from functools import cache
    from operator import attrgetter
    from reprlib import recursive_repr

    import attrs

    def define(cls=None, *, eq=True, **options):
        """Make a class that checkers know as `attrs.define`'s, with the same options."""
        return _made(cls, eq, None, options)

    def frozen(cls=None, *, eq=True, **options):
        """Make a class that checkers know as `attrs.frozen`'s, with the same options."""
        return _made(cls, eq, _hash, options)

    def _made(cls, eq, hashed, options):
        if cls is None:
            return lambda cls: _made(cls, eq, hashed, options)
        if "__repr__" not in vars(cls):
            cls.__repr__ = _shown
        if eq:
            cls.__eq__, cls.__hash__ = _equal, hashed
        return attrs.define(cls, eq=False, repr=False, slots=False, on_setattr=attrs.setters.NO_OP, **options)

    @recursive_repr()
    def _shown(self):
        values = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in attrs.fields(type(self)) if one.repr)
        return f"{type(self).__qualname__.rpartition('>.')[2]}({values})"

    def _equal(self, other):
        if type(self) is not type(other):
            return NotImplemented
        compared = _compared(type(self))
        return compared(self) == compared(other)

    def _hash(self):
        return hash(_compared(type(self))(self))

    @cache
    def _compared(cls):
        """Return what takes from an object of a class that by which it is compared."""
        names = [one.name for one in attrs.fields(cls) if one.eq]
        return attrgetter(*names) if names else lambda self: ()
