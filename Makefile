# make            builds every command into target/release
# make demo       Alice, Bob and Carol exchange a few packets before your eyes
# make test       everything that proves it; brings what the tests need first
# make check      formatting, lints, manual pages and completions alone
# make install    what make has built; PREFIX=/usr/local, DESTDIR=
# make bench      what it costs, beside its own primitives and its peers
# make soak       thirty accounts in bad weather, a story for each of SOAK_SEEDS="2 3 4"
# make fuzz       FUZZ_SECONDS=600 for each target; needs cargo-fuzz and a nightly compiler
#
# There is one profile, release: what is tested is what is installed, and OpenSSL is compiled once.

PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
DATADIR = $(PREFIX)/share/socialnet
DESTDIR =

CARGO = cargo
CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR

COMMANDS = $(notdir $(patsubst %/Cargo.toml,%,$(wildcard bins/*/Cargo.toml)))
BUILT = $(CARGO_TARGET_DIR)/release
COMPLETIONS = $(CARGO_TARGET_DIR)/completions
FUZZ_SECONDS = 600
SOAK_SEEDS = 2 3 4 5 6 7 8 9 10 11

# Scripts find the commands as a user does: by name.
export PATH := $(CURDIR)/bins/sn-sync:$(BUILT):$(PATH)

.PHONY: all
all:
	$(CARGO) build --release --locked --workspace
	completions $(COMPLETIONS)

.PHONY: demo
demo: all
	tests/demo.sh

.PHONY: test
test: needs lint all
	$(CARGO) test --release --locked --workspace --all-features --quiet
	$(CARGO) test --release --locked --workspace --all-features --lib -- --nocapture openssl_in_use
	prove --jobs 2 tests/shell tests/schema.sh

.PHONY: check
check: lint all
	prove tests/shell/0110-help-and-man.t

.PHONY: needs
needs:
	tests/needs.sh test

# Packages of Python, in folders of their own: what the second implementation is made of, and what checks it; what drives a
# browser; Delta Chat's core, for the bench.
$(CARGO_TARGET_DIR)/%/installed: tests/%/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
PYTHON = $(CARGO_TARGET_DIR)/second/bin/python

# A workspace build merges the features its members ask for, so each member is also checked alone.
.PHONY: lint
lint: $(CARGO_TARGET_DIR)/second/installed $(CARGO_TARGET_DIR)/browser/installed
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets --all-features -- -D warnings
	@set -e; for package in socialnet socialnet-mail socialnet-http socialnet-serve socialnet-autoconfig $(COMMANDS); do \
	    echo "$(CARGO) check --package $$package"; \
	    $(CARGO) check --release --locked --quiet --package $$package; \
	done
	$(PYTHON) -m ruff check --no-cache tests/second
	$(PYTHON) -m ruff format --no-cache --check tests/second
	$(PYTHON) -m ruff check --no-cache --config tests/second/ruff.toml tests/browser tests/bench
	$(PYTHON) -m ruff format --no-cache --config tests/second/ruff.toml --check tests/browser tests/bench
	$(PYTHON) -m mypy --strict --cache-dir $(CARGO_TARGET_DIR)/browser/mypy \
	    --python-executable $(CARGO_TARGET_DIR)/browser/bin/python tests/browser
	$(PYTHON) -m mypy --strict --cache-dir $(CARGO_TARGET_DIR)/second/mypy tests/second
	mandoc -T lint -W warning man/*.[1-9]
	find . \( -name target -o -name .git \) -prune -o -type f \
	    -exec awk 'FNR == 1 && /^#!\/bin\/(ba)?sh/ { print FILENAME } { nextfile }' {} + | xargs shellcheck

# Takes what `make` has built, so that root needs no compiler.
.PHONY: install
install:
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	for command in $(COMMANDS); do install -s -m 755 $(BUILT)/$$command $(DESTDIR)$(BINDIR)/ || exit; done
	install -m 755 bins/sn-sync/sn-sync $(DESTDIR)$(BINDIR)/
	for page in man/*.[1-9]; do \
	    section=$(DESTDIR)$(MANDIR)/man$${page##*.}; \
	    install -d $$section && install -m 644 $$page $$section/ || exit; \
	done
	install -d $(DESTDIR)$(DATADIR)
	install -m 644 lib/schema/packet-1.rng $(DESTDIR)$(DATADIR)/
	install -d $(DESTDIR)$(DATADIR)/examples/hooks
	install -m 755 examples/hooks/* $(DESTDIR)$(DATADIR)/examples/hooks/
	for file in $(COMPLETIONS)/bash/*.bash; do \
	    name=$${file##*/}; install -m 644 $$file $(DESTDIR)$(BASHDIR)/$${name%.bash} || exit; \
	done
	install -m 644 $(COMPLETIONS)/zsh/_* $(DESTDIR)$(ZSHDIR)/
	install -m 644 $(COMPLETIONS)/fish/*.fish $(DESTDIR)$(FISHDIR)/

.PHONY: bench
bench: all $(CARGO_TARGET_DIR)/bench/installed
	tests/needs.sh bench
	bench

.PHONY: soak
soak: all
	tests/needs.sh test
	faketime -m -f +0 network $(SOAK_SEEDS)

.PHONY: fuzz
fuzz:
	tests/fuzz/seeds.sh
	for target in $$(cargo +nightly fuzz list --fuzz-dir tests/fuzz); do \
	    cargo +nightly fuzz run --fuzz-dir tests/fuzz $$target -- \
	        -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 || exit; \
	done

.PHONY: clean
clean:
	$(CARGO) clean
