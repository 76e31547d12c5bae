# Trains every network from scratch with the same data, resolution and seconds, predicts the SPLIT
# of RELEASE with each and scores it; run by `make comparison` from the project's root.
include examples/train/sets.mk

NETWORKS ?= column unet dynunet segresnet spine-dcan
# Seconds of training for each network. CLOCK=processor is fairer where other work goes on, and
# wrong on a GPU.
BUDGET ?= 1800
CLOCK ?= wall
COMMON ?= examples/comparison/common.toml
RUNS ?= runs/comparison
RELEASE ?= $(SETS)/spider-space
SPLIT ?= test
OUT ?= runs/compared
BOARD ?= $(OUT)/leaderboard.jsonl

all: $(NETWORKS:%=$(OUT)/%/scored)
	$(BIN)/spine-msca leaderboard $(BOARD) --markdown

$(RUNS)/%/config.toml: $(COMMON) examples/comparison/%.toml
	mkdir -p $(@D)
	{ echo 'seconds = $(BUDGET)'; echo 'clock = "$(CLOCK)"'; cat $^; } > $@

$(RUNS)/%/weights.safetensors: $(RUNS)/%/config.toml $(TABLES)
	$(BIN)/spine-msca train $(LABELLED) --device $(DEVICE) --config $< --out $(@D)

$(OUT)/%/model.json: $(RUNS)/%/weights.safetensors
	rm -rf $(@D)
	$(BIN)/python scripts/predict_release.py $< $(RELEASE) --split $(SPLIT) --out $(@D)

# Adds a row with intervals, parameters, time and memory.
$(OUT)/%/scored: $(OUT)/%/model.json
	$(BIN)/spine-msca leaderboard $(BOARD) --add $(@D) --truth $(RELEASE)
	touch $@

.PRECIOUS: $(RUNS)/%/config.toml $(RUNS)/%/weights.safetensors $(OUT)/%/model.json
