#!/usr/bin/env python3
"""A large, valid policy bundle: make_bundle.py AGREEMENTS ORGANISATIONS FILE

Regions of trusts, practices and councils with agreements between them, by
name, by kind and by group, so that looking it over has real work to do.
"""
import random
import sys


def main(agreements, organisations, path):
    rng = random.Random(1)
    kinds = ["nhs-trust", "gp-practice", "local-authority", "charity"]
    ids = []
    with open(path, "w", encoding="ascii") as out:
        put = out.write
        put("almoner: 1\nbundle: large\nkinds: [%s]\n" % ", ".join(kinds))
        put("purposes:\n")
        put("  - {id: direct-care, class: care, recipients: [any]}\n")
        put("  - {id: planning, class: secondary, recipients: [any]}\n")
        put("categories:\n")
        for i in range(32):
            put("  - id: c%02d\n" % i)
        put("organisations:\n")
        for i in range(organisations):
            kind = kinds[0 if i % 20 == 0 else 1 if i % 20 < 14 else
                         2 if i % 20 < 16 else 3]
            ids.append("O%05d" % i)
            put("  - id: %s\n    name: Organisation %d\n    kind: %s\n" %
                (ids[i], i, kind))
        put("groups:\n")
        for i in range(0, organisations, 100):
            put("  - id: area-%d\n    members:\n" % (i // 100))
            for member in ids[i:i + 100]:
                put("      - organisation: %s\n" % member)
        put("agreements:\n")
        for i in range(agreements):
            a = rng.randrange(organisations)
            area = a // 100
            to = (rng.choice(ids[area * 100:area * 100 + 100])
                  if i % 10 else "group:area-%d" % area if i % 50
                  else "kind:charity")
            put("""  - id: DSA-%05d
    title: Agreement %d between members of an area
    from: [%s]
    to: [%s]
    purposes: [direct-care]
    categories: [c%02d, c%02d]
    identifiability: identifiable
    relationship: required
    consent: implied
    opt-out: not-applicable
    valid: 2025-04-01 until further notice
    law: {article-6: 6(1)(e), article-9: 9(2)(h), confidentiality: implied-consent}
    evidence: [DPIA-%d]
    approved-by: [caldicott.guardian, senior.risk.owner]
""" % (i, i, ids[a], to, rng.randrange(32), rng.randrange(32), i))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
