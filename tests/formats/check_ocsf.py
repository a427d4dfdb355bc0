#!/usr/bin/env python3
"""Checks events, one a line, against the rules in ocsf.json, and that the
rules refuse them when they are broken.  Standard library only.

usage: check_ocsf.py EVENTS
"""
import copy
import json
import os
import sys

RULES = json.load(open(os.path.join(os.path.dirname(__file__), "ocsf.json")))
PLAIN = {"int": int, "str": str, "dict": dict, "list": list, "bool": bool}


class Fault(Exception):
    pass


def check_value(path, value, kind):
    if kind not in PLAIN:
        check_object(path, value, RULES["objects"][kind])
    elif not isinstance(value, PLAIN[kind]) or (
            kind == "int" and isinstance(value, bool)):
        raise Fault(f"{path}: not of type {kind}")
    elif kind == "str" and not value:
        raise Fault(f"{path}: empty")


def check_object(path, value, rule):
    if not isinstance(value, dict):
        raise Fault(f"{path}: no object")
    known = {**rule["required"], **rule["optional"]}
    for key in rule["required"]:
        if key not in value:
            raise Fault(f"{path}.{key}: missing")
    for key in value:
        if key not in known:
            raise Fault(f"{path}.{key}: unknown")
        check_value(f"{path}.{key}", value[key], known[key])
    if "any" in rule and not any(key in value for key in rule["any"]):
        raise Fault(f"{path}: none of {rule['any']}")


def check_event(event):
    base = RULES["base"]
    cls = RULES["classes"].get(str(event.get("class_uid")))
    if cls is None:
        raise Fault("unknown class")
    check_object(cls["name"], event, {
        "required": {**base["required"], **cls["required"]},
        "optional": {**base["optional"], **cls["optional"]},
        **({"any": cls["any"]} if "any" in cls else {})})
    if event["activity_id"] not in cls["activities"]:
        raise Fault("unknown activity")
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        raise Fault("type_uid is not made of class and activity")
    if event["category_uid"] != cls["category"]:
        raise Fault("another category")
    if not 1_500_000_000_000 < event["time"] < 5_000_000_000_000:
        raise Fault("time is not in milliseconds")
    for key, values in base["enums"].items():
        if key in event and event[key] not in values:
            raise Fault(f"{key}: {event[key]}")


def refuses(event, what):
    try:
        check_event(event)
    except Fault:
        return
    sys.exit(f"check_ocsf.py: {what} was taken")


def main():
    events = [json.loads(line) for line in open(sys.argv[1])]
    for event in events:
        try:
            check_event(event)
        except Fault as fault:
            sys.exit(f"check_ocsf.py: {fault}: {event}")
    for event in events:
        cls = RULES["classes"][str(event["class_uid"])]
        for key in {**RULES["base"]["required"], **cls["required"]}:
            broken = copy.deepcopy(event)
            del broken[key]
            refuses(broken, f"an event without {key}")
        refuses({**event, "type_uid": 1}, "another type_uid")
        refuses({**event, "time": event["time"] // 1000}, "time in seconds")
    print(" ".join(sorted({str(e["class_uid"]) for e in events})))


main()
