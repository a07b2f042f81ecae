#!/usr/bin/env python3
"""Checks that the licences of all dependencies are what `deny.toml` allows, and no more than is needed, and that `NOTICES` is of these
dependencies. With --write it writes `NOTICES`. It builds nothing: it reads `cargo metadata` and the packages that cargo has."""
import json, os, re, subprocess, sys

HEAD = """pipe is under the Apache License 2.0. It and the three handlers that it deploys contain Rust's standard library (Apache-2.0, from
https://www.rust-lang.org) and the crates below. What is under several licences is taken under the one that is named. The source of
each is at https://crates.io/crates/NAME/VERSION. MiniStack, which `pipe dev` installs, is no part of pipe.

"""
FILES = re.compile(r"(un)?licen[cs]es?|copying|copyright|notice", re.I)
COPYRIGHT = re.compile(r"\W*copyright\b.*(\d{4}|\(c\)|©)", re.I)
TOP = 10
MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy"


def choose(expression, allowed):
    """The licences to take of an SPDX expression, the ones that are allowed first; None where there is no such choice."""
    words = re.findall(r"[()]|[^\s()/]+|/", expression.replace(" WITH ", "+WITH+"))
    rank = lambda taken: max(map(allowed.index, taken))

    def either():
        found = [both()]
        while words and words[0] in ("OR", "/"):
            words.pop(0)
            found.append(both())
        return min((taken for taken in found if taken), key=rank, default=None)

    def both():
        found = [one()]
        while words and words[0] == "AND":
            words.pop(0)
            found.append(one())
        return frozenset().union(*found) if all(found) else None

    def one():
        word = words.pop(0)
        if word != "(":
            name = word.replace("+WITH+", " WITH ")
            return frozenset([name]) if name in allowed else None
        inner = either()
        words.pop(0)
        return inner

    return either()


def shipped(packages, nodes):
    """What is linked into `pipe` and its handlers: their dependencies but those of builds and tests."""
    seen, todo = set(), [i for i, package in packages.items() if package["name"] in ("pipe", "pipe-handlers")]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += [d["pkg"] for d in nodes[one]["deps"] if any(kind["kind"] is None for kind in d["dep_kinds"])]
    found = [packages[one] for one in seen if packages[one]["source"]]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def texts(package, all_of_them):
    """Texts that come with a package: each as the lines about copyright at its top, and the rest. Notices always, licences where
    asked for."""
    folder = os.path.dirname(package["manifest_path"])
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if place == folder and FILES.match(one))
        for name in sorted(name for name in names if place != folder or FILES.match(name)):
            if all_of_them or name.upper().startswith("NOTICE"):
                with open(os.path.join(place, name), encoding="utf-8", errors="replace") as file:
                    lines = [line.rstrip() for line in file]
                owners = [line for line in lines[:TOP] if COPYRIGHT.match(line)]
                rest = [line for line in lines[:TOP] if line not in owners] + lines[TOP:]
                yield [line.strip(" \t/*#") for line in owners], "\n".join(rest).strip("\n")


def notices(crates, allowed, apache):
    """The whole of `NOTICES`: the list of crates, then each text once, with those that it is of."""
    listed, found = "", {}
    bare = []
    for crate in crates:
        taken, name = choose(crate["license"], allowed), f"{crate['name']} {crate['version']}"
        listed += f"{name}: {' AND '.join(sorted(taken))}\n"
        own = list(texts(crate, taken != {"Apache-2.0"}))
        for owners, text in own:
            of = found.setdefault(" ".join(text.split()), (text, []))[1]
            of += [(name, owners)] if (name, owners) not in of else []
        if not own and taken != {"Apache-2.0"}:
            assert taken == {"MIT"}, f"{name} has no text of {taken}"
            bare.append((name, [f"Copyright (c) {', '.join(crate['authors']) or 'its authors'}"]))
    # A package without a text: the words that most of the others have.
    mit = max((key for key in found if MIT in key[:200]), key=lambda key: len(found[key][1]))
    found[mit][1].extend(bare)
    for text, of in [(apache, [("all that is taken under Apache-2.0", [])]), *found.values()]:
        listed += "\n" + "=" * 80 + "\n"
        for name, owners in of:
            listed += f"{name}{': ' if owners else ''}{'; '.join(owners)}\n"
        listed += f"\n{text}\n"
    return HEAD + listed


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    with open("deny.toml", encoding="utf-8") as file:
        deny = file.read()
    strings = lambda key: re.findall(r'"([^"]+)"', re.search(rf"^{key} = \[(.*?)\]", deny, re.M | re.S).group(1))
    allowed = strings("allow")
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    command += [word for target in strings("targets") for word in ("--filter-platform", target)]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    named = lambda package: f"{package['name']} {package['version']}"
    licences = {named(package): package["license"] or "none" for package in packages.values()}
    wrong = [f"{name}: `{of}` is not allowed by deny.toml" for name, of in licences.items() if not choose(of, allowed)]
    for one in allowed:
        others = [other for other in allowed if other != one]
        if all(choose(of, others) for of in licences.values()):
            wrong.append(f"deny.toml allows `{one}`, which nothing needs")
    if not wrong:
        nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        with open("LICENSE", encoding="utf-8") as file:
            text = notices(shipped(packages, nodes), allowed, file.read().strip("\n"))
        if "--write" in sys.argv:
            with open("NOTICES", "w", encoding="utf-8") as file:
                file.write(text)
        elif not os.path.exists("NOTICES") or open("NOTICES", encoding="utf-8").read() != text:
            wrong.append("NOTICES is not of these dependencies: run .ci/licenses.py --write")
    sys.exit("\n".join(wrong) or None)


main()
