# Everything runs on the project's own Node, see scripts/setup.
NODE = $(shell sh scripts/node-path)
BIN := node_modules/.bin
BUNDLE := dist/deploy-finalize.cjs

# A build that failed half-way is done again.
.DELETE_ON_ERROR:
.PHONY: help build check check-systemd check-boot check-races check-reach check-runner check-forge chaos chaos-matrix fuzz simulate simulate-pairs demo picture try bench bench-fleet test lint format types setup docs man clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Install what is needed: npm packages and, as root on Debian, the test host's tools
	@sh scripts/setup

build: setup $(BUNDLE) ## Bundle the program into dist/deploy-finalize.cjs

# Only where it is older than what it is made of: a test host may be running it.
$(BUNDLE): $(shell find src -type f) scripts/build package.json package-lock.json | setup
	@sh scripts/build

check: build ## Lint, type-check and run every test but those of check-boot
	@sh scripts/check

test: build ## Run every test but those of check-boot
	@sh scripts/test

check-systemd: build ## Run all tests on hosts with systemd 252, 257 and 262, and print a table
	@$(NODE) test/test-host/releases.ts

check-boot: build ## Play boot loader × trouble on machines under QEMU, or a part: CELLS=grub-efi/panic
	@CELLS='$(CELLS)' sh scripts/check-boot

check-races: build ## Push to a host with a runner in PAIRS=200 racing pairs, and count the jobs that are killed
	@$(NODE) test/races/main.ts

check-reach: build ## Cut a host off from outside in every way of a table, and see whether it comes back by itself: ONLY=regexp chooses
	@ONLY='$(ONLY)' $(NODE) test/reach/main.ts

check-runner: build ## The same with a real runner (RUNNER=… GITEA_URL=… GITEA_TOKEN=…), also with a job in a container (ENGINE=… IMAGE=…), or try BUILDKITE_AGENT=…, GITLAB_RUNNER=…, WOODPECKER_AGENT=…
	@$(NODE) test/races/choose.ts

check-forge: setup ## Test commit statuses on a real Gitea: GITEA_URL=… GITEA_TOKEN=… make check-forge
	@[ -n "$$GITEA_URL" ] && [ -n "$$GITEA_TOKEN" ] || { echo "check-forge: set GITEA_URL and GITEA_TOKEN (rights: write:repository, write:user)" >&2; exit 2; }
	@sh scripts/test test/report/gitea.test.ts

chaos: build ## Hit real hosts with overlapping calls, kills and power cuts for an hour
	@PATH="$$PATH:$$(sh scripts/tools-path)" $(NODE) test/chaos/main.ts

chaos-matrix: build ## Strike a real host with every fault in every state, and print state × fault
	@PATH="$$PATH:$$(sh scripts/tools-path)" $(NODE) test/chaos/matrix.ts

fuzz: setup ## Give every parser 100,000 random inputs, and run the property tests: make fuzz RUNS=… TEST_SEED=…
	@TEST_SEED=$${TEST_SEED:-$$(date +%s)} FUZZ_RUNS=$${RUNS:-100000} sh scripts/test 'test/fuzz/*.test.ts' \
		$$(grep -rl support/fast-check --include=*.test.ts test)

simulate: setup ## Run the program on simulated hosts, with faults: make simulate RUNS=… SEED=…
	@$(NODE) test/simulation/main.ts

simulate-pairs: setup ## Run every schedule of two processes with at most two preemptions, for hours
	@SEARCH=complete $(NODE) test/simulation/search-pairs.ts

demo: build ## Show the main job on a real host, in three acts
	@$(NODE) test/demo/demo.ts

picture: build ## Draw docs/demo.svg, the README's picture, from a run of the demo
	@$(NODE) test/demo/picture.ts

try: build ## Open a shell on a throw-away host with a deploy to finalize
	@$(NODE) test/newcomer/try.ts

bench: build ## Measure speed, memory and punctuality against a plain shell script
	@$(NODE) bench/bench.ts

bench-fleet: setup ## Let simulated hosts share the slots of a real etcd, and roll out in waves
	@PATH="$$PATH:$$(sh scripts/tools-path)" $(NODE) bench/fleet/bench.ts
	@PATH="$$PATH:$$(sh scripts/tools-path)" $(NODE) bench/fleet/rollouts/bench.ts

format: setup ## Format the sources
	@$(BIN)/oxfmt src test bench scripts

docs: setup ## Make what is made from the program anew: man page, completions, docs/commands.md, docs/json.md
	@$(NODE) scripts/docs/make.ts

man: setup ## Make the man page, dist/deploy-finalize.8; needs scdoc
	@mkdir -p dist
	@scdoc <man/deploy-finalize.8.scd >dist/deploy-finalize.8

clean: ## Remove what was built
	rm -rf dist
