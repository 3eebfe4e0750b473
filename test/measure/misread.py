"""Words and texts for test/measure/mojibake.ts, as JSON on standard output. Python's codecs make
them: the code that is measured has tables of its own.

    misread.py words SEED COUNT          [{language, word, codec, depth, text}]
    misread.py texts SEED COUNT          [{language, text}]: clean ones

What is not installed is said on standard error, and the exit code is 2.
"""

import json
import os
import random
import re
import sys

LISTS = {"German": ("ngerman", "wngerman"), "French": ("french", "wfrench"), "Polish": ("polish", "wpolish")}
CODECS = "cp1252 latin_1 mac_roman cp850 cp437 cp1250 cp1251 koi8_r".split()
DICTIONARIES = {
    "Polish": ("pl_PL", "hunspell-pl", "„”", "«»"),
    "Czech": ("cs_CZ", "hunspell-cs", "„“", "»«"),
    "Russian": ("ru_RU", "hunspell-ru", "«»", "„“"),
    "Greek": ("el_GR", "hunspell-el", "«»", "“”"),
    "Turkish": ("tr_TR", "hunspell-tr", "“”", "«»"),
    "French": ("fr", "hunspell-fr-classical", "«»", "“”"),
}


def missing(package):
    print(f"not installed: {package} (apt-get install {package})", file=sys.stderr)
    sys.exit(2)


def words_of(path, package, encoding="utf-8"):
    if not os.path.exists(path):
        missing(package)
    with open(path, encoding=encoding, errors="strict") as file:
        return [line.strip() for line in file]


def misread(word, codec, depth):
    text = word
    try:
        for _ in range(depth):
            text = text.encode().decode(codec)
    except UnicodeDecodeError:
        return None
    return text if text != word else None


def words(seed, count):
    found = []
    for language, (name, package) in LISTS.items():
        every = [w for w in words_of(f"/usr/share/dict/{name}", package) if not w.isascii()]
        for word in random.Random(f"{seed}/{language}").sample(every, count):
            for codec in CODECS:
                for depth in (1, 2):
                    text = misread(word, codec, depth)
                    if text is not None:
                        found.append({"language": language, "word": word, "codec": codec, "depth": depth, "text": text})
    return found


def dictionary(name, package):
    folder = "/usr/share/hunspell"
    if not os.path.exists(f"{folder}/{name}.aff"):
        missing(package)
    with open(f"{folder}/{name}.aff", "rb") as file:
        encoding = re.search(rb"^SET (\S+)", file.read(), re.M).group(1).decode()
    lines = words_of(f"{folder}/{name}.dic", package, "cp1251" if encoding == "microsoft-cp1251" else encoding)
    every = (line.split("/")[0].split()[0] for line in lines[1:] if line and line[0].isalpha())
    return [word for word in every if word.isalpha()]


def sentence(rng, every, quotes, french):
    """Some words, in capitals or not, with the marks that typesetters put beside them."""
    style = rng.choice([str.lower, str, str.title, str.upper, str.upper])
    picked = [style(rng.choice(every)) for _ in range(rng.randint(1, 9))]
    blank = "\u00a0" if french else rng.choice(["", "", "\u00a0"])
    for _ in range(rng.randint(0, 2)):
        at = rng.randrange(len(picked))
        opening, closing = rng.choice(quotes)
        word = picked[at]
        picked[at] = rng.choice(
            [
                f"{opening}{blank}{word}{blank}{closing}",
                f"{opening}{word}{closing}",
                f"{word}…",
                f"{word}\u00a0!",
                f"{word} – {word}",
                f"{word} —",
                f"{word}\u00a0—",
                f"({word}…)",
                f"{word}® {word}™",
                f"‘{word}’",
                f"{rng.randint(1, 99)}\u00a0{word}",
                f"{word}–{rng.randint(1, 99)}",
                f"{word}\u00a0°C",
                f"{word}²",
            ]
        )
    mark = rng.choice([".", "", "…", "\u00a0!", " ?", f"{blank};"])
    return " ".join(picked) + mark


def texts(seed, count):
    found = []
    for at, (language, (name, package, *quotes)) in enumerate(DICTIONARIES.items()):
        rng = random.Random(f"{seed}/{language}")
        every = dictionary(name, package)
        beyond = [word for word in every if not word.isascii()]
        share = count // len(DICTIONARIES) + (1 if at < count % len(DICTIONARIES) else 0)
        for _ in range(share):
            pool = beyond if rng.random() < 0.7 else every
            found.append({"language": language, "text": sentence(rng, pool, quotes, language == "French")})
    return found


def main():
    what, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    json.dump({"words": words, "texts": texts}[what](seed, count), sys.stdout)


main()
