"""Writes test/record/misread.txt: words of many languages as they look when their UTF-8 is read as
another encoding, once and twice, by Python's codecs: `codec depth word text`, parted by tabs.

    python3 test/record/misread.py > test/record/misread.txt
"""

WORDS = """
Gässli Bürgi Hündin Zoë Ärzte Öl Übung Straße größer Fußgänger élève Événement garçon hôtel Noël
œuvre où château Île façade żółw Święto źródło łąka Ćma ósmy pięć dziś Żaba mañana Ñandú niño
coração irmã pão příliš Čáp žluť šíp kůň țară măr şeker İzmir ığdır ágúst þýða Århus blåbær Győr
hűség ķirsis ēdiens Ελλάδα ώρα Москва ещё підʼїзд
""".split()
CODECS = """
cp1252 latin_1 mac_roman cp850 cp437 cp852 cp1250 cp1251 koi8_r iso8859_2 iso8859_15
""".split()


def main():
    for codec in CODECS:
        for depth in (1, 2):
            for word in WORDS:
                text = word
                try:
                    for _ in range(depth):
                        text = text.encode().decode(codec)
                except UnicodeDecodeError:
                    continue
                print(codec, depth, word, text, sep="\t")


main()
