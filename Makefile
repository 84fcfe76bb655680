# Two commands: `make up` and `make test`. Each first makes .venv what requirements.lock says; that takes 0.1 s when it is.
.PHONY: up test faults check demo bench clean bootstrap

# Without kept bytecode every program compiles its libraries at every start.
unexport PYTHONDONTWRITEBYTECODE
# GNU make would put its job server and flags into programs that are no makes.
unexport MAKEFLAGS

up: bootstrap ## start everything and print where it is (Ctrl-C stops it)
	@exec .venv/bin/marketplace up

# Three workers keep two cores busy: whoever starts whole systems mostly waits.
test: bootstrap ## run the whole suite on its own throw-away PostgreSQL and Valkey
	@exec .venv/bin/pytest --numprocesses 3 --dist loadgroup

faults: bootstrap ## break everything for minutes and print the fault matrix with what was survived; FAULTS=--short is quick
	@exec .venv/bin/python -m tests.faults $(FAULTS)

check: bootstrap ## style, types, layers, Dockerfile, compose file, generated documents
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	.venv/bin/hadolint Dockerfile
	.venv/bin/marketplace openapi --check

demo: bootstrap ## live through the main job, against what `make up` runs or a system of its own
	@exec .venv/bin/marketplace demo

bench: bootstrap ## measure placing and search on ten thousand institutions; BENCH=--quick takes a minute
	@exec .venv/bin/marketplace bench $(BENCH)

clean: ## remove what was installed; data is removed by `marketplace reset`
	rm -rf .venv .marketplace/tools .marketplace/cache *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.marketplace/*' -prune -exec rm -rf {} +

bootstrap:
	@sh marketplace/embedded/bootstrap.sh
