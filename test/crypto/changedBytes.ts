/** Every small change of a text: what is signed must not survive one. */

/** A change of one byte: another value at a place, one less, or one more. */
export function* changedBytes(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1) {
    const old = bytes[at] ?? 0;
    const others = [old ^ 1, old ^ 0x20, old ^ 0x80, (old + 1) % 256, 0x00, 0x0a, 0x20, 0x41];
    for (const other of new Set(others)) {
      if (other === old) continue;
      const changed = Buffer.from(bytes);
      changed[at] = other;
      yield changed;
    }
    yield Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    for (const more of [0x0a, 0x20, old]) {
      yield Buffer.concat([bytes.subarray(0, at), Uint8Array.of(more), bytes.subarray(at)]);
    }
  }
  for (const more of [0x0a, 0x0d, 0x20, 0x00, 0x3d]) {
    yield Buffer.concat([bytes, Uint8Array.of(more)]);
  }
}

/** The number of changes, and those that are accepted although they differ. */
export function acceptedChanges(
  bytes: Buffer,
  accepts: (changed: Buffer) => boolean,
): { tried: number; accepted: string[] } {
  const accepted: string[] = [];
  let tried = 0;
  for (const changed of changedBytes(bytes)) {
    if (changed.equals(bytes)) continue;
    tried += 1;
    if (accepts(changed)) accepted.push(changed.toString('latin1'));
  }
  return { tried, accepted };
}
