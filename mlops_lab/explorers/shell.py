"""The thin shell around every explorer: controls → compute → draw and describe.

ipywidgets holds back a control's further moves while the kernel is busy with the first and then sends only the last, so
that a plain function call for each move suffices and none is computed in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
from matplotlib.figure import Figure

from mlops_lab.errors import MlopsLabError
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _

__all__ = ["Explorer"]


class Explorer(widgets.VBox):
    """Controls, a picture of what they lead to, and the same in words.

    Whatever goes wrong after a move is told in a sentence, and picture and words stay as they were.

    Parameters
    ----------
    controls : mapping of str to ipywidgets.Widget
        The controls, each with a ``value``, by the name of the parameter that it sets.
    compute : callable
        ``compute(parameters)`` returns what is drawn and told; with `slow` it is also given a function
        ``progress(done, total, step)`` to call as it goes.
    draw : callable
        ``draw(data, figure)`` draws on an empty figure and computes nothing.
    describe : callable
        ``describe(data)`` says what the picture shows, in plain text; an empty line begins a new paragraph.
    alt : str
        What kind of picture it is, in a sentence, for those who do not see it.
    slow : bool, default False
        Shows a progress bar while computing, and a button to compute again.

    Attributes
    ----------
    controls : dict of str to ipywidgets.Widget
        The controls, for moving them from code.
    parameters : dict of str to object
        What was last computed.
    data : object
        What `compute` last returned.
    text : str
        What `describe` last returned.

    Examples
    --------
    >>> def draw(data, figure):
    ...     _ = figure.add_subplot().bar([0], [data])
    >>> square = Explorer(
    ...     {"side": widgets.IntSlider(3, description="Side")},
    ...     compute=lambda parameters: parameters["side"] ** 2,
    ...     draw=draw,
    ...     describe=lambda area: f"The area is {area}.",
    ...     alt="A bar as high as the area.",
    ... )
    >>> square.controls["side"].value = 4
    >>> square.text
    'The area is 16.'
    """

    def __init__(
        self,
        controls: Mapping[str, Any],
        compute: Callable[..., Any],
        draw: Callable[[Any, Figure], None],
        describe: Callable[[Any], str],
        alt: str,
        slow: bool = False,
    ) -> None:
        self.controls = dict(controls)
        self.parameters: dict[str, Any] = {}
        self.data: Any = None
        self.text = ""
        self._compute, self._draw, self._describe, self._alt, self._slow = compute, draw, describe, alt, slow
        self._sheet = look.sheet()
        self._picture, self._words, self._problem = (
            _html("mlops-lab-picture"),
            _html("mlops-lab-text"),
            _html("mlops-lab-problem"),
        )
        longest = max((len(control.description) for control in self.controls.values()), default=0)
        for control in self.controls.values():
            control.style.description_width = f"{0.65 * longest:.1f}em"  # else a label of over 80 pixels is cut
            control.layout.width = f"calc({0.65 * longest:.1f}em + 260px)"  # else a long label leaves a slider no way
            control.layout.max_width = "98%"
        again = widgets.Button(description=_("Again"), tooltip=_("Compute again with the same settings"))
        again.on_click(lambda _button: self.refresh())
        self._bar = widgets.IntProgress(description="", layout={"visibility": "hidden"})
        below = [widgets.HBox([again, self._bar])] if slow else []
        super().__init__([*self.controls.values(), *below, self._problem, self._picture, self._words])
        self.add_class("mlops-lab-explorer")
        self._update()  # a mistake in the arguments is raised here, where the caller sees it
        for control in self.controls.values():
            control.observe(lambda _change: self.refresh(only_if_moved=True), names="value")

    def refresh(self, only_if_moved: bool = False) -> None:
        """Compute, draw and describe with the controls as they are; tell in the widget what goes wrong.

        Parameters
        ----------
        only_if_moved : bool, default False
            Do nothing where the controls are as they were at the last time.
        """
        if only_if_moved and self._values() == self.parameters:
            return
        try:
            self._update()
        except MlopsLabError as error:
            self._tell(str(error))
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            self._tell(_("This explorer has a fault ({what}); the picture is that of before.").format(what=what))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add what a reader without a kernel sees: the controls by name, and what they last led to.

        The latter is marked as lessons mark what was measured, so that a notebook test leaves it out.
        """
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        names = ", ".join(control.description for control in self.controls.values())
        about = _("{picture} To be moved: {controls}.").format(picture=self._alt, controls=names)
        bundle["text/plain"] = f"{about}\n\n‹{self.text}›"
        measured = f'<p><span class="mlops-measured">{escape(self.text)}</span></p>'
        bundle["text/html"] = f"<p>{escape(about)}</p>{measured}"
        return bundle

    def _update(self) -> None:
        values = self._values()
        self.parameters = values
        self._tell("")
        try:
            data = self._compute(values, self._show_progress) if self._slow else self._compute(values)
        finally:
            self._bar.layout.visibility = "hidden"
        with look.collected_young():
            picture = self._picture_of(data)
        text = self._describe(data)
        self._picture.value = picture
        self._words.value = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n"))
        self.data, self.text = data, text

    def _picture_of(self, data: Any) -> str:
        self._sheet.turn()
        with look.styled():
            self._draw(data, self._sheet)
        return look.picture(self._sheet, self._alt)

    def _values(self) -> dict[str, Any]:
        return {name: control.value for name, control in self.controls.items()}

    def _show_progress(self, done: int, total: int, step: str) -> None:
        self._bar.max, self._bar.value, self._bar.description = total, done, ""
        self._bar.tooltip = step
        self._bar.layout.visibility = "visible"

    def _tell(self, problem: str) -> None:
        sign, colour = look.VERDICTS["error"]
        self._problem.value = (
            f'<p role="alert"><b style="color: {colour}">{sign}</b> {escape(problem)}</p>' if problem else ""
        )


def _html(css_class: str) -> Any:
    made = widgets.HTML()
    made.add_class(css_class)
    return made
