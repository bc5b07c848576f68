# For people who work on aetui. CI runs .ci/run, which needs none of this.
PYTHON ?= .venv/bin/python

.PHONY: check test slow lint dev snapshots bench reliability

check: lint test          ## what must hold before a commit

test:
	$(PYTHON) -m pytest

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

bench:                    ## the figures of docs/benchmarks.md; DATA is a folder with MNIST
	$(PYTHON) benchmarks/screen_cost.py --data $(DATA)

reliability:              ## docs/reliability.md, from the tests of every row; SOAK is what benchmarks/soak.py wrote
	AETUI_REAL=1 $(PYTHON) docs/make_reliability.py $(if $(SOAK),--soak $(SOAK))
