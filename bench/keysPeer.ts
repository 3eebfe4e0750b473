/**
 * Migrates secrets row by row, as a script that is written in an hour does: SELECT, decrypt, encrypt, and for
 * each row one transaction of BEGIN, UPDATE with the old value, INSERT into a log, COMMIT. It has the same
 * ciphers, the same log line and the same driver.
 */

import { randomBytes } from 'node:crypto';

import { Client } from 'pg';

import { a1 } from '../src/crypto/a1.ts';
import { readKeyText } from '../src/crypto/keyText.ts';
import { journalMac } from '../src/crypto/plaintextMac.ts';

const [url = '', key = '', logKey = ''] = process.argv.slice(2);
const client = new Client({ connectionString: url });
await client.connect();
const cipher = a1(readKeyText('k1', key, 'bench'));
const log = readKeyText('log', logKey, 'bench');
const [mac, kept] = [journalMac(log), a1(log, 'rollback')];
await client.query('CREATE TABLE peer_log (row_key text, kid text, mac text, original text)');
const { rows } = await client.query<{ id: string; value: string }>(
  'SELECT id, value FROM secrets WHERE value IS NOT NULL ORDER BY id',
);
for (const { id, value } of rows) {
  const row = { table: 'secrets', column: 'value', key: [id] };
  const text = Buffer.from(value, 'base64').toString();
  const sealed = cipher.seal(row, text, randomBytes(12));
  await client.query('BEGIN');
  await client.query({
    name: 'update',
    text: 'UPDATE secrets SET value = $1 WHERE id = $2 AND value = $3',
    values: [sealed, id, value],
  });
  await client.query({
    name: 'log',
    text: 'INSERT INTO peer_log VALUES ($1, $2, $3, $4)',
    values: [id, cipher.kid, mac(row, text), kept.seal(row, value, randomBytes(12))],
  });
  await client.query('COMMIT');
}
await client.end();
