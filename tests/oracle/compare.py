"""Put the same input to `almoner policy decide` and to the oracle."""
import json
import os
import subprocess
import tempfile

import person
import policy
import rule

TOP = ("kinds", "hosted-kinds")


def dump(value):
    return json.dumps(value, ensure_ascii=False)


def bundle_text(bundle):
    """A bundle as YAML, one item of a list a line."""
    lines = []
    for key, value in bundle.items():
        if type(value) is str or key in TOP:
            lines.append("%s: %s" % (key, dump(value)))
        else:
            lines.append(key + ":")
            lines += ["  - " + dump(item) for item in value]
    return "\n".join(lines) + "\n"


class Refused(Exception):
    """The program did not take the bundle or the records."""


def ask(almoner, bundle, records, lines, max_age=None):
    """The lines that the program answers."""
    return ask_raw(almoner, bundle, [dump(record) for record in records],
                   lines, max_age)


def ask_raw(almoner, bundle, people, lines=(), max_age=None):
    """The same with the records as they stand in a file."""
    with tempfile.TemporaryDirectory() as folder:
        policy_file = os.path.join(folder, "bundle.yaml")
        people_file = os.path.join(folder, "people.ndjson")
        with open(policy_file, "w", encoding="utf-8") as file:
            file.write(bundle_text(bundle))
        with open(people_file, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in people)
        command = [almoner, "policy", "decide", "--quiet", "--bundle",
                   policy_file, "--people", people_file]
        if max_age is not None:
            command += ["--max-opt-out-age", "%ds" % max_age]
        text = "".join(line + "\n" for line in lines)
        done = subprocess.run(command, input=text.encode(),
                              capture_output=True, check=False)
    if done.returncode != 0:
        raise Refused("exit %d: %s" % (done.returncode,
                                       done.stderr.decode()[:2000]))
    return done.stdout.decode().splitlines()


def answer_text(answer):
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


class Batch:
    """One bundle, its people and some requests, decided twice."""

    def __init__(self, bundle, records, lines, max_age=None):
        self.bundle = bundle
        self.records = records
        self.lines = lines
        self.max_age = max_age

    def expected(self):
        words = policy.Policy(self.bundle)
        people = person.gather(self.records)
        age = 168 * 3600 if self.max_age is None else self.max_age
        return [rule.decide(words, people, line, age)
                for line in self.lines]

    def differences(self, almoner):
        """All expected answers, and the (line, expected, got) that differ."""
        answers = self.expected()
        got = ask(almoner, self.bundle, self.records, self.lines,
                  self.max_age)
        if len(got) != len(answers):
            raise Refused("%d answers to %d requests" % (len(got),
                                                         len(answers)))
        found = []
        for line, mine, theirs in zip(self.lines, answers, got):
            if answer_text(mine) != theirs and differs(mine, theirs):
                found.append((line, mine, theirs))
        return answers, found


def differs(mine, theirs):
    """Whether some field differs; neither order nor space is a field."""
    try:
        return json.loads(theirs) != mine
    except ValueError:
        return True


def explain(mine, theirs):
    """The fields that differ, a line each."""
    try:
        other = json.loads(theirs)
    except ValueError:
        return ["the answer is not JSON: " + theirs]
    return ["%s: the page says %s, the program %s"
            % (key, dump(mine.get(key)), dump(other.get(key)))
            for key in list(mine) + [k for k in other if k not in mine]
            if mine.get(key, "absent") != other.get(key, "absent")]
