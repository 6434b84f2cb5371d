# make train-unified     simulate (unless DATA is given), train, evaluate and export a unified generator;
#                        ADVERSARIAL=1 adds the adversarial half and shows what it does; NETWORK=scan-grid trains ours
# make train-individual  a generator for each coverage of Table 2, and p(c) fitted to their errors
# make train-seeds       the unified generator of two more seeds
# make train-one-stage   the one-stage generator for coverage 1/FACTOR^2
# make eval-table2       Table 2 for the pretrained generator, or for WEIGHTS, on DATA or simulated images
# make figures           all tables and figures that WEIGHTS (pretrained) and the runs of PRESET and DATA that there are allow,
#                        and RESULTS/report.html
# make reproduce         trains what the paper's tables and figures need, each once, then makes them
# make rivals            WEIGHTS beside BM3D, non-local means, tk_r_em and total variation on DATA, in .venv-rivals
# make bioimageio        WEIGHTS (unified-scan) for scans of FACTOR (5) as a bioimage.io package, for Fiji, in PACKAGE; tested
# make bench             speed and memory beside the same network in PyTorch, into docs/performance.md; half an hour a round
# make fuzz              mutated files of every readable format, and of the files in DATA if it is given, each read in a process
#                        with limits; those on which anything is wrong go into RESULTS/fuzz, and the exit status is not 0 then
# make test              all tests, or those that PYTEST_ARGS chooses; `make lint` for style and types
# make soak              kills commands at random moments for MINUTES (30) and looks whether anything was lost
# make load              200 clients of a server for MINUTES (5): answers compared, worker killed, server stopped
# make fuzz-uploads      COUNT damaged files sent to a server
# make wheels            both distributions into dist/, checked, and each tried in new environments of every Python from 3.10 to
#                        3.13 that there is, on a scan that ships, and on SCAN: sizes and seconds
# make docs              this documentation as a site, into site/index.html
# Variables: DATA (folder with train, val and test TIFFs), PRESET (quick, small, paper), ITERATIONS (the preset's), RUN,
# WEIGHTS (pretrained), RESULTS, FACTOR (5), PYTHON; of `make rivals` CLASSES (NAME=PATTERN,PATTERN ...); of `make bench`
# CASES (all of them) and ROUNDS (3); of `make fuzz` COUNT (10000 files), SEED (0, of other files) and ONLY (the number of a
# file, to read it alone); of `make soak` and `make load` MINUTES; of `make wheels` SCAN and ONLY (light or whole).

PYTHON ?= python3
VENV ?= .venv
PRESET ?= quick
DATA ?=
ITERATIONS ?=
ADVERSARIAL ?=
NETWORK ?=
FACTOR ?= $(if $(COVERAGE),$(warning COVERAGE is called FACTOR now)$(COVERAGE),5)
CASES ?=
CLASSES ?=
ROUNDS ?=
COUNT ?=
SEED ?=
ONLY ?=
MINUTES ?=
SCAN ?=
PYTEST_ARGS ?=
KIND := $(PRESET)-$(if $(DATA),$(notdir $(patsubst %/,%,$(firstword $(DATA)))),simulated)
NAME := $(if $(NETWORK),$(NETWORK),unified)-$(KIND)$(if $(ADVERSARIAL),-adversarial)
RUN ?= runs/$(NAME)
WEIGHTS ?= $(if $(filter command environment,$(firstword $(origin RUN))),$(RUN))
RESULTS ?= results
EXPORT ?= exports/$(NAME)

BIN := $(VENV)/bin
EVALUATED := $(if $(DATA),$(DATA),data/simulated)
data_flags = $(foreach folder,$(1),--data $(folder))
TRAIN = $(BIN)/dlss-tf train --preset $(PRESET) --resume $(if $(ITERATIONS),--iterations $(ITERATIONS)) $(call data_flags,$(DATA))

.PHONY: bioimageio figures reproduce rivals train-no-blur train-seeds
.PHONY: setup train-unified train-individual train-one-stage eval-table2 export bench fuzz fuzz-uploads load soak test lint docs wheels clean

setup: $(VENV)/.installed

