import ipywidgets as widgets

from mlops_lab.explorers.shell import Explorer


def test_a_reader_without_a_kernel_gets_words():
    made = Explorer(
        {"side": widgets.IntSlider(3, description="Side")},
        compute=lambda parameters: parameters["side"] ** 2,
        draw=lambda data, figure: None,
        describe=lambda area: f"The area is {area}, and 1 < 2.",
        alt="A square.",
    )
    kept = made._repr_mimebundle_()
    assert kept["text/plain"] == "A square. To be moved: Side.\n\n‹The area is 9, and 1 < 2.›"
    assert '<span class="mlops-measured">The area is 9, and 1 &lt; 2.</span>' in kept["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in kept
