# Reproduces the shipped weights; run by `make weights` from the project's root.
#
# Every step is made once. Training that was stopped goes on where it left off; to train a stage
# anew after changing its configuration, remove its folder below RUNS.
include examples/train/sets.mk

STAGES ?= examples/train
RUNS ?= runs/weights
VERSION ?= 1.2
PSEUDO ?= $(SETS)/pseudo
OUT ?= src/spinemsca/segment/trained

PSEUDO_TABLE := $(PSEUDO:%=%/cases.csv)
MID := SPIDER mid-sagittal slices (van der Graaf et al. 2024, CC BY 4.0)
train = $(BIN)/spine-msca train $(LABELLED) --device $(DEVICE) --config $< --out $(@D)

all: $(OUT)/model.safetensors

$(RUNS)/1-coarse/weights.safetensors: $(STAGES)/1-coarse.toml $(TABLES)
	$(train)

$(RUNS)/2-middle/weights.safetensors: $(STAGES)/2-middle.toml $(RUNS)/1-coarse/weights.safetensors
	$(train) --begin $(RUNS)/1-coarse/best.ckpt

$(RUNS)/3-fine/weights.safetensors: $(STAGES)/3-fine.toml $(RUNS)/2-middle/weights.safetensors
	$(train) --begin $(RUNS)/2-middle/best.ckpt

$(SETS)/pseudo/cases.csv: $(RUNS)/3-fine/weights.safetensors examples/spider-mid-rejected.csv
	rm -rf $(@D)
	$(BIN)/python scripts/pseudo_label.py $(DATA)/spider/mid --weights $< --out $(@D) \
		--held-out examples/spider-space-patients.csv \
		--held-out examples/spider-mid-patients.csv \
		--rejected examples/spider-mid-rejected.csv --case 0.88 --structure 0.8 \
		--source "$(MID)"

$(RUNS)/4-finest/weights.safetensors: $(STAGES)/4-finest.toml $(RUNS)/3-fine/weights.safetensors $(PSEUDO_TABLE)
	$(train) $(PSEUDO) --begin $(RUNS)/3-fine/best.ckpt

# Nothing is chosen any more, so that the validation patients can be learnt from, too; what the
# confidence means is judged with the stage before, which has not seen them.
$(RUNS)/5-last/weights.safetensors: $(STAGES)/5-last.toml $(RUNS)/4-finest/weights.safetensors
	$(train) $(PSEUDO) --begin $(RUNS)/4-finest/best.ckpt --version $(VERSION)

$(RUNS)/calibrated.safetensors: $(RUNS)/5-last/weights.safetensors
	$(BIN)/python scripts/calibrate.py $(RUNS)/4-finest/weights.safetensors \
		$(SETS)/spider-space $(SETS)/sudirman --into $< --out $@

$(OUT)/model.safetensors: $(RUNS)/calibrated.safetensors
	$(BIN)/python examples/train/ship.py $< $(@D) $(VERSION)
