"""Vector functions (temporary: LLVM's intrinsics)."""

_PLAIN = ["exp", "log", "tanh", "sin", "cos", "exp2", "log2", "log10", "tan", "sinh", "cosh"]


def _one(b, x):
    return b.constant(1.0, x.type)


FUNCTIONS = {name: (lambda b, x, name=name: b.intrinsic(name, x)) for name in _PLAIN}
FUNCTIONS["log1p"] = lambda b, x: b.intrinsic("log", b.fadd(_one(b, x), x))
FUNCTIONS["expm1"] = lambda b, x: b.fsub(b.intrinsic("exp", x), _one(b, x))
FUNCTIONS["sigmoid"] = lambda b, x: b.fdiv(_one(b, x), b.fadd(_one(b, x), b.intrinsic("exp", b.fneg(x))))
FUNCTIONS["power"] = lambda b, x, y: b.intrinsic("pow", x, y)


def _softplus(b, x):
    e = b.intrinsic("exp", b.fneg(b.fabs(x)))
    top = b.select(b.fcmp("ugt", x, b.constant(0, x.type)), x, b.constant(0, x.type))
    return b.fadd(top, FUNCTIONS["log1p"](b, e))


FUNCTIONS["softplus"] = _softplus
