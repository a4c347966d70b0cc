"""Fuzzes `esw serve` by its own OpenAPI document, with schemathesis.

    fuzz.py PROGRAM [--requests N] [--seed S]

Requests that keep to the document and such that break it, alone and in chains along its links, signed by the
vendor's signer. An answer of 5xx, or one that breaks the document, ends it with status 1, after the request as a
curl command and the seed. Ctrl-C ends it with what was seen until then.
"""
import argparse
import collections
import json
import random
import re
import signal
import sys
import time

import jsonschema_rs
import requests
import schemathesis
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import load_all_checks
from schemathesis.engine import Status, events, from_schema

from known import Known
from server import Server, Signature

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
          "response_headers_conformance", "use_after_free", "ensure_resource_availability", "takes_no_undocumented_body"]
# The first of a long run goes through every boundary value that schemathesis knows; the others are chance alone.
# A store that grows for ever makes pages that take longer to judge than to make.
REQUESTS_OF_A_ROUND = 5_000
MOST_FAILURES = 10


class Round:
    """One server, one seed."""

    # Hooks are registered once for all.
    current = None

    def __init__(self, program, seed, limit, is_thorough):
        self.seed, self.limit, self.is_thorough = seed, limit, is_thorough
        self.statuses = collections.Counter()
        self.operations = collections.defaultdict(collections.Counter)
        self.failures = {}
        self.is_interrupted = False
        self.server = Server(program)
        chance = random.Random(seed)
        self.known = Known(self.server, chance)
        self.signature = Signature(self.server, chance, wrong=0.02)

    @property
    def requests(self):
        return self.statuses.total()

    def run(self, progress):
        Round.current = self
        try:
            self.bodies = validators_of_bodies(self.server)
            schema = schemathesis.openapi.from_url(
                f"{self.server.endpoint}/openesw/v1/openapi.json", config=self.config())
            while self.requests < self.limit and not self.failures and not self.is_interrupted:
                self.follow(from_schema(schema).execute(), progress)
        finally:
            faults = self.server.stop()
        for fault in faults:
            self.failures.setdefault(fault, fault)

    def config(self):
        return schemathesis.Config.from_dict({
            "seed": self.seed, "max-failures": MOST_FAILURES, "continue-on-failure": True, "workers": 1,
            "request-timeout": 30, "suppress-health-check": ["all"],
            "generation": {"mode": "all", "max-examples": 5 if self.limit < REQUESTS_OF_A_ROUND else 40, "no-shrink": True,
                           "with-security-parameters": False, "database": "none"},
            "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
            # A method that an operation does not have is as unknown as a path (404 by the contract).
            "phases": {"coverage": {"enabled": self.is_thorough, "unexpected-methods": []}},
            "output": {"sanitization": {"enabled": False}},
        })

    def before_call(self, case, kwargs):
        self.known.furnish()
        self.known.fill(case)
        kwargs["auth"] = self.signature

    def after_call(self, case, response):
        self.statuses[response.status_code] += 1
        self.operations[case.operation.definition.raw["operationId"]][response.status_code] += 1
        self.known.learn(case.method, case.path_parameters, response)

    def follow(self, stream, progress):
        stops = False
        for event in stream:
            progress(self)
            if isinstance(event, events.Interrupted) and not stops:
                self.is_interrupted = True
            if isinstance(event, events.NonFatalError):
                self.failures.setdefault(f"schemathesis: {event.info}", "")
            if isinstance(event, events.FatalError):
                self.failures.setdefault(f"schemathesis: {event.exception!r}", "")
            if isinstance(event, events.ScenarioFinished):
                self.keep_failures(event.recorder)
            if self.requests >= self.limit or len(self.failures) >= MOST_FAILURES or self.is_interrupted:
                stops = True
                stream.stop()

    def keep_failures(self, recorder):
        for checks in recorder.checks.values():
            for check in checks:
                if check.status == Status.FAILURE:
                    failure = check.failure_info.failure
                    title = f"{check.name} of {failure.operation}: {failure.title}"
                    message = re.sub("^", "    ", f"{failure.message}\n{check.failure_info.code_sample}", flags=re.M)
                    self.failures.setdefault(title, message)


