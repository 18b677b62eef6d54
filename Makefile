# make demo    builds, and shows a bank's transactions arrive; ARGS="--once --json" for programs
# make test    installs what the tests need, then formatting, lints, and all tests on both databases and in a browser
# make conformance  what every connector must do, as a table; ARGS=--json for programs
# make bench   what importing costs
# make proof   what takes longer than a test may: many more cases of every property, all weather, and the benchmarks
.PHONY: demo test conformance bench proof install lint rust-tests walks
.NOTPARALLEL:

# Each stage of `make test` has a budget in minutes; together they stay under 30 on two cores with nothing compiled yet.
INSTALL_MINUTES = 3
LINT_MINUTES = 5
RUST_MINUTES = 9
WALK_MINUTES = 12

demo:
	@cargo run --release --locked --package bankside -- demo $(ARGS)

test:
	@tests/stage "Tools" $(INSTALL_MINUTES) tests/install
	@tests/stage "Formatting and lints" $(LINT_MINUTES) $(MAKE) --no-print-directory lint
	@tests/stage "Rust tests, SQLite and PostgreSQL" $(RUST_MINUTES) $(MAKE) --no-print-directory rust-tests
	@tests/stage "Browser and API walks" $(WALK_MINUTES) $(MAKE) --no-print-directory walks

install:
	@tests/install

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd web && npm ci --ignore-scripts --no-audit --no-fund --silent && npx --no-install tsc --noEmit
	cd tests && npm ci --ignore-scripts --no-audit --no-fund --silent && npx --no-install tsc --noEmit

rust-tests:
	tests/postgres run cargo test --workspace --locked --no-fail-fast --quiet

# `rust-tests` has built the binary that the walks drive.
walks:
	cd tests && npx --no-install playwright test

conformance:
	@cargo build --workspace --locked --quiet
	@target/debug/bankside-conformance $(ARGS)

bench:
	cargo bench --locked --package bankside-engine --bench import

proof:
	PROPTEST_CASES=2000 BANKSIDE_WEATHER=all tests/postgres run cargo test --workspace --locked --no-fail-fast
	$(MAKE) --no-print-directory bench