$(VENV)/.installed: setup.py
	@echo "Installing into $(VENV) what is needed: 3.5 GB, once; a few minutes in which nothing is said"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

train-unified: setup
	$(TRAIN) --run $(RUN) $(if $(NETWORK),--network $(NETWORK)) $(if $(ADVERSARIAL),--adversarial)
	@$(MAKE) --no-print-directory eval-table2 export WEIGHTS=$(RUN)
	$(if $(ADVERSARIAL),$(BIN)/python -m experiments.adversarial --weights $(RUN) --out $(RESULTS) $(call data_flags,$(EVALUATED)))
	@echo
	@echo "Trained generator   $(RUN)  (weights/, config.json, checkpoints/; losses: $(BIN)/tensorboard --logdir $(RUN)/logs)"
	@echo "Table 2 and images  $(RESULTS)/table2.json, .csv, .png"
	$(if $(ADVERSARIAL),@echo "Side by side        $(RESULTS)/adversarial.json and .png and adversarial-spectra.png")
	@echo "SavedModel          $(EXPORT)  (TensorFlow Serving: --model_base_path)"

eval-table2: setup
	$(if $(DATA),,$(BIN)/dlss-tf simulate --out $(EVALUATED) --train 0)
	$(BIN)/python -m experiments.table2 $(if $(WEIGHTS),--weights $(WEIGHTS)) --out $(RESULTS) $(call data_flags,$(EVALUATED))

export: setup
	$(BIN)/dlss-tf export --weights $(or $(WEIGHTS),$(RUN)) --out $(EXPORT)

# $(call one_coverage,NAME,OPTIONS): train, evaluate at its coverage and export a generator for one coverage.
define one_coverage
	$(TRAIN) --run runs/$(1)-$(KIND) $(2)
	$(BIN)/dlss-tf evaluate --weights runs/$(1)-$(KIND) --out $(RESULTS) --name $(1) $(call data_flags,$(EVALUATED))
	$(BIN)/dlss-tf export --weights runs/$(1)-$(KIND) --out exports/$(1)-$(KIND)
endef

INDIVIDUAL := individual-4 individual-5 individual-6 individual-8 individual-10
FITTED := runs/unified-fitted-$(KIND)
.PHONY: $(INDIVIDUAL)

$(INDIVIDUAL): individual-%: setup
	$(call one_coverage,individual-$*,--factor $*)

train-individual: $(INDIVIDUAL)
	test -e $(FITTED)/config.json || $(BIN)/dlss-tf fit-p $(INDIVIDUAL:%=--weights runs/%-$(KIND)) --out $(FITTED) $(call data_flags,$(EVALUATED))
	@echo
	@echo "Generators          $(INDIVIDUAL:%=runs/%-$(KIND))"
	@echo "Errors and images   $(INDIVIDUAL:%=$(RESULTS)/%.json)"
	@echo "p(c) fitted to them $(FITTED)/config.json  (train with it: $(BIN)/dlss-tf train --run $(FITTED) --resume)"

train-one-stage: setup
	$(call one_coverage,one-stage-$(FACTOR),--network one-stage --factor $(FACTOR))

train-no-blur: setup
	$(TRAIN) --run runs/no-blur-$(KIND) --objective no-blur

# The unified generator of three seeds, the first of which may be one with an adversarial half, kept before that.
FIRST_SEED = $(firstword $(call trained,$(BOTH_HALVES)/non-adversarial runs/unified-$(KIND)) runs/unified-$(KIND))
SEEDS := seed-1 seed-2
OTHER_SEEDS := $(SEEDS:%=runs/unified-$(KIND)-%)
trained = $(patsubst %/weights/generator.npz,%,$(wildcard $(addsuffix /weights/generator.npz,$(1))))

.PHONY: $(SEEDS)

$(SEEDS): seed-%: setup
	$(TRAIN) --run runs/unified-$(KIND)-seed-$* --seed $*

train-seeds: $(SEEDS)
	$(if $(call trained,$(FIRST_SEED)),,$(TRAIN) --run $(FIRST_SEED))

# Runs of the same preset and data, where there are any.
BOTH_HALVES := runs/unified-$(KIND)-adversarial
figure_runs = $(patsubst %,--$(1) %,$(call trained,$(2)))