@schemathesis.check
def takes_no_undocumented_body(ctx, response, case):
    """schemathesis has a check of its own for this (`negative_data_rejection`), which goes by what it meant to break;
    this one goes by what was sent, which `Known` may have changed."""
    validator = Round.current.bodies.get(case.operation.definition.raw["operationId"])
    if validator and response.status_code < 300 and not validator.is_valid(json.loads(response.request.body)):
        reasons = "\n".join(error.message for error in validator.iter_errors(json.loads(response.request.body)))
        raise AssertionError(f"{response.status_code} for a body that breaks the document: {reasons}")


@schemathesis.hook
def before_call(context, case, kwargs):
    Round.current.before_call(case, kwargs)


@schemathesis.hook
def after_call(context, case, response):
    Round.current.after_call(case, response)


def validators_of_bodies(server):
    """By operation, where it has a body."""
    document = requests.get(f"{server.endpoint}/openesw/v1/openapi.json", timeout=30).json()
    validators = {}
    for item in document["paths"].values():
        for method, operation in item.items():
            if method != "parameters" and "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                validators[operation["operationId"]] = jsonschema_rs.Draft202012Validator(
                    {**schema, "components": document["components"]}, validate_formats=True)
    return validators


class Progress:
    """A line every few seconds, so that who waits sees that it goes on."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.done = 0
        self.start = self.said = time.monotonic()

    def __call__(self, current):
        now = time.monotonic()
        if now - self.said >= 10:
            self.said = now
            self.say(current.requests)

    def say(self, more=0):
        seconds = time.monotonic() - self.start
        done = self.done + more
        print(f"{done} of {self.wanted} requests in {seconds:.0f} s, {done / seconds:.0f} a second", flush=True)


def summary(rounds):
    """Answers by operation and status: what never succeeded was not tested deeply."""
    operations = collections.defaultdict(collections.Counter)
    for each in rounds:
        for name, statuses in each.operations.items():
            operations[name].update(statuses)
    for name, statuses in sorted(operations.items()):
        print(f"  {name:<28}" + "  ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))


def check_document(program):
    server = Server(program)
    try:
        document = requests.get(f"{server.endpoint}/openesw/v1/openapi.json", timeout=30).json()
    finally:
        server.stop()
    errors = [f"{'/'.join(map(str, error.path))}: {error.message}"
              for error in OpenAPIV31SpecValidator(document).iter_errors()]
    if errors:
        sys.exit("The document is no OpenAPI 3.1:\n" + "\n".join(errors[:10]))
    print(f"The document is valid OpenAPI 3.1, with {sum(len(item) for item in document['paths'].values())} entries.")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("program")
    arguments.add_argument("--requests", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    load_all_checks()
    check_document(options.program)
    progress = Progress(options.requests)
    rounds = []
    while progress.done < options.requests:
        seed = options.seed + len(rounds)
        limit = min(REQUESTS_OF_A_ROUND, options.requests - progress.done)
        current = Round(options.program, seed, limit, is_thorough=not rounds and limit == REQUESTS_OF_A_ROUND)
        rounds.append(current)
        try:
            current.run(progress)
        except KeyboardInterrupt:
            current.is_interrupted = True
        progress.done += current.requests
        if current.failures or current.is_interrupted:
            break
    progress.say()
    summary(rounds)
    last = rounds[-1]
    for title, message in last.failures.items():
        print(f"\nFAILED {title}\n{message}")
    if last.failures:
        sys.exit(f"\n{len(last.failures)} failures. Again: fuzz.py PROGRAM --seed {last.seed}")
    if last.is_interrupted:
        sys.exit("Interrupted; no failure until then.")
    print(f"No failure, seeds {options.seed} to {last.seed}.")


if __name__ == "__main__":
    main()
