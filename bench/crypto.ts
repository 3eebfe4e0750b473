/**
 * The work that re-encryption does for each row, without a database: open a token, seal `a1`, make the
 * HMAC of the journal, wrap the original for a rollback. One thread; seconds of the processor too, as a busy
 * machine takes time away. Beside it, a bare HMAC of node:crypto, by which machines are compared.
 *
 *     node bench/crypto.ts [ROWS]
 */

import { createHmac, createSecretKey, randomFillSync } from 'node:crypto';

import { a1 } from '../src/crypto/a1.ts';
import { classifier } from '../src/crypto/classify.ts';
import { encryptionKey, type EncryptionKey } from '../src/crypto/encryptionKey.ts';
import { fernet } from '../src/crypto/fernet.ts';
import { journalMac } from '../src/crypto/plaintextMac.ts';
import { median } from './measure.ts';

const BAR = 25_000;
const ROUNDS = 5;
const NONCE = 12;

interface Row {
  readonly key: readonly string[];
  readonly value: string;
}

function newKey(name: string): EncryptionKey {
  return encryptionKey(name, randomFillSync(Buffer.alloc(32)), 'bench');
}

function rowsOf(count: number, key: EncryptionKey): readonly Row[] {
  const cipher = fernet(key);
  return Array.from({ length: count }, (_, index) => ({
    key: [String(index)],
    value: `enc:v1:${cipher.seal(`sk-test-0123456789abcdefghijklmnop${index}`, {
      seconds: 1_771_362_000,
      iv: randomFillSync(Buffer.alloc(16)),
    })}`,
  }));
}

/** Nonces from memory that is filled at once: a call for each is slower. */
function nonces(): () => Uint8Array {
  const pool = Buffer.alloc(4096 * NONCE);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += NONCE;
    return pool.subarray(at - NONCE, at);
  };
}

/** Makes the function that does all the work of a row; it returns the characters that it made. */
function pipeline(old: EncryptionKey): (row: Row) => number {
  const target = newKey('target');
  const classify = classifier({ legacy: 'base64', envelopes: { a1: [target], fernet: [old] } });
  const cell = a1(target);
  const kept = a1(newKey('rollback'), 'rollback');
  const mac = journalMac(target);
  const nonce = nonces();
  return ({ key, value }) => {
    const row = { table: 'model_configurations', column: 'api_key', key };
    const classified = classify(value, row);
    if (classified.kind !== 'envelope') throw new Error('a row does not open');
    const { text } = classified;
    const sealed = cell.seal(row, text, nonce());
    return sealed.length + mac(row, text).length + kept.seal(row, value, nonce()).length;
  };
}

/** Calls per second, of the clock and of the processor. */
function measureRate<T>(all: readonly T[], work: (one: T) => unknown): readonly [number, number] {
  const used = process.cpuUsage();
  const begun = performance.now();
  for (const one of all) work(one);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(used);
  return [all.length / seconds, all.length / ((user + system) / 1e6)];
}

const old = newKey('old');
const rows = rowsOf(Number(process.argv[2] ?? 50_000), old);
const work = pipeline(old);
const plain = createSecretKey(randomFillSync(Buffer.alloc(32)));
const hmac = ({ value }: Row): Buffer => createHmac('sha256', plain).update(value).digest();
const rates: (readonly [number, number])[] = [];
const bare: (readonly [number, number])[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  rates.push(measureRate(rows, work));
  bare.push(measureRate(rows, hmac));
}
const [wall, cpu, hmacs] = [
  median(rates.map(([clock]) => clock)),
  median(rates.map(([, processor]) => processor)),
  median(bare.map(([, processor]) => processor)),
];
process.stdout.write(
  `rows a second: ${Math.round(wall)}, of the processor: ${Math.round(cpu)} (bar ${BAR})\n` +
    `a row costs as much as ${(hmacs / cpu).toFixed(1)} HMACs of node:crypto\n`,
);
