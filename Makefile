# Needs Python 3.10 or newer and make, nothing else. `make help` lists the commands.
#
#   PYTHON=python3.12 make setup     the Python to build .venv with (after `make clean`)
#   EXTRAS=torch make setup          one more group of optional packages from pyproject.toml
#   make test ARGS="-k linalg -x"    arguments for the command behind test, bench, lab, demo, ...

PYTHON ?= python3
EXTRAS ?=
ARGS ?=

GROUPS := course,test,dev
comma := ,
groups := $(GROUPS)$(addprefix $(comma),$(EXTRAS))

bin := .venv/bin
ready := .venv/.ready$(addprefix -,$(EXTRAS))
bench_bin := .venv-bench/bin
bench_ready := .venv-bench/.ready
built := build/lib build/bdist.* grading/build

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: setup pages stubs wheel test red-team kills symbols programs test-gpu bench bench-gpu bench-grading lint lab demo grader-accuracy example reach release clean help

setup: $(ready)  ## make .venv and install minpy with all that the course needs
	@echo "Ready. To use it in this shell: source .venv/bin/activate"

# One worker a core, each with one thread, is faster than workers whose BLAS threads compete.
PYTEST = OMP_NUM_THREADS=1 $(bin)/python -m pytest -n logical --dist worksteal

test: $(ready)  ## run the tests, with a sample of the slow families
	$(PYTEST) $(ARGS)

red-team: $(ready)  ## slow family: attack the grader in every known way
	$(PYTEST) --family red-team $(ARGS)

kills: $(ready)  ## slow family: kill runs of the grader and resume them
	$(PYTEST) --family kills $(ARGS)

symbols: $(ready)  ## slow family: compare every operator of MXNet that Function calls
	$(PYTEST) --family symbols $(ARGS)

programs: $(ready)  ## slow family: run random programs that write arrays in place
	$(PYTEST) --family programs $(ARGS)

test-gpu: $(ready)  ## run the tests that need a CUDA GPU, with EXTRAS=torch
	$(bin)/python -m pytest -m cuda $(ARGS)

bench: $(bench_ready)  ## time minpy beside its peers, in an environment of its own
	$(bench_bin)/python -m benchmarks $(ARGS)

bench-gpu: $(bench_ready)  ## time minpy beside PyTorch on a CUDA GPU
	$(bench_bin)/python -m benchmarks --gpu $(ARGS)

lint: $(ready)  ## check style and types
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy

# Students see the assignments and the tutorials, and none of nbgrader's panels for instructors.
FIRST = course/a1-linear/knn.ipynb

lab: $(ready)  ## open JupyterLab on the first notebook of the course, with the tutorials beside it
	@mkdir -p build/lab
	@ln -sfn ../../assignments build/lab/course
	@ln -sfn ../../notebooks build/lab/tutorials
	JUPYTER_CONFIG_PATH=$(CURDIR)/.jupyter $(bin)/jupyter lab \
	    --ServerApp.root_dir=build/lab --LabApp.default_url=/lab/tree/$(FIRST) $(ARGS)

grader-accuracy: $(ready)  ## measure how often the grader is wrong: on right answers, mistakes and mutants
	$(bin)/python -m grading.accuracy $(ARGS)

bench-grading: $(ready)  ## time the grader beside stock nbgrader
	$(bin)/python -m grading.bench $(ARGS)

demo: $(ready)  ## grade a demo class in which every student made one mistake
	$(bin)/minpy-grade demo $(ARGS)

example: $(ready)  ## run the first example
	$(bin)/python examples/first_steps.py $(ARGS)

reach: $(ready)  ## train four networks, and compare accuracy and time with targets
	$(bin)/python examples/reach.py $(ARGS)

release: $(ready)  ## make assignments/, which students get, from solutions/
	$(bin)/python -m grading.release $(ARGS)

pages: $(ready)  ## run the tutorials, and write them with their pictures into docs/tutorials/
	$(bin)/python docs/render.py $(ARGS)

stubs: $(ready)  ## write the stubs that tell editors what minpy.numpy has
	$(bin)/python -m tests.stubs.generate

# Setuptools puts whatever an earlier build left in its folders into the wheel.
wheel: $(ready)  ## build the two packages as wheels, in dist/
	@rm -rf $(built)
	$(bin)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist . ./grading
	@rm -rf $(built)
	@ls dist/*.whl

clean:  ## remove everything that was built, the environments too
	rm -rf .venv .venv-* build dist *.egg-info $(built) grading/*.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamps: an environment is installed again only when what it is made from has changed.

$(ready): pyproject.toml grading/pyproject.toml | $(bin)/pip
	@echo "Installing minpy-edu[$(groups)] into .venv; the first time takes a minute or two."
	@$(bin)/pip install --quiet --disable-pip-version-check -e '.[$(groups)]' -e ./grading
	@touch $@

$(bench_ready): pyproject.toml benchmarks/requirements.txt | $(bench_bin)/pip
	@echo "Installing minpy-edu and benchmarks/requirements.txt into .venv-bench."
	@$(bench_bin)/pip install --quiet --disable-pip-version-check -e . -r benchmarks/requirements.txt
	@touch $@

$(bin)/pip $(bench_bin)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	    echo "minpy needs Python 3.10 or newer, and '$(PYTHON)' is not one." >&2; \
	    echo "Name another: PYTHON=python3.12 make setup" >&2; \
	    exit 1; }
	@$(PYTHON) -m venv $(@:/bin/pip=) || { \
	    rm -rf $(@:/bin/pip=); \
	    echo "'$(PYTHON) -m venv' failed. Debian and Ubuntu keep venv in a package of its own:" >&2; \
	    echo "    sudo apt install python3-venv" >&2; \
	    exit 1; }
