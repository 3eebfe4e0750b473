"""Reads a SQLite database as it is: every cell with its storage class, text as it is stored."""

import contextlib
import os
import re
import shutil
import sqlite3
import tempfile

from cells import Invalid

CODECS = {'UTF-8': 'utf-8', 'UTF-16le': 'utf-16-le', 'UTF-16be': 'utf-16-be'}


@contextlib.contextmanager
def opened(source):
    """A connection to a copy: reading must not touch the source or fold its log into it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, 'source.db')
        for end in ('', '-wal', '-journal'):
            if os.path.exists(source + end):
                shutil.copyfile(source + end, copy + end)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            stand_in(db)
            yield db


def stand_in(db):
    """A table is read from its first row to its last, whatever its application orders it by."""
    texts = [sql for (sql,) in db.execute('SELECT sql FROM sqlite_schema') if sql]
    named = {name for text in texts for name in re.findall(r'\bCOLLATE\s+["`\[]?(\w+)', text, re.I)}
    for name in named - {'BINARY', 'NOCASE', 'RTRIM', 'binary', 'nocase', 'rtrim'}:
        db.create_collation(name, lambda a, b: (a > b) - (a < b))


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def tables_of(db):
    """What the file's own schema table lists, by name: 'table', 'virtual' or 'view'."""
    rows = db.execute("SELECT name, type, sql FROM sqlite_schema WHERE type IN ('table', 'view')")
    kinds, texts = {}, {}
    for name, kind, sql in rows:
        texts[name] = ' '.join(sql.split())
        kinds[name] = 'virtual' if re.match(r'CREATE\s+VIRTUAL\b', sql, re.I) else kind
    made = {part for name, kind in kinds.items() if kind == 'virtual' for part in made_by(texts[name])}
    return {name: kind for name, kind in kinds.items()
            if texts[name] not in OF_SQLITE and (name, texts[name]) not in made}


OF_SQLITE = ('CREATE TABLE sqlite_sequence(name,seq)', 'CREATE TABLE sqlite_stat1(tbl,idx,stat)',
             'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)')


def made_by(sql):
    """The tables, and their texts, that SQLite makes for a virtual table of this text."""
    known = made_in_scratch(sql)
    # Which tables there are does not depend on the tokenizer; the texts in them can then not be read.
    other = made_in_scratch(re.sub(r',\s*tokenize\s*=[^,)]*', '', sql)) if known is None else None
    return known or {part for part in other or () if not part[0].endswith('_content')}


def made_in_scratch(sql):
    with contextlib.closing(sqlite3.connect(':memory:')) as scratch:
        try:
            scratch.execute(sql)
        except sqlite3.Error:
            return None
        rows = scratch.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")
        return {(name, ' '.join(text.split())) for name, text in rows}


def columns_of(db, table):
    rows = db.execute('PRAGMA table_xinfo(%s)' % quoted(table)).fetchall()
    columns = [row[1] for row in rows if row[6] != 1]
    (sql,) = db.execute('SELECT sql FROM sqlite_schema WHERE name = ?', (table,)).fetchone() or ('',)
    # Other tables refer to the rowids of a search index, which are no column of it.
    located = re.match(r'CREATE\s+VIRTUAL\b.*?\bUSING\s+(?:fts[345]|geopoly)\b', sql or '', re.I | re.S)
    return ['rowid'] + columns if located else columns


def rows_of(db, table, columns):
    """Dictionaries of cells: text as stored, decoded strictly."""
    codec = CODECS[db.execute('PRAGMA encoding').fetchone()[0]]
    cell = "typeof({0}), CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE {0} END"
    wanted = ', '.join(cell.format(quoted(column)) for column in columns)
    for row in db.execute('SELECT %s FROM %s' % (wanted, quoted(table))):
        pairs = zip(row[::2], row[1::2])
        yield dict(zip(columns, (decoded(kind, cell, codec) for kind, cell in pairs)))


def decoded(kind, cell, codec):
    if kind != 'text':
        return cell
    try:
        return cell.decode(codec)
    except UnicodeDecodeError:
        return Invalid(cell)
