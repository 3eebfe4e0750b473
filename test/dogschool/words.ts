/** Invented words for generated data. Nobody here is real; all mail domains are reserved ones. */

export const WOMEN: readonly string[] = list(
  `Amélie|Annegret|Bettina|Corinne|Dörte|Eliane|Fränzi|Gioia|Héloïse|Ilse|Jasmin|Käthi`,
  `Lucrezia|Mirjam|Nurşen|Océane|Petra|Rösli|Šárka|Ümmühan|Verena|Žofia`,
);
export const MEN: readonly string[] = list(
  `Aurèle|Beat|Ciarán|Dömötör|Enea|Ferdinand|Gaëtan|Göran|Hansruedi|Işık|Jörg|Karl-Heinz`,
  `László|Marcel|Niklaus|Özgür|Ruedi|Søren|Toni|Urs|Väinö|Zdeněk`,
);
export const SURNAMES: readonly string[] = list(
  `Aebischer|Bühlmann|Ćosić|Dürrenmatt|Eichelberger|Flückiger|Grünenfelder|Häfliger|Imhof`,
  `Jäggi|Köppel|Läubli|L'Éplattenier|Müri|Niederöst|Oešč|Pfändler|Röthlisberger|Süess`,
  `Tschäppät|Uhlmann|von Grünigen|Wüthrich|Yıldız|Zgraggen|Zürcher-Böhlen`,
);
export const STREETS: readonly string[] = list(
  `Ahornweg|Birkenallee|Chemin du Mûrier|Dörflistrasse|Eschenrain|Färbergasse|Grünaustrasse`,
  `Höhenweg|Im Loh|Jurablick|Kapellgässli|Lärchenhalde|Mühlebach`,
);
export const TOWNS: readonly string[] = list(
  `Aarau|Brugg|Delémont|Emmen|Frauenfeld|Genève|Herisau|Interlaken|Köniz|Münsingen|Neuchâtel`,
  `Olten|Schüpfen|Thun|Wädenswil|Zug`,
);
/** Town with its postal code, the same one each time. */
export const ADDRESSED_TOWNS: readonly string[] = TOWNS.map(
  (town, index) => `${1000 + ((index * 547) % 8900)} ${town}`,
);

export const DOGS: readonly string[] = list(
  `Aika|Blümchen|Cäsar|Düsi|Enzo|Fünkli|Grizzly|Höpperli|Ilay|Jööli|Krümel|Löffel|Mäxli`,
  `Nüssli|Oskar|Pünktchen|Räuber|Söckli|Tüpfli|Yuki`,
);
export const KENNELS: readonly string[] = list(
  `aus der Höll|vom Birchwald|vom Grünen Tal|von der Flüh|du Moulin|z Oberdörfli`,
);
export const BREEDS: readonly string[] = list(
  `Airedale Terrier|Bearded Collie|Bündner Spitz|Dänischer Bauernhund|Eurasier|Grosspudel`,
  `Hovawart|Jämthund|Kooikerhondje|Mischling|Schäferpudel|Whippet`,
);
export const ORIGINS: readonly string[] = ['züchter', 'privat', 'tierheim'];
export const GOALS: readonly string[] = list(
  `Leinenführung|Ruhe am Platz|Begegnungen|Abruf auf Distanz|Apportieren|Autofahren`,
);

export const COURSES: readonly string[] = list(
  `Apportieren für Einsteiger|Dummy „Wasser & Feld“|Fährte Stufe 2|Hund & Velo|Longieren`,
  `Ruhig durchs Städtli|Spürnasen|Tricks für trübe Tage|Welpenhöck`,
);
export const LEVELS: readonly string[] = ['Welpen', 'Junghunde', 'Fortgeschrittene', 'Alltag'];
export const PRODUCTS: readonly string[] = list(
  `Apportel 400 g|Geschirr „Trail“ Gr. S|Hundemantel rötlich|Kauwurzel (gross)|Leckerli Käse`,
  `Pfeife 211½|Schwimmweste Größe L|Spielseil 'Knot'|Zeckenzange`,
);
export const BILLED: readonly string[] = [
  'Kursbeitrag',
  'Einzellektion',
  'Abo 5 Lektionen',
  'Material',
  'Hausbesuch',
];

export const CHANNELS: readonly string[] = ['telefon', 'email', 'whatsapp', 'sms'];
export const SUBJECTS: readonly string[] = ['Anmeldung', 'Frage', 'Platzwechsel', 'Rechnung'];
export const MESSAGES: readonly string[] = list(
  `Wir treffen uns am unteren Tor; bitte früh da sein.`,
  `Der Kurs fällt wegen Hitze aus, neues Datum folgt.\nLiebe Grüsse`,
  `Merci für die Anmeldung! 🐾 Bitte Decke mitnehmen.`,
  `Können wir auf die Gruppe um 18:15 wechseln?|Die Rechnung liegt bei, zahlbar in 30 Tagen.`,
  `Super gemacht heute 👏🏽 — weiter so zu Hause üben.`,
);
export const NOTES: readonly string[] = list(
  `Mag keine Regenschirme.|Futter nur vom eigenen Beutel.|Kommt mit dem Bus, darum später.`,
  `Arbeitet gerne für „Käse“.|Läuft mit Maulkorb; sonst friedlich.|Hat zwei Halter 🙂.`,
  `Nach Operation bis März schonen.|Ist mit 3 von 4 Übungen durch.`,
);

/** Values between bars. */
function list(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split('|'));
}
