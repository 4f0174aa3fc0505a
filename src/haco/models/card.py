"""The model card: what a person should know before using somebody's weights."""

import dataclasses

from haco.models.weights import WeightsMeta

_SPDX = (
    "apache-2.0",
    "mit",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
)
"""Licences that the hub knows by these names."""

_CARD = """\
---
{licence}
library_name: haco
tags:
- hand-contact
- hand-object-interaction
---

# {name}

Dense hand contact: from one RGB image, the probability of touch at each of 778 hand vertices.

```python
import haco

predictor = haco.ContactPredictor.from_pretrained("{name}")  # this folder, or owner/name on the hub
for hand in predictor(haco.read_image("photo.jpg")):
    print(hand.side, hand.touch, hand.probability.shape)
```

| what | value |
|---|---|
{facts}

{topology}
{scores}
"""

_TOPOLOGIES = {
    "open": "The 778 vertices are those of the open hand that comes with haco.",
    "mano": "The 778 vertices are MANO's: predicting needs MANO's files, under their own licence.",
}
_NAMES = {
    "network": "network",
    "handling": "input handling",
    "topology": "topology",
    "threshold": "contact from probability",
    "temperature": "calibration: temperature",
    "bias": "calibration: bias",
    "calibrated_on": "calibrated on",
    "protocol": "contact protocol of the labels",
    "picture_set": "trained on",
    "seed": "seed",
    "command": "made by",
    "source": "source",
    "licence": "licence",
    "haco_version": "haco",
}


def model_card(name: str, meta: WeightsMeta) -> str:
    """Write the card, with the front matter that the Hugging Face hub reads.

    Args:
        name: What to call it.
        meta: What is known about the weights.
    """
    values = dataclasses.asdict(meta)
    facts = [f"| {said} | {_shown(values[key])} |" for key, said in _NAMES.items() if values[key]]
    return _CARD.format(
        name=name,
        licence=_licence(meta.licence),
        facts="\n".join(facts),
        topology=_TOPOLOGIES[meta.topology],
        scores=_scores(meta.scores),
    )


def _licence(licence: str) -> str:
    if licence.lower() in _SPDX:
        return f"license: {licence.lower()}"
    return f'license: other\nlicense_name: "{licence}"'


def _scores(scores: dict[str, float]) -> str:
    if not scores:
        return "\nThe weights carry no scores: measure them with `haco evaluate` before use."
    rows = [f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in scores.items()]
    return "\n".join(["", "| score | value |", "|---|---|", *rows])


def _shown(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|")
