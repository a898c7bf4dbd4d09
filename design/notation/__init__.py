"""The notation: a design tree as indented text, one line a layer. `docs/notation.md` has the grammar."""

from design.notation.read import MAX_CHARACTERS, Reader, parse, repair
from design.notation.write import print_design, print_node

__all__ = ["MAX_CHARACTERS", "Reader", "parse", "print_design", "print_node", "repair"]
