"""Fuzzes `esw serve` by its own OpenAPI document, with schemathesis.

    fuzz.py PROGRAM [--requests N] [--seed S] [--jobs J]

Requests that keep to the document and such that break it, alone and in chains along its links, signed by the
vendor's signer. An answer of 5xx, or one that breaks the document, ends it with status 1, after the request as a
curl command and the seed. Ctrl-C ends it with what was seen until then.

Nearly all of the time goes into making requests, not into answering them: rounds, each with a seed and a server of its
own, run side by side.
"""
import argparse
import collections
import dataclasses
import json
import multiprocessing
import multiprocessing.connection
import os
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
from schemathesis.specs.openapi.checks import ensure_resource_availability

from known import RELATIONS, Known
from server import Server, Signature

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
          "response_headers_conformance", "use_after_free", "finds_what_was_made", "takes_no_undocumented_body"]
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
        # Requests that ask for something else than the link that led to them said.
        self.redirected = set()
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
        if self.known.fill(case):
            self.redirected.add(case.id)
        kwargs["auth"] = self.signature

    def after_call(self, case, response):
        self.statuses[response.status_code] += 1
        self.operations[case.operation.definition.raw["operationId"]][response.status_code] += 1
        self.known.learn(case.method, case.path, case.path_parameters, response)

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


@schemathesis.check
def finds_what_was_made(ctx, response, case):
    # Of a relation 404 says "no", and nothing about the two.
    if case.id in Round.current.redirected or RELATIONS.search(case.operation.path):
        return None
    return ensure_resource_availability(ctx, response, case)


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
            if method != "parameters" and "application/json" in operation.get("requestBody", {}).get("content", {}):
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                validators[operation["operationId"]] = jsonschema_rs.Draft202012Validator(
                    {**schema, "components": document["components"]}, validate_formats=True)
    return validators


@dataclasses.dataclass
class Outcome:
    """Of a round, as its process hands it on."""
    seed: int
    operations: dict
    failures: dict
    is_interrupted: bool


class RoundProcess:
    """A round in a process of its own: schemathesis keeps one process busy, and its hooks are global."""

    def __init__(self, program, seed, limit, is_thorough):
        self.seed = seed
        self.limit = limit
        self.requests = 0
        self.outcome = None
        self.news, other_end = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(target=self.work, args=(other_end, program, seed, limit, is_thorough))
        self.process.start()
        other_end.close()

    @staticmethod
    def work(news, program, seed, limit, is_thorough):
        # A terminal sends Ctrl-C to every process; the run passes it on, once.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        said = time.monotonic()

        def progress(current):
            nonlocal said
            if time.monotonic() - said >= 1:
                said = time.monotonic()
                news.send(current.requests)

        current = Round(program, seed, limit, is_thorough)
        try:
            current.run(progress)
        except KeyboardInterrupt:
            current.is_interrupted = True
        news.send(current.requests)
        news.send(Outcome(seed, dict(current.operations), current.failures, current.is_interrupted))

    def listen(self):
        try:
            told = self.news.recv()
        except EOFError:
            self.process.join()
            told = Outcome(self.seed, {}, {f"the round ended with status {self.process.exitcode}": ""}, False)
        if isinstance(told, Outcome):
            self.outcome = told
            self.process.join()
        else:
            self.requests = told

    def interrupt(self):
        self.process.terminate()


class Run:
    """Rounds side by side until there were requests enough, one failed, or somebody interrupts."""

    def __init__(self, options):
        self.options = options
        self.rounds = []
        self.stops = False
        self.start = self.said = time.monotonic()

    def start_rounds(self):
        running = [each for each in self.rounds if not each.outcome]
        promised = sum(each.requests if each.outcome else each.limit for each in self.rounds)
        while not self.stops and len(running) < self.options.jobs and promised < self.options.requests:
            limit = min(REQUESTS_OF_A_ROUND, self.options.requests - promised)
            is_thorough = self.options.boundaries and not self.rounds and limit == REQUESTS_OF_A_ROUND
            running.append(
                RoundProcess(self.options.program, self.options.seed + len(self.rounds), limit, is_thorough))
            self.rounds.append(running[-1])
            promised += limit
        return {each.news: each for each in running}

    def carry_out(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop())
        while running := self.start_rounds():
            for news in multiprocessing.connection.wait(running, timeout=1):
                running[news].listen()
            if any(each.outcome and each.outcome.failures for each in self.rounds):
                self.stop()
            if time.monotonic() - self.said >= 10:
                self.say()
        self.say()

    def stop(self):
        if not self.stops:
            self.stops = True
            for each in self.rounds:
                if not each.outcome:
                    each.interrupt()

    def say(self):
        """A line every few seconds, so that who waits sees that it goes on."""
        self.said = time.monotonic()
        seconds = self.said - self.start
        done = sum(each.requests for each in self.rounds)
        print(f"{done} of {self.options.requests} requests in {seconds:.0f} s, {done / seconds:.0f} a second", flush=True)

    @property
    def outcomes(self):
        return [each.outcome for each in self.rounds]


def summary(outcomes):
    """Answers by operation and status: what never succeeded was not tested deeply."""
    operations = collections.defaultdict(collections.Counter)
    for each in outcomes:
        for name, statuses in each.operations.items():
            operations[name].update(statuses)
    for name, statuses in sorted(operations.items()):
        print(f"  {name:<46}" + "  ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))


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
    arguments.add_argument("--jobs", type=int, default=os.cpu_count(), help="rounds at a time (default: one a core)")
    arguments.add_argument("--boundaries", action=argparse.BooleanOptionalAction, default=True,
                           help="every boundary value in the first round (default: in runs of 5,000 requests and more)")
    options = arguments.parse_args()
    load_all_checks()
    check_document(options.program)
    run = Run(options)
    run.carry_out()
    summary(run.outcomes)
    failed = [each for each in run.outcomes if each.failures]
    for each in failed:
        for title, message in each.failures.items():
            print(f"\nFAILED with seed {each.seed}: {title}\n{message}")
    if failed:
        boundaries = "" if failed[0].seed == options.seed else " --no-boundaries"
        sys.exit(f"\nAgain: fuzz.py PROGRAM --jobs 1 --seed {failed[0].seed}{boundaries}")
    if any(each.is_interrupted for each in run.outcomes):
        sys.exit("Interrupted; no failure until then.")
    print(f"No failure, seeds {options.seed} to {run.rounds[-1].seed}.")


if __name__ == "__main__":
    main()
