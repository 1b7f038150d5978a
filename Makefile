# The commands of the project. Everything is built below target/ and build/; DuckDB's source and its static
# library, which take long to get, stay below $(CACHE), for every checkout.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/duckspan
# The DuckDB to build and test with: one of scripts/duckdb_versions.txt, the newest unless told.
DUCKDB_VERSIONS := $(shell python3 scripts/duckdb_versions.py)
DUCKDB_VERSION ?= $(firstword $(DUCKDB_VERSIONS))
DUCKDB_SOURCE := $(CACHE)/duckdb-$(DUCKDB_VERSION)
export DUCKDB_INCLUDE := $(DUCKDB_SOURCE)/src/include
# Where the DuckDB of build/venv is found as libduckdb.so.
export DUCKDB_LIBRARY := $(CURDIR)/build/link

VENV := build/venv
PYTHON := $(VENV)/bin/python
# Packages of build/venv are installed anew when the version of DuckDB is another, or a list has changed.
DUCKDB := $(VENV)/.duckdb-$(DUCKDB_VERSION)
DEMO_PACKAGES := $(VENV)/.demo
TEST_PACKAGES := $(VENV)/.test
RELEASE_PACKAGES := $(VENV)/.release
RELEASED := $(CURDIR)/build/release/v$(DUCKDB_VERSION)/*/duckspan.duckdb_extension
# How cargo builds the extension, and `make release` DuckDB: with PROFILE=dev it is slow to run, and quick to build.
PROFILE ?= release
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
PLATFORMS := aarch64-unknown-linux-gnu aarch64-apple-darwin x86_64-pc-windows-msvc
# Files of tests run beside one another, more of them than cores, for tests wait. `make test PARALLEL=` has one.
PARALLEL ?= --numprocesses=$(shell expr $$(nproc) + 1) --dist=loadfile
PAGE := crates/viewer/page
PAGE_SOURCES := $(wildcard $(PAGE)/*.mjs $(PAGE)/*.json $(PAGE)/*.html $(PAGE)/*.svg) $(shell find $(PAGE)/src -type f)
WITH_NODE := $(CURDIR)/scripts/with_node.sh $(CURDIR)/$(VENV)

.PHONY: extension page clients senders demo test test-rust test-page test-loom test-python test-scale release wheel test-release \
	test-wheel check-platforms sanitize sanitize-threads sanitize-memory sanitize-miri \
	soak bench lint format header tables clean

extension: $(DUCKDB) $(DUCKDB_SOURCE) page ## Builds build/duckspan.duckdb_extension for the DuckDB of build/venv.
	cargo build --profile $(PROFILE) --locked -p duckspan
	scripts/development.sh $(TARGET)/$(PROFILE:dev=debug)/libduckspan.so $(DUCKDB_VERSION)

page: $(PAGE)/dist/index.html ## Bundles the page of the viewer, which the extension embeds.

$(PAGE)/dist/index.html: $(PAGE_SOURCES) $(PAGE)/node_modules/.package-lock.json
	cd $(PAGE) && $(WITH_NODE) npm run --silent build

$(PAGE)/node_modules/.package-lock.json: $(PAGE)/package-lock.json | $(PYTHON)
	cd $(PAGE) && $(WITH_NODE) npm ci --silent
	touch $@

demo: extension $(DEMO_PACKAGES) ## Shows answers from OTLP files that real SDKs wrote.
	$(PYTHON) scripts/demo.py

# Packages come from the network while Rust compiles.
test: ## Runs every test.
	$(MAKE) --jobs=2 test-rust senders
	$(MAKE) test-page test-python

# Without the shim, which needs DuckDB.
test-rust: test-loom page
	cargo test --locked --workspace --no-default-features

# A feature that the other tests must not have.
test-loom: ## Every interleaving of the ring's threads.
	cargo test --locked -p duckspan-ring --features loom --test loom

test-page: page ## What the viewer's page calculates; test/browser looks at the page itself.
	cd $(PAGE) && $(WITH_NODE) npm test --silent

test-python: extension clients $(TEST_PACKAGES)
	$(PYTHON) -m pytest $(PARALLEL)

test-scale: extension $(TEST_PACKAGES) ## Many processes: one archive of two receivers, and Spark, which takes a Java.
	$(VENV)/bin/pip install --quiet --requirement test/scale/requirements.txt
	$(PYTHON) -m pytest test/scale

clients: senders ## Builds the programs that send telemetry with the SDKs of other languages.
	test/clients/build.sh rust

senders: $(TEST_PACKAGES)
	test/clients/build.sh javascript go

release: $(DUCKDB_VERSIONS:%=release-%) ## The extension with DuckDB linked in, for each DuckDB, in build/repository.

# The first build of a version compiles DuckDB, which takes three quarters of an hour on two cores.
release-%: $(CACHE)/duckdb-% $(RELEASE_PACKAGES) page
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" scripts/release.sh $* $< $(CACHE)/$(PROFILE)-$* $(PROFILE)

wheel: $(RELEASE_PACKAGES) ## build/wheel: the Python package, with every extension that `make release` built.
	rm -rf build/wheel
	$(VENV)/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel ./python

test-release: release-$(DUCKDB_VERSION) clients $(TEST_PACKAGES) ## The tests of SQL and Python, on the release.
	$(PYTHON) scripts/extension_facts.py $(RELEASED)
	DUCKSPAN_EXTENSION=$$(echo $(RELEASED)) $(PYTHON) -m pytest $(PARALLEL) $(TESTS)

test-wheel: wheel $(TEST_PACKAGES) ## The wheel, in clean environments.
	$(PYTHON) -m pytest test/test_wheel.py

# What only cargo compiles, so the C of zstd and ring is left out.
check-platforms: page ## That the crates without C++ compile for the other platforms, which rustup gets the library of.
	rustup target add $(PLATFORMS)
	for platform in $(PLATFORMS); do \
		ZSTD_SYS_USE_PKG_CONFIG=1 PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_PATH=$(CURDIR)/scripts/platforms \
			TARGET_CC=$(CURDIR)/scripts/platforms/cc TARGET_AR=$(CURDIR)/scripts/platforms/ar \
			cargo check --locked --target $$platform --target-dir $(TARGET)/platforms \
			-p duckspan-otlp -p duckspan-ring -p duckspan-receiver -p duckspan-sender -p duckspan-tables \
			-p duckspan-live -p duckspan-viewer || exit 1; \
	done

sanitize: sanitize-threads sanitize-memory sanitize-miri ## No data race, no invalid access, no leak.

# The standard library is compiled anew: ThreadSanitizer reports races where it cannot see its locks. That
# takes RUSTC_BOOTSTRAP, for the sanitizer is an unstable option, and `rustup component add rust-src`. Backtraces of
# panics that tests bring about would take half a minute each.
sanitize-threads:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread" RUST_BACKTRACE=0 \
		TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/thread_sanitizer.supp" \
		cargo test --locked -Zbuild-std --target $(HOST) --target-dir $(TARGET)/tsan \
		-p duckspan-ring -p duckspan-receiver -p duckspan-sender -p duckspan-tables -p duckspan-live \
		--lib --test threads --test lifecycle --test otlp

sanitize-memory: extension $(TEST_PACKAGES)
	$(PYTHON) scripts/valgrind_test.py

# What is unsafe and needs no DuckDB: how vectors are written, and what crosses to C++. Then what the core does with
# SIMD and floats of other crates, and writers of the ring. Miri is part of Rust's nightly, and slow: the rest would take
# hours. It takes `rustup toolchain install nightly --profile minimal --component miri,rust-src`.
MIRI := MIRIFLAGS=-Zmiri-disable-isolation timeout 600 cargo +nightly miri test --locked --target-dir $(TARGET)/miri

sanitize-miri: page
	$(MIRI) -p duckspan --no-default-features --lib -- vector:: shim:: boundary::
	$(MIRI) -p duckspan-otlp --lib -- render::tests::messages render::tests::rows relation::tests::walk
	$(MIRI) -p duckspan-ring --test threads

soak: extension $(TEST_PACKAGES) ## 25 minutes of 10,000 spans a second with queries; archives killed 200 times.
	$(PYTHON) test/performance/load_test.py
	$(PYTHON) test/performance/load_test.py --seconds 600 --archive tables
	$(PYTHON) test/performance/load_test.py --seconds 600 --archive files
	DUCKSPAN_KILLS=100 $(PYTHON) -m pytest test/integration/test_archive.py -k kill

bench: extension $(TEST_PACKAGES) ## Ratios to peers and to limits of the machine, each side measured in this run.
	$(VENV)/bin/pip install --quiet --requirement test/performance/requirements.txt
	cargo build --release --locked -p duckspan-bench
	$(PYTHON) test/performance/bench_files.py
	$(PYTHON) test/performance/bench_live.py
	$(PYTHON) test/performance/bench_receiver.py
	$(PYTHON) test/performance/bench_archive.py
	$(PYTHON) test/performance/bench_hostile.py
	$(PYTHON) test/performance/bench_send.py

lint: $(TEST_PACKAGES) $(DUCKDB) $(DUCKDB_SOURCE) page ## Checks format and style; warnings are errors.
	cargo fmt --all --check
	cargo clippy --locked --workspace --no-default-features --all-targets -- -D warnings
	cargo clippy --locked --release -p duckspan -- -D warnings
	cd $(PAGE) && $(WITH_NODE) npm run --silent check
	! command -v gofmt >/dev/null || ! gofmt -l test/clients/go | grep .
	$(VENV)/bin/clang-format --dry-run --Werror crates/duckspan/cpp/*.cpp crates/duckspan/cpp/*.hpp crates/duckspan/development/*.cpp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(TEST_PACKAGES) ## Formats all code.
	cargo fmt --all
	$(VENV)/bin/clang-format -i crates/duckspan/cpp/*.cpp crates/duckspan/cpp/*.hpp crates/duckspan/development/*.cpp
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

header: ## Writes crates/duckspan/cpp/duckspan.h anew from the Rust side of the boundary.
	DUCKSPAN_WRITE_HEADER=1 cargo test --locked -p duckspan-tidy

tables: ## Writes docs/tables.md anew from the columns of the typed tables.
	DUCKSPAN_WRITE_TABLES=1 cargo test --locked -p duckspan-otlp --test tables

.PRECIOUS: $(CACHE)/duckdb-%
$(CACHE)/duckdb-%: # Its headers, and what `make release` compiles.
	python3 scripts/duckdb_source.py $* $@

$(PYTHON):
	python3 -m venv $(VENV)

$(DUCKDB): | $(PYTHON)
	$(VENV)/bin/pip install --quiet duckdb==$(DUCKDB_VERSION)
	rm -f $(VENV)/.duckdb-*
	mkdir -p build/link
	ln -sf "$$($(PYTHON) -c 'import _duckdb; print(_duckdb.__file__)')" build/link/libduckdb.so
	touch $@

$(DEMO_PACKAGES): scripts/requirements.txt | $(DUCKDB)
	$(VENV)/bin/pip install --quiet --requirement scripts/requirements.txt
	touch $@

$(TEST_PACKAGES): test/requirements.txt | $(DEMO_PACKAGES)
	$(VENV)/bin/pip install --quiet --requirement test/requirements.txt
	touch $@

$(RELEASE_PACKAGES): scripts/release_requirements.txt | $(PYTHON)
	$(VENV)/bin/pip install --quiet --requirement scripts/release_requirements.txt
	touch $@

clean: ## Removes what was built in the checkout; what is below $(CACHE) stays.
	rm -rf build
