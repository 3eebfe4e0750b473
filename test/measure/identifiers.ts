/**
 * How many identifiers are taken for personal data, of a million each: `npm run measure:pii`, with
 * another number of each as its argument. At most ten of a kind are right.
 */

import { createHash, randomBytes } from 'node:crypto';

import { findPii } from '../../src/pii/findPii.ts';
import { randomOf, type Random } from '../dogschool/random.ts';

type Make = (random: Random) => string;

/** Prefixes of the three first digits that GS1 has given out: EAN-13 of goods, books, coupons. */
const GS1 =
  '000-019 020-029 030-039 040-049 050-059 060-139 200-299 300-380 383 385 387 389 400-440 450-459 ' +
  '460-469 470-471 474-481 482 484-489 490-499 500-509 520-521 528-531 535 539 540-549 560 569-570 ' +
  '571-579 590 594 599-600 601 603-604 608-609 611 613 615-616 618-631 640-649 680-699 700-709 ' +
  '729-730 731-746 750 754-755 759 760-769 770-771 773 775 777-780 784 786 789-790 800-839 840-850 ' +
  '858-860 865 867-881 883-885 888 890 893 896 899-909 910-919 930-939 940-949 950-951 955 958 ' +
  '960-969 977-984 990-999';
const PREFIXES = GS1.split(' ').flatMap((range) => {
  const [first = 0, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, at) => String(first + at).padStart(3, '0'));
});
/** Countries and manufacturers of transponders. */
const CHIPS = '040 056 076 100 203 208 246 250 276 300 340 344 348 372 376 380 528 578 616 620 642'
  .split(' ')
  .concat('703 705 724 752 756 826 840 900 941 945 953 956 968 972 977 981 982 985 991'.split(' '));

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const FIRST = Date.UTC(2012, 0, 1);
const LAST = Date.UTC(2035, 0, 1);
/** Milliseconds since 1970 at which services began to count. */
const EPOCHS = [1_288_834_974_657, 1_420_070_400_000, 1_314_220_021_721];

/** Until then a service counts up to numbers that are no longer than those of cards. */
const FIRST_WEEKS = 28 * 86_400_000;

const KINDS: Readonly<Record<string, Make>> = {
  UUIDv4: (random) => uuid(random, Number(random.digits(15)) % 2 ** 48, '4'),
  UUIDv7: (random) => uuid(random, moment(random), '7'),
  'UUIDv4 in capitals': (random) =>
    uuid(random, Number(random.digits(15)) % 2 ** 48, '4').toUpperCase(),
  ULID: (random) => base32(moment(random), 10) + many(random, CROCKFORD, 16),
  'EAN-13': (random) => ean(random.pick(PREFIXES) + random.digits(9)),
  snowflake: (random) => {
    const epoch = random.pick(EPOCHS);
    return snowflake(random, Math.max(moment(random), epoch + FIRST_WEEKS) - epoch);
  },
  'chip number': (random) => {
    const national = Number(random.digits(12)) % 2 ** 38;
    return random.pick(CHIPS) + String(national).padStart(12, '0');
  },
  'hex digest': (random) => {
    const algorithm = random.pick(['md5', 'sha1', 'sha256']);
    const digest = createHash(algorithm).update(random.digits(20)).digest('hex');
    return random.chance(0.5) ? digest : digest.toUpperCase();
  },
  'URL with a number': (random) =>
    `https://shop.example/${random.digits(4)}/${random.pick(['4', '51', '34'])}${random.digits(15)}?n=756${random.digits(10)}`,
};

/**
 * Not held against anything: these have 16 digits or less, and one in fifty has the prefix and the
 * check digit of a card. By the number alone nobody can tell, and to find cards comes first.
 */
const UNDECIDABLE: Readonly<Record<string, Make>> = {
  'snowflake, new': (random) => snowflake(random, Math.floor(random.fraction() * FIRST_WEEKS)),
};

/** `since` is in milliseconds. */
function snowflake(random: Random, since: number): string {
  return String((BigInt(since) << 22n) | BigInt(random.integer(0, 2 ** 22 - 1)));
}

function moment(random: Random): number {
  return FIRST + Math.floor(random.fraction() * (LAST - FIRST));
}

function uuid(random: Random, time: number, version: string): string {
  const hex = time.toString(16).padStart(12, '0');
  const rest = many(random, '0123456789abcdef', 15);
  const third = version + rest.slice(0, 3);
  const fourth = random.pick(['8', '9', 'a', 'b']) + rest.slice(3, 6);
  const last = rest.slice(6) + many(random, '0123456789abcdef', 3);
  return [hex.slice(0, 8), hex.slice(8), third, fourth, last].join('-');
}

function base32(number: number, length: number): string {
  let [text, rest] = ['', number];
  for (let at = 0; at < length; at += 1) {
    text = CROCKFORD.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function many(random: Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => random.pick(Array.from(alphabet))).join('');
}

function ean(twelve: string): string {
  const sum = Array.from(twelve).reduce(
    (all, digit, at) => all + Number(digit) * (at % 2 ? 3 : 1),
    0,
  );
  return `${twelve}${(10 - (sum % 10)) % 10}`;
}

function main(): void {
  const each = Number(process.argv[2] ?? 1_000_000);
  const seed = process.argv[3] ?? randomBytes(4).toString('hex');
  process.stdout.write(`${each} of each, seed ${seed}\n`);
  for (const [kind, make] of Object.entries({ ...KINDS, ...UNDECIDABLE })) {
    const random = randomOf(Number.parseInt(seed, 16), kind);
    const alarms = new Map<string, string[]>();
    for (let n = 0; n < each; n += 1) {
      const text = make(random);
      for (const { of } of findPii(text)) alarms.set(of, [...(alarms.get(of) ?? []), text]);
    }
    const count = [...alarms.values()].reduce((sum, all) => sum + all.length, 0);
    const shown = [...alarms].map(([of, all]) => `${of} ${all.length}, such as ${all[0]}`);
    process.stdout.write(`${kind.padEnd(20)} ${String(count).padStart(6)}  ${shown.join('; ')}\n`);
    if (kind in KINDS && count * 1e5 > each) process.exitCode = 1;
  }
}

main();
