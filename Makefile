# OpenESW. `make run` and `make test` need a Debian with git, make and the Swift 6.3 toolchain, and
# install the rest themselves.

SWIFT ?= swift
# An import of a room that is not declared is an error; so is every warning (Package.swift).
STRICT := --explicit-target-dependency-import-check error
VENV := .venv
XDP_SUITES := "outer header|frame's class|flavor carries|does not fit|Several remotes|VXLAN from the underlay|both sides|Ten thousand"
PACKAGES := libbpf-dev libelf-dev libsqlite3-dev libzstd-dev zlib1g-dev pkg-config ethtool iproute2 iputils-ping
# What tests ask: a browser, a scraper, other people's firewalls, another reader of our frames.
TEST_PACKAGES := openssl python3-venv chromium prometheus iptables nftables tshark

.DEFAULT_GOAL := help
.PHONY: help run test check check-kernels build setup bench-datapath bench-scale bench-probes bench-api bench-metrics fuzz format golden recording screenshots datapath clean

help: ## Show this list.
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Install what is missing, build, and run the demo: a stretched subnet on this machine.
	@scripts/build-progress $(SWIFT) build $(STRICT) --product esw
	@folder=$$($(SWIFT) build --show-bin-path) && exec "$$folder/esw" demo $(ARGS)

test: setup .build/.test-packages $(VENV)/.ready check ## Install what is missing, build, and run all tests.
	$(SWIFT) build $(STRICT) --build-tests
	@# One after another: tests on the real kernel start programs and wait for packets, on two cores at that.
	SWIFT_BACKTRACE=enable=no ESW_PYTHON=$(CURDIR)/$(VENV)/bin/python \
		scripts/test-report $(SWIFT) test --skip-build --no-parallel
	@# The rules once more where XDP meets the frames first.
	SWIFT_BACKTRACE=enable=no ESW_TEST_XDP=on \
		scripts/test-report $(SWIFT) test --skip-build --no-parallel --filter $(XDP_SUITES)

check: setup ## Format, imports between rooms, warnings as errors, the eBPF object against its source.
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift
	Sources/CDatapath/build.sh --check
	$(SWIFT) build $(STRICT)

check-kernels: setup ## Boot older and newer kernels in an emulator, and let them judge the eBPF object; fetches them.
	@scripts/install-packages cpio gcc qemu-system-x86
	scripts/verify-on-kernel $(ARGS)

build: setup ## Build everything.
	$(SWIFT) build

setup: .build/.packages

# Quick when nothing is missing; asks for no password that it does not need.
.build/.packages: Makefile scripts/install-packages
	@scripts/install-packages $(PACKAGES)
	@mkdir -p .build && touch $@

.build/.test-packages: Makefile scripts/install-packages
	@scripts/install-packages $(TEST_PACKAGES)
	@mkdir -p .build && touch $@

# The vendor's SDK, for the tests that walk the API with it, schemathesis, and axe-core for the console.
$(VENV)/.ready: Tests/SDK/requirements.txt Tests/Fuzz/requirements.txt Tests/Console/requirements.txt | .build/.test-packages
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(addprefix -r ,$^)
	@touch $@

fuzz: setup $(VENV)/.ready ## 100,000 requests by the served OpenAPI document, good and bad; ARGS="--seed N" again.
	$(SWIFT) build -c release --product esw --scratch-path .build-release
	@$(VENV)/bin/python Tests/Fuzz/fuzz.py .build-release/release/esw $(ARGS)

datapath: ## Compile the eBPF programs again after a change of their source.
	Sources/CDatapath/build.sh

bench-datapath: setup ## Packets through the node against bridge and VXLAN device, Open vSwitch, and bench-scale; needs root.
	@scripts/install-packages ethtool iperf3 openvswitch-switch
	$(SWIFT) build -c release --product esw --scratch-path .build-release
	benchmarks/datapath .build-release/release/esw $(ARGS)
	$(if $(findstring --part,$(ARGS)),,benchmarks/scale .build-release/release/esw $(filter --quick,$(ARGS)))

bench-scale: setup ## Thousands of connections made and removed, against bridges and VXLAN devices; needs root.
	$(SWIFT) build -c release --product esw --scratch-path .build-release
	benchmarks/scale .build-release/release/esw $(ARGS)

bench-probes: setup ## What probing 1,000 connections costs an agent; needs root.
	$(SWIFT) build -c release --product esw --scratch-path .build-release
	benchmarks/probes .build-release/release/esw $(ARGS)

bench-api: setup ## The HTTP API against nginx and a Flask stub, writes, and a large store.
	@scripts/install-packages wrk nginx-light python3-venv
	@python3 -m venv $(VENV) && $(VENV)/bin/pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(SWIFT) build -c release --product esw --scratch-path .build-release
	$(VENV)/bin/python benchmarks/api .build-release/release/esw $(ARGS)

bench-metrics: setup ## A page of /metrics, and a node's report, with 4,000 connections.
	@scripts/install-packages python3-venv
	@python3 -m venv $(VENV) && $(VENV)/bin/pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(SWIFT) build -c release --product esw --scratch-path .build-release
	$(VENV)/bin/python benchmarks/metrics .build-release/release/esw $(ARGS)

screenshots: setup ## docs/images anew, of the console before the running demo; needs root.
	@scripts/install-packages chromium fonts-inter fonts-noto-cjk pngquant
	@scripts/build-progress $(SWIFT) build $(STRICT) --product esw
	scripts/screenshots "$$($(SWIFT) build --show-bin-path)/esw"

recording: setup .build/.test-packages ## docs/images/demo-break.svg anew: the doctor in a terminal; needs root.
	@scripts/build-progress $(SWIFT) build $(STRICT) --product esw
	@python3 -m venv $(VENV) && $(VENV)/bin/pip install --quiet --disable-pip-version-check termtosvg "setuptools<81"
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" scripts/recording "$$($(SWIFT) build --show-bin-path)/esw" $(ARGS)

golden: setup ## Write the golden files anew; their difference is the review.
	GOLDEN=rewrite $(SWIFT) test --filter ControlPlaneTests

format: ## Format all Swift sources.
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Package.swift

clean: ## Remove what was built.
	rm -rf .build .build-release $(VENV)
