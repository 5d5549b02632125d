# Thin: the two commands of README are `make run` and `make test`. Everything else is Meson's.
DOMAIN ?= gmail.com
FUZZ_SECONDS ?= 600

.PHONY: run build test test-mcp test-browser lab fuzz kill bench bench-history bench-scan bench-serve tsan install clean

run: build
	@scripts/first-look build/mtasts "$(DOMAIN)"

build:
	@scripts/deps build
	@test -f build/build.ninja || meson setup build --buildtype=release >/dev/null
	@ninja -C build $(NINJAFLAGS)

test:
	@scripts/deps build test lab
	@tests/run

# MCP against the official conformance suite, the Inspector and both SDK clients, and linters of /openapi.json (npm, Node from npm).
test-mcp: build
	@tests/mcp/run build
	@tests/openapi/run build

# The pages in Debian's chromium on the lab's servers: driven by Playwright, judged by html-validate, axe and Lighthouse (npm).
test-browser: build
	@scripts/deps lab browser
	@tests/browser/run build

lab: build
	@scripts/deps lab
	@tests/lab/run --mtasts build/mtasts

fuzz:
	@scripts/deps build test
	@tests/fuzz/run $(FUZZ_SECONDS)

# Writers of the history killed at 500 random instants, then daemons of the monitor for 40 hours of their clock; on SQLite and on
# PostgreSQL; about half an hour.
kill: build
	@scripts/deps test
	@tests/store/with-postgres tests/store/kill build 500
	@tests/store/with-postgres tests/monitor/daemons build 40

bench: build
	@scripts/deps lab
	@bench/run

bench-history: build
	@scripts/deps test
	@bench/history build

# A scan against bare loops on the same libraries and against rivals, on a small internet of its own; an hour or more. SCAN_BENCH='--only speed'
bench-scan: build
	@scripts/deps lab bench
	@bench/scan/run $(SCAN_BENCH) build

# The server under load beside minimal servers; about a minute. SERVE_BENCH=--first (as root) on a machine that is not idle.
bench-serve: build
	@scripts/deps bench
	@bench/serve/run $(SERVE_BENCH) build

# Races between the server's threads, by ThreadSanitizer.
tsan:
	@scripts/deps build test
	@tests/serve/tsan

install: build
	@ninja -C build install

clean:
	rm -rf build build-*
