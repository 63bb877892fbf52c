.DEFAULT_GOAL := help
.PHONY: help demo test ci format pins bench

help:    ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/  /' | expand -t 10
demo:    ## Run the whole product on http://127.0.0.1:8000/
	uv run manage.py demo
test:    ## Run the tests; linters and types are among them
	uv run pytest
ci:      ## Run exactly what CI runs
	bash .ci/run
format:  ## Format code and templates
	uv run python scripts/format.py
pins:    ## Pin every dependency to its newest fitting version
	uv run python scripts/pin.py
bench:   ## Measure speed and memory against limits of the same run
	uv run python -m tests.bench
