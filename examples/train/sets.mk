# The releases that models train on, from the images in DATA and from nothing (phantoms).
SHELL := /bin/sh
BIN ?= .venv/bin
DATA ?= ../shared/data
DEVICE ?= auto
SETS ?= data/train
PHANTOMS ?= 300
# Slices keep their aspect, as they do when they are predicted.
FIT ?= pad

LABELLED := $(SETS)/spider-space $(SETS)/sudirman $(SETS)/phantoms
TABLES := $(LABELLED:%=%/cases.csv)

# Nothing that was made on the way is removed.
.PRECIOUS: $(SETS)/%/cases.csv
.PHONY: all
all:

$(SETS)/phantoms/cases.csv:
	rm -rf $(@D)
	$(BIN)/spine-msca synth $(@D) --cases $(PHANTOMS) --seed 11 --size 448 --contrast random

$(SETS)/%/cases.csv: examples/%.toml examples/%-patients.csv
	rm -rf $(@D)
	$(BIN)/spine-msca build $< $(@D) --data $(DATA) --fit $(FIT)
