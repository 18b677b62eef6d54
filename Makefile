# make demo    builds, and shows a bank's transactions arrive; ARGS="--once --json" for programs
# make test    installs what the tests need, then formatting, lints, and all tests on both databases and in a browser
# make conformance  what every connector must do, as a table; ARGS=--json for programs, ARGS=<provider> for one
# make bench   what reconciling and importing cost beside their floors, and what long registers and the cashflow of many assets take; BANKSIDE_ROWS=100000 for that size only
# make simulate  random stories of banks and people against the truth; ARGS="--seeds 300 --steps 300", with --in-memory much faster,
#                with --told-by gocardless, pluggy, simplefin, sophtron, enablebanking or finapi in the words of that provider, with --keep-going all that fail;
#                tests/postgres run make simulate ARGS=--postgres
# make large   every page of an organization with 2 000 assets, 500 bank accounts and 1 000 000 rows within 200 ms, on both databases;
#              BANKSIDE_FOREST_ROWS=20000 for so many rows. Run it on a machine that does nothing else
# make proof   what takes longer than a test may: many more cases of every property, all weather, a long file, and the benchmarks
.PHONY: demo test conformance bench large simulate proof install lint rust-tests walks
.NOTPARALLEL:

# `make test` must be done by then, whatever its stages take of it: 29 minutes, on two cores with nothing compiled yet.
DEADLINE := $(shell expr $$(date +%s) + 29 \* 60)

demo:
	@cargo run --release --locked --package bankside -- demo $(ARGS)

test:
	@tests/stage "Tools" $(DEADLINE) tests/install
	@tests/stage "Formatting, lints, compiling" $(DEADLINE) $(MAKE) --no-print-directory lint
	@tests/stage "Rust tests, SQLite and PostgreSQL" $(DEADLINE) $(MAKE) --no-print-directory rust-tests
	@tests/stage "Browser and API walks" $(DEADLINE) $(MAKE) --no-print-directory walks

install:
	@tests/install

# Clippy lints while it compiles what the tests run: `cargo clippy` would go through all dependencies once more for that.
lint rust-tests: export RUSTC_WORKSPACE_WRAPPER = clippy-driver
lint rust-tests: export CLIPPY_ARGS = -Dwarnings__CLIPPY_HACKERY__
# What has never been compiled is compiled in one go; whoever works here goes on from where they were. The folder is always there.
lint rust-tests: export CARGO_INCREMENTAL = $(if $(wildcard target/debug/incremental/*),1,0)
# Nobody steps through that either: a panic says its line by itself.
lint rust-tests: export CARGO_PROFILE_DEV_DEBUG = $(if $(wildcard target/debug/incremental/*),line-tables-only,none)

lint:
	cargo fmt --all --check
	cargo build --workspace --all-targets --locked
	cd web && npm ci --ignore-scripts --no-audit --no-fund --silent && npx --no-install tsc --noEmit
	cd tests && npm ci --ignore-scripts --no-audit --no-fund --silent && npx --no-install tsc --noEmit

# Many tests wait for a disk or a server: four at once have two cores busy. No comment holds a test; looking for some takes a while.
rust-tests: export RUST_TEST_THREADS ?= 4
rust-tests:
	tests/postgres run cargo test --workspace --lib --bins --tests --locked --no-fail-fast --quiet

# `rust-tests` has built the binary that the walks drive. A walk that fails gets one more try on this machine of unknown load, and
# is listed as flaky at the end if that one passes: each of these is a race to be mended. By hand (`npx playwright test`) there is none.
walks:
	cd tests && npx --no-install playwright test --retries 1

conformance:
	@cargo build --workspace --locked --quiet
	@target/debug/bankside-conformance $(ARGS)

bench:
	cargo bench --locked --package bankside-domain --bench reconcile
	tests/postgres run cargo bench --locked --package bankside-engine --bench import --bench register --bench cashflow --bench rules

large: export BANKSIDE_FOREST_ROWS ?= 1000000
large:
	cargo build --release --locked --package bankside
	cd tests && BANKSIDE_BIN=target/release/bankside npx --no-install playwright test browser/assets/many
	cd tests && BANKSIDE_BIN=target/release/bankside BANKSIDE_WALKS_ON=postgres ./postgres run npx --no-install playwright test browser/assets/many

simulate:
	cargo run --release --locked --package simulate -- $(ARGS)

proof:
	cargo run --release --locked --package simulate -- --in-memory --seeds 5000 --steps 300
	cargo run --release --locked --package simulate -- --seeds 1000 --steps 300
	tests/postgres run cargo run --release --locked --package simulate -- --postgres --seeds 150 --steps 300
	tests/postgres run cargo test --locked --package simulate -- --ignored
	PROPTEST_CASES=2000 BANKSIDE_WEATHER=all BANKSIDE_SCENARIOS=all BANKSIDE_LINES=100000 tests/postgres run cargo test --workspace --locked --no-fail-fast
	$(MAKE) --no-print-directory bench
	$(MAKE) --no-print-directory large
