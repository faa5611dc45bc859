# The index of commands. Each installs what it needs.

.PHONY: run demo test bench

# Build, publish a demonstration on the sandbox, print the result, go on serving.
run:
	scripts/prepare
	cargo build --release --locked --package moments-sync
	target/release/moments-sync demo --keep-serving

# The same without serving; exit status 0 only if every account ended as expected.
demo:
	scripts/prepare
	cargo build --release --locked --package moments-sync
	target/release/moments-sync demo

# Everything that CI runs.
test:
	scripts/test

# The benchmark: figures of this machine, as ratios in one run.
bench:
	scripts/bench
