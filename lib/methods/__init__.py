"""How to learn it: the ordered list of methods; order here is order on screen."""

from lib.errors import Problem, UserError
from lib.methods.base import Method
from lib.methods.distill import Distill
from lib.methods.full import Full
from lib.methods.head import Head
from lib.methods.lora import Lora
from lib.methods.qlora import Qlora

METHODS: tuple[Method, ...] = (Full(), Distill(), Lora(), Qlora(), Head())


def find_method(name: str) -> Method:
    """The method of that name. Raises UserError with the names there are."""
    for method in METHODS:
        if method.name == name:
            return method
    names = ", ".join(method.name for method in METHODS)
    raise UserError(
        Problem(
            f"There is no method {name!r}.",
            where="method.name",
            fix=f"Choose one of: {names}.",
            code="unknown-method",
        )
    )
