"""Reads a SQLite database as it is: every cell with its storage class, text as it is stored."""

import contextlib
import os
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
            yield db


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def tables_of(db):
    rows = db.execute('PRAGMA main.table_list').fetchall()
    return {row[1]: row[2] for row in rows if not row[1].lower().startswith('sqlite_')}


def columns_of(db, table):
    return [row[1] for row in db.execute('PRAGMA table_xinfo(%s)' % quoted(table)) if row[6] != 1]


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
