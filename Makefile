# The index of commands. Each installs what it needs.

.PHONY: run demo build test chaos fuzz bench

# Build, publish a demonstration on the sandbox, print the result, go on serving.
run: quick
	target/debug/moments-sync demo --keep-serving

# The same without serving; exit status 0 only if every account ended as expected.
demo: quick
	target/debug/moments-sync demo

# Quick to build, with what the tests build too: fast enough for a demonstration.
.PHONY: quick
quick:
	scripts/prepare
	cargo build --locked --package moments-sync

# What is installed: target/dist/moments-sync.
build:
	scripts/prepare
	cargo build --profile dist --locked --package moments-sync

# Everything that CI runs.
test:
	scripts/test

# The long fault run: 2000 tasks on 50 corps over each server database. CI runs a short one.
chaos:
	scripts/chaos

# A minute of hostile input for each of callbacks, files and word lists.
fuzz:
	scripts/fuzz

# The benchmark over every database: figures of this machine, as ratios in one run.
bench:
	scripts/bench
