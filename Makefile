# make train-unified   simulate (unless DATA is given), train, evaluate and export a unified generator
# make test            all tests; `make lint` for style
# Variables: DATA (folder with train, val and test TIFFs), PRESET (quick, small, paper), RUN, PYTHON.

PYTHON ?= python3
VENV ?= .venv
PRESET ?= quick
DATA ?=
NAME := unified-$(PRESET)-$(if $(DATA),$(notdir $(patsubst %/,%,$(firstword $(DATA)))),simulated)
RUN ?= runs/$(NAME)
RESULTS ?= results
EXPORT ?= exports/$(NAME)

BIN := $(VENV)/bin
EVALUATED := $(if $(DATA),$(DATA),data/simulated)
data_flags = $(foreach folder,$(1),--data $(folder))

.PHONY: setup train-unified eval-table2 export test lint clean

setup: $(VENV)/.installed

$(VENV)/.installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

train-unified: setup
	$(BIN)/dlss-tf train --preset $(PRESET) --run $(RUN) --resume $(call data_flags,$(DATA))
	@$(MAKE) --no-print-directory eval-table2 export
	@echo
	@echo "Trained generator   $(RUN)  (weights/, config.json, checkpoints/; losses: $(BIN)/tensorboard --logdir $(RUN)/logs)"
	@echo "Table 2 and images  $(RESULTS)/table2.json, .csv, .png"
	@echo "SavedModel          $(EXPORT)  (TensorFlow Serving: --model_base_path)"

eval-table2: setup
	$(BIN)/python -m experiments.table2 --weights $(RUN) --results $(RESULTS) $(call data_flags,$(EVALUATED))

export: setup
	$(BIN)/dlss-tf export --weights $(RUN) --out $(EXPORT)

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf $(VENV) build *.egg-info
