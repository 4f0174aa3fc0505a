"""Steps that make the open hand from MakeHuman's CC0 files; see tools/build_open_hand.py."""
