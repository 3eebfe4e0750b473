/** Random bytes in pieces of one size, fetched many at a time: a call for each would cost more than the cipher. */

const PIECES = 2048;

/** Makes a function that returns fresh bytes; no piece is returned twice. */
export function noncePool(random: (bytes: number) => Uint8Array, size: number): () => Uint8Array {
  let pool: Uint8Array = new Uint8Array();
  let at = 0;
  return () => {
    if (at === pool.length) [pool, at] = [random(PIECES * size), 0];
    at += size;
    return pool.subarray(at - size, at);
  };
}
