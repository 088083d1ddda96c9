# `make run` starts Hashar, `make test` tests it. Both work from a fresh clone.
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
# Without compiled files each of the many processes that tests start would take seconds more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test fuzz check bench nlu-report retrieval-report chaos soak clean lock browser deploy-check sbom audit

run: $(VENV)/.ready
	@exec $(PY) -m bot run

test: $(VENV)/.ready node_modules/.ready browser
	$(THREADS) $(PY) -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

# 100,000 bad inputs against every parser and the HTTP interface: a few minutes.
fuzz: $(VENV)/.ready
	$(THREADS) $(PY) -m tests.security.fuzz --count 100000

check: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m bot content check

bench: $(VENV)/.ready
	$(PY) -m bench

# make soak MESSAGES=20000 SEED=7 SECONDS=600
soak: $(VENV)/.ready
	$(THREADS) $(PY) -m soak $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS))

chaos: $(VENV)/.ready
	$(THREADS) $(PY) -m soak --chaos $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS))

nlu-report: $(VENV)/.ready
	$(THREADS) $(PY) -m nlu.report

# Dockerfiles, manifests and YAML against their own checkers; no engine is needed.
deploy-check: .venv-tools/.ready
	.venv-tools/bin/hadolint deploy/containers/*.Dockerfile
	.venv-tools/bin/yamllint --strict -c deploy/yamllint.yml deploy
	for file in $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml)); do \
		.venv-tools/bin/kubernetes-validate --strict $$file || exit 1; done

# What is in both images, as CycloneDX and as a table of licences: build/sbom-*, build/licences-*.
sbom: $(VENV)/.ready .venv-tools/.ready
	tools/environment build/image-bot requirements/bot.txt "$$(tools/python-current)"
	tools/environment build/image-rasa requirements/nlu.txt
	for image in bot rasa; do \
		.venv-tools/bin/cyclonedx-py environment --output-reproducible \
			--output-file build/sbom-$$image.json build/image-$$image/bin/python || exit 1; done
	build/image-bot/bin/python tools/licences requirements/bot.txt > build/licences-bot.md
	build/image-rasa/bin/python tools/licences requirements/nlu.txt > build/licences-rasa.md

# Known holes of everything locked. Asks the database of the package index: needs the internet.
audit: .venv-tools/.ready
	for lock in bot nlu; do \
		.venv-tools/bin/pip-audit --require-hashes --disable-pip --requirement requirements/$$lock.txt; done

retrieval-report: $(VENV)/.ready
	$(THREADS) $(PY) -m bench.retrieval

lock: $(VENV)/.ready
	tools/lock

clean:
	rm -rf build models data .pytest_cache .mypy_cache .ruff_cache

# The environment: Python 3.10 and exactly the locked packages, checked by hash.
$(VENV)/.ready: requirements/full.txt requirements/uv.txt tools/environment
	@tools/environment $(VENV) requirements/full.txt
	@touch $@

# What checks from outside: it needs a newer Python than Rasa.
.venv-tools/.ready: requirements/tools.txt requirements/uv.txt tools/environment
	@tools/environment .venv-tools requirements/tools.txt "$$(tools/python-current)"
	@touch $@

# axe-core, for the accessibility tests of the web chat.
node_modules/.ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is needed for the accessibility tests: install nodejs." >&2; exit 1; }
	npm ci --no-audit --no-fund --silent
	@touch $@

browser:
	@tools/browser
