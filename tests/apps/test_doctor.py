from haco.apps import doctor


def test_what_is_missing_is_said_with_its_cost_and_mend(monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    finding = doctor._optional(
        "mediapipe", "mediapipe", "finding hands", "pip install 'haco[detect]'"
    )
    assert finding.good is None
    assert "finding hands" in finding.meaning
    assert "pip install 'haco[detect]'" in finding.meaning


def test_incomplete_mano_folder_is_a_fault(monkeypatch, tmp_path):
    (tmp_path / "MANO_RIGHT.pkl").touch()
    monkeypatch.setenv("HACO_MANO_DIR", str(tmp_path))
    finding = doctor._mano()
    assert finding.good is False
    assert "MANO_LEFT.pkl" in finding.meaning


def test_unusable_weights_are_a_fault(monkeypatch, tmp_path):
    bad = tmp_path / "tiny.safetensors"
    bad.write_bytes(b"not weights")
    monkeypatch.setattr("haco.models.weights.bundled_weights", lambda name: bad)
    finding = doctor._weights()
    assert finding.good is False
    assert str(bad) in finding.meaning
