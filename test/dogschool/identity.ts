/** Made-up numbers that pass the checks of real ones, and cells that few rows have. */

import { crc32 } from 'node:zlib';
import type { Random } from './random.ts';
import { NOTES } from './words.ts';

/** A Swiss IBAN with a right check sum (ISO 13616: remainder 1 modulo 97). */
export function iban(random: Random): string {
  const account = `0076${random.digits(13)}`;
  // C and H are 12 and 17; in two steps, because the whole is beyond 2^53.
  const head = Number(account.slice(0, 9)) % 97;
  const rest = Number(`${head}${account.slice(9, 17)}`) % 97;
  const check = 98 - (Number(`${rest}121700`) % 97);
  return `CH${String(check).padStart(2, '0')}${account}`;
}

/** The n-th number of the form 756.XXXX.XXXX.XC, C being the EAN-13 check digit. */
export function socialSecurityNumber(n: number): string {
  const digits = `756${String((n * 7_919_231) % 1_000_000_000).padStart(9, '0')}`;
  let sum = 0;
  for (let index = 0; index < 12; index++) sum += Number(digits[index]) * (index % 2 === 0 ? 1 : 3);
  const all = `${digits}${(10 - (sum % 10)) % 10}`;
  return `${all.slice(0, 3)}.${all.slice(3, 7)}.${all.slice(7, 11)}.${all.slice(11)}`;
}

/** The n-th transponder number: 15 digits (ISO 11784), all different. */
export function chipNumber(n: number): string {
  return `756${String((n * 104_729_003) % 1_000_000_000_000).padStart(12, '0')}`;
}

export function noteOrNull(random: Random, p: number): string | null {
  return random.chance(p) ? random.pick(NOTES) : null;
}

const LARGE = 90_000;

/** A small PNG for few dogs, for one in five hundred a file beyond 64 KiB, for most none. */
export function photo(random: Random, n: number): Uint8Array | null {
  if (n % 500 === 7) return png(random, LARGE);
  return random.chance(0.017) ? png(random, random.integer(16, 400)) : null;
}

/** A well-formed PNG of one grey pixel, with `padding` bytes in a private chunk. */
function png(random: Random, padding: number): Uint8Array {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  const noise = Buffer.alloc(padding);
  for (let index = 0; index < padding; index++) noise[index] = random.integer(0, 255);
  // zlib, one stored block of two bytes: filter 0 and a grey value, then Adler-32.
  const grey = random.integer(0, 253); // so that its Adler-32 needs no carry
  const adler = [0, grey + 2, 0, grey + 1];
  const pixel = Buffer.from([0x78, 1, 1, 2, 0, 0xfd, 0xff, 0, grey, ...adler]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('noSe', noise),
    chunk('IDAT', pixel),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(typed.length + 8);
  whole.writeUInt32BE(data.length, 0);
  typed.copy(whole, 4);
  whole.writeUInt32BE(crc32(typed), typed.length + 4);
  return whole;
}
