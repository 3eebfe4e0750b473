/**
 * Writes tar archives (ustar, with pax for long names and large files) that depend on nothing but
 * the names and the content of their members: time, owner and mode are constant.
 */

import { createHash } from 'node:crypto';

import { createTarPacker } from 'modern-tar';

import { writeAll } from './durable.ts';

/** A plain file of an archive. */
export interface TarMember {
  readonly path: string;
  readonly size: number;
  /** Yields exactly `size` bytes. */
  readonly content: () => Iterable<Uint8Array>;
}

/** Members of a header that are the same everywhere. The mode is for other programs that unpack. */
const CONSTANT = { type: 'file', mode: 0o600, uid: 0, gid: 0, uname: '', gname: '' } as const;

/** Writes an archive of these members, in this order, and returns its SHA-256 in lower-case hex. */
export async function writeTar(file: number, members: Iterable<TarMember>): Promise<string> {
  const { readable, controller } = createTarPacker();
  const written = writeStream(file, readable);
  // Awaited below; until then a rejection is not unhandled.
  written.catch(() => {});
  for (const { path, size, content } of members) {
    const header = { ...CONSTANT, name: path, size, mtime: new Date(0) };
    const body = controller.add(header).getWriter();
    for (const chunk of content()) await body.write(chunk);
    await body.close();
  }
  controller.finalize();
  return written;
}

async function writeStream(file: number, stream: AsyncIterable<Uint8Array>): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of stream) {
    writeAll(file, chunk);
    digest.update(chunk);
  }
  return digest.digest('hex');
}
