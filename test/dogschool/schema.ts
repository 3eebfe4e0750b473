/** The tables of the dog school's legacy database, as such a database has grown over the years. */

export const TABLES: readonly string[] = [
  `CREATE TABLE kunden (id TEXT, code TEXT, vorname TEXT, nachname TEXT, geschlecht TEXT,
    email TEXT, telefon TEXT, adresse TEXT, geburtsdatum TEXT, ahvNr TEXT, status TEXT,
    notizen TEXT, geworbenVon TEXT REFERENCES kunden(id), createdAt TEXT, updatedAt TEXT)`,
  `CREATE TABLE hunde (id TEXT, code TEXT, name TEXT, rufname TEXT, rasse TEXT, geschlecht TEXT,
    geburtsdatum TEXT, herkunft TEXT, kastriert INTEGER, chipNummer TEXT, gewichtKg REAL,
    groesseCm INTEGER, kundenId TEXT REFERENCES kunden(id), trainingsziele TEXT, notizen TEXT,
    foto BLOB, createdAt TEXT, updatedAt TEXT)`,
  `CREATE TABLE trainer (id TEXT PRIMARY KEY, code TEXT, name TEXT, titel TEXT, email TEXT,
    telefon TEXT, iban TEXT, notizen TEXT, verfuegbarkeiten TEXT,
    leiterId TEXT REFERENCES trainer(id), createdAt TEXT, updatedAt TEXT)`,
  `CREATE TABLE kurse (id TEXT PRIMARY KEY, code TEXT, title TEXT, trainerName TEXT,
    trainerId TEXT REFERENCES trainer(id), date TEXT, startTime TEXT, endTime TEXT, location TEXT,
    status TEXT, capacity INTEGER, bookedCount INTEGER, level TEXT, price DECIMAL(8,2), notes TEXT,
    hundIds TEXT, createdAt TEXT, updatedAt TEXT)`,
  `CREATE TABLE buchungen (kursId TEXT NOT NULL REFERENCES kurse(id),
    hundId TEXT NOT NULL REFERENCES hunde(id), gebuchtAm TEXT, rabatt REAL,
    PRIMARY KEY(kursId, hundId))`,
  `CREATE TABLE anwesenheit (kursId TEXT NOT NULL, hundId TEXT NOT NULL, lektion INTEGER NOT NULL,
    anwesend INTEGER, PRIMARY KEY(kursId, hundId, lektion),
    FOREIGN KEY(kursId, hundId) REFERENCES buchungen(kursId, hundId))`,
  `CREATE TABLE kalender (id TEXT PRIMARY KEY, code TEXT, kursId TEXT REFERENCES kurse(id),
    title TEXT, start TEXT, "end" TEXT, location TEXT, notes TEXT)`,
  `CREATE TABLE zahlungen (id TEXT, code TEXT, kundenId TEXT REFERENCES kunden(id),
    kursId TEXT REFERENCES kurse(id), typ TEXT, betrag DECIMAL(10,2), waehrung TEXT, datum TEXT,
    transaktionsNr INTEGER, iban TEXT, beschreibung TEXT)`,
  `CREATE TABLE positionen (zahlungId TEXT NOT NULL REFERENCES zahlungen(id), pos INTEGER NOT NULL,
    text TEXT, menge INTEGER, einzelpreis DECIMAL(10,2), PRIMARY KEY(zahlungId, pos))`,
  `CREATE TABLE waren (id TEXT PRIMARY KEY, code TEXT, kundenId TEXT REFERENCES kunden(id),
    produktName TEXT, menge INTEGER, preis DECIMAL(10,2), datum TEXT, beschreibung TEXT)`,
  `CREATE TABLE kommunikation (id TEXT PRIMARY KEY, code TEXT, kundenId TEXT REFERENCES kunden(id),
    channel TEXT, title TEXT, status TEXT, text TEXT, gesendetAm TEXT,
    antwortAuf TEXT REFERENCES kommunikation(id))`,
];

/** The ids that no table declares a key for are indexed, but not unique by declaration. */
export const INDEXES: readonly string[] = [
  'CREATE INDEX ix_hunde_id on hunde(id)',
  'CREATE INDEX ix_kunden_id on kunden(id)',
  'CREATE INDEX ix_zahlungen_id on zahlungen(id)',
];
