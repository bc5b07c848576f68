# For people who work on aetui. CI runs .ci/run, which needs none of this.
PYTHON ?= .venv/bin/python

.PHONY: check test slow lint dev snapshots bench reliability soak

check: lint test          ## what must hold before a commit

test:
	$(PYTHON) -m pytest -n 2 --dist worksteal

slow:                     ## the long loops
	$(PYTHON) -m pytest -m slow

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(dir $(PYTHON))lint-imports

dev:                      ## the app with its style sheets reloaded as they are edited
	TEXTUAL=devtools,debug $(PYTHON) -m aetui

snapshots:                ## the screenshots in docs/, from the real app
	$(PYTHON) docs/make_screenshots.py

bench: .venv-peers        ## the first table of docs/benchmarks.md, peers included; DATA is a folder with MNIST
	$(PYTHON) benchmarks/bench.py --data $(DATA) --peers .venv-peers/bin/python

.venv-peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet "lightning>=2.6,<3" torchvision rich

reliability:              ## docs/reliability.md, from the tests of every row
	AETUI_REAL=1 $(PYTHON) docs/make_reliability.py

soak:                     ## its section on two hours of everything
	$(PYTHON) benchmarks/soak.py --minutes 120 --out build/soak.json
	$(PYTHON) docs/make_reliability.py --soak build/soak.json
