# Everything runs on the project's own Node, see scripts/setup.
NODE = $(shell sh scripts/node-path)
BIN := node_modules/.bin
BUNDLE := dist/deploy-finalize.cjs

.PHONY: help build check demo bench test lint format types setup clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Install what is needed: npm packages and, as root on Debian, the test host's tools
	@sh scripts/setup

build: setup ## Bundle the program into dist/deploy-finalize.cjs
	@sh scripts/build

check: build ## Lint, type-check and run every test
	@sh scripts/check

test: build ## Run every test
	@sh scripts/test

demo: build ## Show the main job on a real host, in three acts
	@$(NODE) test/demo/demo.ts

bench: build ## Measure speed, memory and punctuality against a plain shell script
	@$(NODE) bench/bench.ts

format: setup ## Format the sources
	@$(BIN)/oxfmt src test bench

clean: ## Remove what was built
	rm -rf dist