figures: setup
	$(if $(DATA),,$(BIN)/dlss-tf simulate --out $(EVALUATED))
	$(BIN)/python -m experiments.figures --out $(RESULTS) $(if $(WEIGHTS),--weights $(WEIGHTS)) \
		$(call figure_runs,adversarial,$(BOTH_HALVES)) $(call figure_runs,individual,$(INDIVIDUAL:%=runs/%-$(KIND))) \
		$(call figure_runs,no-blur,runs/no-blur-$(KIND)) $(call figure_runs,one-stage,runs/one-stage-5-$(KIND)) \
		$(if $(call trained,$(OTHER_SEEDS)),$(call figure_runs,seed,$(FIRST_SEED) $(OTHER_SEEDS))) \
		$(call data_flags,$(EVALUATED))

reproduce: setup
	$(TRAIN) --run $(BOTH_HALVES) --adversarial
	@$(MAKE) --no-print-directory train-individual train-no-blur train-one-stage train-seeds ADVERSARIAL=
	@$(MAKE) --no-print-directory figures WEIGHTS=$(BOTH_HALVES)/non-adversarial ADVERSARIAL=

bench: setup .venv-peer/.installed
	$(BIN)/python -m benchmarks.bench --peer .venv-peer/bin/python --out $(RESULTS) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CASES),--cases $(CASES))

rivals: .venv-rivals/.installed
	$(if $(DATA),,.venv-rivals/bin/dlss-tf simulate --out $(EVALUATED) --train 0)
	.venv-rivals/bin/python -m experiments.rivals --out $(RESULTS) $(WEIGHTS:%=--weights %) $(call data_flags,$(EVALUATED)) \
		$(CLASSES:%=--class %)

# BM3D is for non-commercial use alone and tk_r_em is under the GPL, so that this package does not depend on them.
.venv-rivals/.installed: setup.py
	$(PYTHON) -m venv .venv-rivals
	.venv-rivals/bin/python -m pip install --quiet -e '.[eval]' bm3d tk_r_em
	touch $@

.venv-peer/.installed:
	$(PYTHON) -m venv .venv-peer
	.venv-peer/bin/python -m pip install --quiet torch numpy
	touch $@

PACKAGE ?= exports/$(notdir $(or $(WEIGHTS:%/=%),unified-scan))-x$(FACTOR).zip

bioimageio: .venv-bioimageio/.installed
	.venv-bioimageio/bin/python -m tools.bioimageio $(WEIGHTS:%=--weights %) --factor $(FACTOR) --out $(PACKAGE)
	.venv-bioimageio/bin/bioimageio test $(PACKAGE)

# bioimageio.core wants an older pydantic than others.
.venv-bioimageio/.installed: setup.py light/setup.py
	$(PYTHON) -m venv .venv-bioimageio
	.venv-bioimageio/bin/python -m pip install --quiet './light[bioimageio]'
	touch $@

fuzz: setup
	$(BIN)/python -m tools.fuzz.campaign --out $(RESULTS)/fuzz $(if $(DATA),--data $(DATA)) \
		$(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

test: setup
	$(BIN)/python -m pytest $(PYTEST_ARGS)

soak: setup
	$(BIN)/python -m tools.soak --minutes $(or $(MINUTES),30)

load: setup
	$(BIN)/python -m tools.load --minutes $(or $(MINUTES),5)

fuzz-uploads: setup
	$(BIN)/python -m tools.fuzz.uploads $(if $(DATA),--data $(DATA)) $(if $(COUNT),--count $(COUNT)) \
		$(if $(SEED),--seed $(SEED))

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheels: .venv-wheels/.installed
	.venv-wheels/bin/python -m tools.wheels $(if $(SCAN),--scan $(SCAN)) $(if $(ONLY),--only $(ONLY))

.venv-wheels/.installed:
	$(PYTHON) -m venv .venv-wheels
	.venv-wheels/bin/python -m pip install --quiet build twine
	touch $@

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Documentation       site/index.html"

clean:
	rm -rf $(VENV) .venv-bioimageio .venv-peer .venv-rivals .venv-wheels build dist site *.egg-info
