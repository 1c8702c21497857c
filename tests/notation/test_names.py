from __future__ import annotations

import pytest

from chainrule.notation.latex import to_latex
from chainrule.notation.names import Name, name_text, parse_name, script_text, split_scripts
from chainrule.notation.tree import Symbol


@pytest.mark.parametrize(
    ("name", "text", "latex"),
    [
        ("x", "x", "x"),
        ("W", "W", "W"),
        # accents
        ("y_hat", "ŷ", r"\hat{y}"),
        ("yhat", "ŷ", r"\hat{y}"),
        ("ŷ", "ŷ", r"\hat{y}"),
        ("x_bar", "x̄", r"\bar{x}"),
        ("theta_tilde", "θ̃", r"\tilde{\theta}"),
        ("x_dot", "ẋ", r"\dot{x}"),
        ("that", "that", r"\mathrm{that}"),
        # subscripts
        ("W1", "W1", "W_{1}"),
        ("W_1", "W1", "W_{1}"),
        ("W12", "W12", "W_{12}"),
        ("x_i", "x_i", "x_{i}"),
        ("x_i_j", "x_i_j", "x_{i, j}"),
        ("h_prev", "h_prev", r"h_{\mathrm{prev}}"),
        ("d_model", "d_model", r"d_{\mathrm{model}}"),
        ("y_hat_1", "ŷ1", r"\hat{y}_{1}"),
        ("W1_hat", "Ŵ1", r"\hat{W}_{1}"),
        ("mu_x", "μ_x", r"\mu_{x}"),
        ("d_alpha", "d_α", r"d_{\alpha}"),
        # Greek letters
        ("theta", "θ", r"\theta"),
        ("lam", "λ", r"\lambda"),
        ("lambda_", "λ", r"\lambda"),
        ("lmbda", "λ", r"\lambda"),
        ("beta1", "β1", r"\beta_{1}"),
        ("Sigma", "Σ", r"\Sigma"),
        ("epsilon", "ε", r"\varepsilon"),
        ("σ", "σ", r"\sigma"),
        # words
        ("loss", "loss", r"\mathrm{loss}"),
        ("loss_1", "loss1", r"\mathrm{loss}_{1}"),
        ("batch_size", "batch_size", r"\mathrm{batch\_size}"),
        ("_x", "_x", r"\mathrm{\_x}"),
        ("x_", "x_", r"\mathrm{x\_}"),
        ("__all__", "__all__", r"\mathrm{\_\_all\_\_}"),
        ("größe", "größe", r"\text{größe}"),
        ("层", "层", r"\text{层}"),
        # leaves of containers, and what passes make of names
        ("params[0].W", "params[0].W", r"\text{params[0].W}"),
        ("params['W_1']", "params['W_1']", r"\text{params['W\_1']}"),
        ("z′", "z′", r"z^{\prime}"),
        ("W1′′", "W1′′", r"W_{1}^{\prime\prime}"),
        ("x₁", "x1", "x_{1}"),
        (r"a#b%c&d{e}f~g^h\i", r"a#b%c&d{e}f~g^h\i", None),
    ],
)
def test_a_name_of_code_becomes_a_name_of_mathematics(name: str, text: str, latex: str | None) -> None:
    assert name_text(name) == text
    if latex is not None:
        assert to_latex(Symbol(name)) == latex


def test_every_special_character_of_latex_is_escaped() -> None:
    assert to_latex(Symbol(r"a_#%&{}~^\$")) == (
        r"\text{a\_\#\%\&\{\}\textasciitilde{}\textasciicircum{}\textbackslash{}\$}"
    )


def test_an_assignment_among_several_is_numbered() -> None:
    assert name_text("h", 2) == "h⁽²⁾"
    assert to_latex(Symbol("h", 2)) == "h^{(2)}"
    assert name_text("W1", 12) == "W1⁽¹²⁾"
    assert to_latex(Symbol("W1", 12)) == "W_{1}^{(12)}"


def test_a_name_has_parts() -> None:
    assert parse_name("y_hat_prev_2") == Name("y", "hat", ("prev", "2"))
    assert parse_name("W1").is_letter
    assert not parse_name("loss").is_letter


@pytest.mark.parametrize(
    ("text", "raised", "small"),
    [
        ("2", True, "²"),
        ("−12", True, "⁻¹²"),
        ("ij", False, "ᵢⱼ"),
        ("b", False, None),
        ("0.5", True, None),
    ],
)
def test_small_characters_where_unicode_has_them(text: str, raised: bool, small: str | None) -> None:
    assert script_text(text, raised=raised) == small


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("log₁₀", ("log", "10", "")),
        ("Φ⁻¹", ("Φ", "", "-1")),
        ("‖₂", ("‖", "2", "")),
        ("relu′", ("relu′", "", "")),
        ("tanh", ("tanh", "", "")),
    ],
)
def test_small_characters_at_the_end_are_found(text: str, parts: tuple[str, str, str]) -> None:
    assert split_scripts(text) == parts
