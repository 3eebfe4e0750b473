/**
 * SHA-1 (FIPS 180-4 §6.1.2) of messages that fit into one block, for UUIDs of version 5: for so few
 * bytes a call into the runtime takes three times as long. Longer messages go to the runtime.
 */

/** Maximum bytes of a message that fits into one block with its end mark and length. */
export const ONE_BLOCK = 55;

/** Hashes the block in `words` (16 of them, big endian) into `digest` (five words). */
export type CompressBlock = (words: Int32Array, digest: Int32Array) => void;

const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
/** Function and constant of each twenty rounds. */
const ROUNDS: readonly (readonly [of: (b: string, c: string, d: string) => string, k: number])[] = [
  [(b, c, d) => `(${b} & (${c} ^ ${d}) ^ ${d})`, 0x5a827999],
  [(b, c, d) => `(${b} ^ ${c} ^ ${d})`, 0x6ed9eba1],
  [(b, c, d) => `(${b} & ${c} | ${d} & (${b} | ${c}))`, 0x8f1bbcdc],
  [(b, c, d) => `(${b} ^ ${c} ^ ${d})`, 0xca62c1d6],
];

/**
 * Compression function from its initial state. Its 80 rounds are unrolled, which is more than twice
 * as fast as a loop: variables swap roles instead of values.
 */
export const compressBlock: CompressBlock = generate();

function generate(): CompressBlock {
  let names = ['a', 'b', 'c', 'd', 'e'];
  const lines = names.map((name, at) => `let ${name} = ${START[at]} | 0;`);
  for (let at = 0; at < 16; at += 1) lines.push(`let w${at} = words[${at}];`);
  for (let round = 0; round < 80; round += 1) {
    const [a = '', b = '', c = '', d = '', e = ''] = names;
    const w = `w${round % 16}`;
    if (round >= 16) {
      const others = [13, 8, 2].map((ahead) => `w${(round + ahead) % 16}`).join(' ^ ');
      lines.push(`${w} ^= ${others}; ${w} = ${w} << 1 | ${w} >>> 31;`);
    }
    const [of, k] = ROUNDS[Math.floor(round / 20)] ?? [() => '0', 0];
    lines.push(
      `${e} = ((${a} << 5 | ${a} >>> 27) + ${of(b, c, d)} | 0) + (${e} + ${k} | 0) + ${w} | 0;`,
      `${b} = ${b} << 30 | ${b} >>> 2;`,
    );
    names = [e, a, b, c, d];
  }
  for (const [at, name] of names.entries()) {
    lines.push(`digest[${at}] = ${name} + ${START[at]} | 0;`);
  }
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- of numbers and letters of ours
  return new Function('words', 'digest', lines.join('\n')) as CompressBlock;
}
