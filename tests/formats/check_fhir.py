#!/usr/bin/env python3
"""Checks a Bundle of AuditEvents against the rules in fhir_r4.json, and that
the rules refuse it when it is broken.  Standard library only.

usage: check_fhir.py BUNDLE
"""
import copy
import json
import os
import random
import re
import sys

RULES = json.load(
    open(os.path.join(os.path.dirname(__file__), "fhir_r4.json")))
SOURCE = ("https://profiles.ihe.net/ITI/BALP/StructureDefinition/"
          "IHE.BasicAudit.PrivacyDisclosure.Source")
DCM = "http://dicom.nema.org/resources/ontology/DCM"


class Fault(Exception):
    pass


def check_primitive(path, value, words):
    name = words[0]
    if name == "boolean":
        if not isinstance(value, bool):
            raise Fault(f"{path}: not a boolean")
        return
    if not isinstance(value, str) or not re.fullmatch(
            RULES["primitives"][name], value):
        raise Fault(f"{path}: not a {name}: {value!r}")
    if len(words) > 1 and value not in RULES["value_sets"][words[1]]:
        raise Fault(f"{path}: {value!r} is not of {words[1]}")


def check_value(path, value, words):
    if words[0] not in RULES["types"]:
        check_primitive(path, value, words)
        return
    if not isinstance(value, dict) or not value:
        raise Fault(f"{path}: no object, or an empty one")
    check_object(path, value, words[0])
    if words[0] == "Coding" and "system" in value:
        codes = RULES["code_systems"].get(value["system"])
        if codes is not None and value.get("code") not in codes:
            raise Fault(f"{path}: {value.get('code')!r} is no code of "
                        f"{value['system']}")


def check_object(path, value, type_name):
    elements = RULES["types"][type_name]
    for key in value:
        if key not in elements and not (
                key == "resourceType" and "." not in type_name):
            raise Fault(f"{path}.{key}: unknown")
    for key, rule in elements.items():
        cardinality, *words = rule.split()
        low, high = cardinality.split("..")
        if key not in value:
            if low == "1":
                raise Fault(f"{path}.{key}: missing")
            continue
        if high == "1":
            check_value(f"{path}.{key}", value[key], words)
            continue
        if not isinstance(value[key], list) or not value[key]:
            raise Fault(f"{path}.{key}: no list, or an empty one")
        for i, item in enumerate(value[key]):
            check_value(f"{path}.{key}[{i}]", item, words)


def agents_of(event, code):
    return [a for a in event["agent"]
            if any(c.get("system") == DCM and c.get("code") == code
                   for c in a.get("type", {}).get("coding", []))]


def check_source_profile(event):
    if event["type"].get("code") != "110106" or event.get("action") != "R":
        raise Fault("BALP: not an export that is read")
    if not any(c.get("code") == "disclose" for c in event["subtype"]):
        raise Fault("BALP: not a disclosure")
    if "outcome" not in event:
        raise Fault("BALP: no outcome")
    for code in ("110153", "110152"):
        agents = agents_of(event, code)
        if len(agents) != 1:
            raise Fault(f"BALP: not one agent {code}")
        if "who" not in agents[0] or "network" not in agents[0]:
            raise Fault(f"BALP: agent {code} without who or network")
    if agents_of(event, "110153")[0]["who"] != event["source"]["observer"]:
        raise Fault("BALP: the source is not the observer")
    entities = event.get("entity", [])
    patients = [e for e in entities
                if e.get("type", {}).get("code") == "1"
                and e.get("role", {}).get("code") == "1"]
    if len(entities) < 2 or len(patients) != 1:
        raise Fault("BALP: not one patient among two entities or more")


def check_event(event):
    if event.get("resourceType") != "AuditEvent":
        raise Fault("not an AuditEvent")
    for entity in event.get("entity", []):
        if "name" in entity and "query" in entity:
            raise Fault("sev-1: an entity has a name or a query, not both")
    if SOURCE in event.get("meta", {}).get("profile", []):
        check_source_profile(event)


def check_bundle(bundle):
    if bundle.get("resourceType") != "Bundle":
        raise Fault("not a Bundle")
    check_value("Bundle", bundle, ["Bundle"])
    ids = [e["resource"]["id"] for e in bundle.get("entry", [])]
    if len(set(ids)) != len(ids):
        raise Fault("two events have one id")
    for entry in bundle.get("entry", []):
        check_event(entry["resource"])


def required(value, type_name, found, holder=None):
    """Every place that something must stand at, as (object, key)."""
    for key, rule in RULES["types"][type_name].items():
        cardinality, *words = rule.split()
        if key not in value:
            continue
        if cardinality.startswith("1"):
            found.append((value, key))
        items = value[key] if isinstance(value[key], list) else [value[key]]
        if words[0] in RULES["types"]:
            for item in items:
                required(item, words[0], found)


def refuses(bundle, what):
    try:
        check_bundle(bundle)
    except Fault:
        return
    sys.exit(f"check_fhir.py: {what} was taken")


def check_the_checks(bundle):
    """A validator that takes everything would prove nothing."""
    count = len(bundle["entry"])
    rng = random.Random(7)
    for _ in range(60):
        broken = copy.deepcopy(bundle)
        places = []
        required(broken, "Bundle", places)
        holder, key = rng.choice(places)
        del holder[key]
        refuses(broken, f"a bundle without {key}")
    for key, value in (("recorded", "yesterday"), ("outcome", "1"),
                       ("action", "X"), ("agent", []), ("severity", "high"),
                       ("id", "a b")):
        broken = copy.deepcopy(bundle)
        broken["entry"][rng.randrange(count)]["resource"][key] = value
        refuses(broken, f"{key} = {value!r}")
    for entry in bundle["entry"]:
        if "meta" in entry["resource"]:
            broken = copy.deepcopy(bundle)
            event = broken["entry"][bundle["entry"].index(entry)]["resource"]
            event["source"]["observer"]["identifier"]["value"] = "other"
            refuses(broken, "another observer")
            return
    sys.exit("check_fhir.py: no event follows the profile of BALP")


def main():
    bundle = json.load(open(sys.argv[1]))
    try:
        check_bundle(bundle)
    except Fault as fault:
        sys.exit(f"check_fhir.py: {fault}")
    check_the_checks(bundle)
    print(len(bundle["entry"]))


main()
