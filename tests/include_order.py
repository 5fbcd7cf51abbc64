#!/usr/bin/env python3
"""Checks who includes whom: the layers of docs/architecture.md, which a compiler flag cannot.

usage: include_order.py SOURCE_ROOT
Exits 1 and names file, line and rule for each breach.
"""
import pathlib
import re
import sys

# folder -> folders it may include, besides itself
MAY_INCLUDE = {
    "pch": {"base"},  # what is precompiled for several folders
    "base": set(),
    "domain": {"base"},
    "zones": {"base"},
    "store": {"base"},
    "engine": {"base", "domain", "store"},
    "audit": {"base", "domain", "store", "engine"},
    "backup": {"base", "store", "engine", "audit"},
    "vault": {"base", "store", "engine"},
    "net": {"base"},
    "providers": {"base", "domain", "zones", "net"},
    "sync": {"base", "domain", "zones", "store", "engine", "net", "providers"},
    "accounts": {"base", "domain", "store", "engine", "vault", "net", "providers", "sync"},
    "delivery": {"base", "domain", "store", "engine", "vault", "net"},
    "api": {"base", "domain", "store", "engine", "audit", "backup", "vault", "net", "providers", "sync",
            "accounts", "delivery"},
    "app": {"base", "domain", "store", "engine", "audit", "backup", "vault", "net", "providers", "sync",
            "accounts", "delivery", "api"},
}
# Of these folders only the named headers may be included by those above them.
NARROW = {
    ("sync", "providers"): {"providers/calendar_provider.h", "providers/calendar_watcher.h",
                            "providers/calendar_writer.h"},
    ("accounts", "providers"): {"providers/authorization.h", "providers/calendar_provider.h",
                                "providers/refresh_tokens.h"},
    ("sync", "net"): {"net/http.h"},
    ("delivery", "net"): {"net/http.h", "net/url.h", "net/address_guard.h",
                          "net/async_http_client.h"},
}
# Made by the build, so not below src/.
GENERATED = {"base/mutation_config.h"}
# library header -> the only folders that may name it
OWNED = {
    r"rocksdb/": {"store"},
    r"curl/": {"net"},
    r"httplib": {"net"},
    r"openssl/(?!evp\.h|crypto\.h|rand\.h)": {"net"},
    r"openssl/": {"net", "base"},
    r"libical/": {"sync/icalendar"},
    r"unicode/": {"zones", "sync/icalendar"},
    r"expat": {"providers/caldav"},
    r"toml\+\+/": {"app"},
    r"CLI/": {"app"},
    r"spdlog/": {"base"},
    r"prometheus/": {"base"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def breaches(root):
    source = root / "src"
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        relative = path.relative_to(source)
        folder = relative.parts[0]
        if folder not in MAY_INCLUDE:
            yield relative, 0, f"folder src/{folder} has no place in the include order"
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            quoted, header = found.group(1) == '"', found.group(2)
            if quoted:
                yield from ours(relative, number, folder, header, source)
            else:
                yield from theirs(relative, number, header)


def ours(relative, number, folder, header, source):
    target = header.split("/")[0]
    if header in GENERATED:
        return
    if not (source / header).exists():
        yield relative, number, f'"{header}" is not a path below src/'
    elif target != folder and target not in MAY_INCLUDE[folder]:
        yield relative, number, f"src/{folder} may not include src/{target} ({header})"
    elif (folder, target) in NARROW and header not in NARROW[(folder, target)]:
        yield relative, number, f"src/{folder} may include only {NARROW[(folder, target)]} of src/{target}"


def theirs(relative, number, header):
    for pattern, owners in OWNED.items():
        if re.match(pattern, header):
            if not any(str(relative).startswith(owner + "/") for owner in owners):
                yield relative, number, f"<{header}> may be named only in src/{', src/'.join(sorted(owners))}"
            return


def main():
    found = list(breaches(pathlib.Path(sys.argv[1])))
    for relative, number, rule in found:
        print(f"src/{relative}:{number}: {rule}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
