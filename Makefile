# The commands of the project. Everything is built below $(CARGO_TARGET_DIR) and build/.

# DuckDB takes 20 minutes to compile, so its build is kept outside of the checkout.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/duckspan/target

PYTHON := build/venv/bin/python
EXTENSION := build/duckspan.duckdb_extension
PURE := --workspace --exclude duckspan
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
SENDER := test/clients/rust/Cargo.toml

.PHONY: extension clients demo test test-rust test-loom test-extension test-python sanitize sanitize-threads sanitize-memory \
	soak bench lint format header tables clean

extension: ## Builds build/duckspan.duckdb_extension and build/repository.
	cargo build --release --locked -p duckspan
	python3 scripts/package.py $(CARGO_TARGET_DIR)/release/libduckspan.so build

demo: extension $(PYTHON) ## Shows answers from OTLP files that real SDKs wrote.
	$(PYTHON) scripts/demo.py

test: test-rust test-extension test-python ## Runs every test.

test-rust: test-loom
	cargo test --locked $(PURE)

# Other flags than those of the other tests, so a target directory of its own.
test-loom: ## Every interleaving of the ring's threads.
	RUSTFLAGS="--cfg loom" cargo test --locked -p duckspan-ring --test loom --target-dir $(CARGO_TARGET_DIR)/loom

test-extension: ## Tests of the crate that links DuckDB.
	cargo test --release --locked -p duckspan --lib

test-python: extension clients $(PYTHON)
	$(PYTHON) -m pytest

clients: $(PYTHON) ## Builds the programs that send telemetry with the SDKs of other languages.
	test/clients/build.sh

sanitize: sanitize-threads sanitize-memory ## ThreadSanitizer and valgrind: no data race, no invalid access, no leak.

# The standard library is compiled anew: ThreadSanitizer reports races where it cannot see its locks. That
# takes RUSTC_BOOTSTRAP, for the sanitizer is an unstable option, and `rustup component add rust-src`.
sanitize-threads:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread" \
		TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/thread_sanitizer.supp" \
		cargo test --locked -Zbuild-std --target $(HOST) --target-dir $(CARGO_TARGET_DIR)/tsan \
		-p duckspan-ring -p duckspan-receiver --lib --test threads --test lifecycle --test otlp

sanitize-memory: extension $(PYTHON)
	$(PYTHON) scripts/valgrind_test.py

soak: extension $(PYTHON) ## Five minutes of 10,000 spans a second, with queries running.
	$(PYTHON) test/performance/load_test.py

bench: extension $(PYTHON) ## Ratios to peers and to limits of the machine, each side measured in this run.
	build/venv/bin/pip install --quiet --requirement test/performance/requirements.txt
	cargo build --release --locked -p duckspan-bench
	$(PYTHON) test/performance/bench_files.py
	$(PYTHON) test/performance/bench_live.py
	$(PYTHON) test/performance/bench_receiver.py

lint: $(PYTHON) ## Checks format and style; warnings are errors.
	cargo fmt --all --check
	cargo clippy --locked $(PURE) --all-targets -- -D warnings
	cargo clippy --locked --release -p duckspan --all-targets -- -D warnings
	cargo fmt --manifest-path $(SENDER) --check
	cargo clippy --locked --manifest-path $(SENDER) --target-dir $(CARGO_TARGET_DIR)/sender -- -D warnings
	! command -v gofmt >/dev/null || ! gofmt -l test/clients/go | grep .
	build/venv/bin/clang-format --dry-run --Werror crates/duckspan/cpp/*.cpp crates/duckspan/cpp/*.hpp
	build/venv/bin/ruff check .
	build/venv/bin/ruff format --check .

format: $(PYTHON) ## Formats all code.
	cargo fmt --all
	build/venv/bin/clang-format -i crates/duckspan/cpp/*.cpp crates/duckspan/cpp/*.hpp
	build/venv/bin/ruff check --fix .
	build/venv/bin/ruff format .

header: ## Writes crates/duckspan/cpp/duckspan.h anew from the Rust side of the boundary.
	DUCKSPAN_WRITE_HEADER=1 cargo test --locked -p duckspan-tidy

tables: ## Writes docs/tables.md anew from the columns of the typed tables.
	DUCKSPAN_WRITE_TABLES=1 cargo test --locked -p duckspan-otlp --test tables

$(PYTHON): test/requirements.txt scripts/requirements.txt
	python3 -m venv build/venv
	build/venv/bin/pip install --quiet --requirement test/requirements.txt --requirement scripts/requirements.txt
	touch $(PYTHON)

clean: ## Removes what was built in the checkout; DuckDB's build stays.
	rm -rf build
