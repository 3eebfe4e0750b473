"""Writes the table of clock changes that test/record/zone.test.ts compares with: from the compiled
files of the system's time zone data (RFC 8536), read here and nowhere else.

    python3 test/record/zones.py > test/record/zones.txt      # the zones of the test
    python3 test/record/zones.py --all > FILE                 # every zone; ZONES=FILE npm test -- zone
"""

import calendar
import os
import struct
import sys

FOLDER = "/usr/share/zoneinfo"
ZONES = """
Africa/Cairo Africa/Monrovia America/Caracas America/Goose_Bay America/New_York
America/Sao_Paulo America/St_Johns Antarctica/Troll Asia/Gaza Asia/Kathmandu Asia/Pyongyang
Asia/Tehran Australia/Lord_Howe Europe/Berlin Europe/Dublin Europe/Istanbul Europe/Lisbon
Europe/London Europe/Moscow Europe/Zurich Pacific/Apia Pacific/Chatham
""".split()
FIRST = calendar.timegm((1945, 1, 1, 0, 0, 0))
END = calendar.timegm((2038, 1, 1, 0, 0, 0))


def changes(zone):
    """The first offset, then (instant, offset) of each change, in seconds."""
    with open(os.path.join(FOLDER, zone), "rb") as file:
        data = file.read()
    assert data[:4] == b"TZif", zone

    def header(at):
        return struct.unpack(">6I", data[at + 20 : at + 44])

    utc, std, leap, times, types, chars = header(0)
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + std + utc
    assert data[at : at + 4] == b"TZif", zone
    times, types = header(at)[3:5]
    at += 44
    instants = struct.unpack(f">{times}q", data[at : at + 8 * times])
    kinds = data[at + 8 * times : at + 9 * times]
    at += 9 * times
    offsets = [struct.unpack(">i", data[at + 6 * n : at + 6 * n + 4])[0] for n in range(types)]
    found, offset = [], offsets[0]
    for instant, kind in zip(instants, kinds):
        if offsets[kind] != offset:
            found.append((instant, offsets[kind]))
        offset = offsets[kind]
    return offsets[0], found


def line(zone):
    offset, found = changes(zone)
    text = []
    for instant, after in found:
        if instant < FIRST:
            offset = after
        elif instant < END:
            text.append(f"{instant}:{after}")
    return " ".join([zone, str(offset), *text])


def version():
    with open(os.path.join(FOLDER, "tzdata.zi"), encoding="utf-8") as file:
        return file.readline().split()[-1]


def every_zone():
    for folder, _, names in os.walk(FOLDER):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), FOLDER)
            with open(os.path.join(FOLDER, path), "rb") as file:
                if file.read(4) == b"TZif" and not path.startswith(("posix", "right", "localtime")):
                    yield path


def main():
    zones = sorted(every_zone()) if "--all" in sys.argv else ZONES
    print(f"# tzdata {version()}: zone, offset of 1945-01-01, then instant:offset of each change to 2037")
    for zone in zones:
        print(line(zone))


main()
