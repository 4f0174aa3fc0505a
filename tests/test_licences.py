"""Nothing forbidden, and nothing of unknown licence, may come along when haco is installed."""

import email
import importlib.metadata
import re

import pytest

# Licences a permissive project may depend on, as the words that name them in package metadata.
ALLOWED = (
    r"^apache",
    r"^mit\b",
    r"^the mit license",
    r"^mit-cmu",
    r"^\(?(2|3)-clause bsd",
    r"^\(?bsd",
    r"^isc",
    r"^mpl-2\.0",
    r"^mozilla public license 2\.0",
    r"^psf",
    r"^python software foundation",
    r"^unlicense",
    r"^cc0",
    r"^zlib",
    r"^bsl-1\.0",
    r"^hpnd",
    r"^0bsd",
)
# Compiled parts of numpy's and scipy's wheels: the GCC runtime exception frees their users.
EXCEPTIONS = (r"^gpl-3\.0-or-later with gcc-exception-3\.1",)
FORBIDDEN_NAMES = {
    "albumentationsx",
    "bpy",
    "chumpy",
    "manopth",
    "manotorch",
    "pyrender",
    "smplx",
    "ultralytics",
}
# torch's CUDA builds bring NVIDIA's libraries under NVIDIA's own terms, which allow their use and
# their passing on. haco asks for none of them: the CPU build of torch comes without.
OF_TORCH = re.compile(r"(nvidia-|cuda-(bindings|pathfinder|toolkit)$)")
# Their metadata names no licence; read in the file named here.
READ_BY_HAND: dict[str, str] = {}


def licences(metadata) -> list[str]:
    """Every licence a package's metadata names; an SPDX expression gives each of its terms."""
    expression = metadata.get("License-Expression")
    if expression:
        return [term.strip(" ()") for term in re.split(r"\bAND\b|\bOR\b", expression)]
    classifiers = [
        line.split("::")[-1].strip()
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    if classifiers:
        return classifiers
    text = (metadata.get("License") or "").strip().split("\n")[0]
    return [term.strip() for term in text.split(" AND ")] if text else []


def is_allowed(licence: str) -> bool:
    return any(re.match(pattern, licence.lower()) for pattern in (*ALLOWED, *EXCEPTIONS))


def complaint(name: str, metadata) -> str | None:
    if name.lower().replace("_", "-") in FORBIDDEN_NAMES:
        return f"{name} is on the list of packages haco never uses"
    if OF_TORCH.match(name.lower().replace("_", "-")):
        return None
    found = licences(metadata)
    if not found and name not in READ_BY_HAND:
        return f"{name} names no licence"
    refused = [licence for licence in found if not is_allowed(licence)]
    return f"{name}: licence not allowed: {', '.join(refused)}" if refused else None


def test_only_what_torch_brings_may_be_nvidias():
    metadata = email.message_from_string("License-Expression: LicenseRef-NVIDIA-Proprietary")
    assert complaint("nvidia-cublas", metadata) is None
    assert complaint("cuda-something", metadata) is not None


def test_no_installed_package_has_a_forbidden_or_unknown_licence():
    packages = list(importlib.metadata.distributions())
    assert len(packages) > 20
    complaints = [complaint(p.metadata["Name"], p.metadata) for p in packages]
    assert not [line for line in complaints if line]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("ultralytics", "License-Expression: MIT"),
        ("gpl_tool", "License-Expression: GPL-3.0-only"),
        ("agpl_tool", "Classifier: License :: OSI Approved :: GNU Affero GPL v3"),
        ("half_gpl", "License-Expression: MIT AND GPL-2.0-or-later"),
        ("custom", "License: Non-commercial research use only"),
        ("silent", "Summary: says nothing"),
    ],
)
def test_forbidden_and_unknown_licences_are_noticed(name, header):
    assert complaint(name, email.message_from_string(f"Name: {name}\n{header}\n"))
