/** Reads an object; where the connection breaks, it goes on at the byte where it was. */

import type { IncomingMessage } from 'node:http';

import { unanswered } from './exchange.ts';
import { S3Error } from './s3Failure.ts';
import { orFail, type Session } from './s3Session.ts';

/** How often in a row a connection may break without a byte. */
const BREAKS = 10;

/** Begins to read; null if there is no such object. @throws S3Error */
export async function receiveObject(
  session: Session,
  key: string,
  name: string,
): Promise<AsyncIterable<Uint8Array> | null> {
  try {
    const first = await from(session, name, 0);
    return pieces(session, key, name, first);
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NoSuchKey') return null;
    throw error;
  }
}

function from(session: Session, name: string, offset: number): Promise<IncomingMessage> {
  const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
  return session.send(`${name} ${offset}`, (exchange) =>
    exchange.receive({ method: 'GET', key: name, headers }),
  );
}

async function* pieces(
  session: Session,
  key: string,
  name: string,
  first: IncomingMessage,
): AsyncGenerator<Uint8Array> {
  const size = Number(first.headers['content-length']);
  let response = first;
  let offset = 0;
  for (let breaks = 0; ;) {
    const before = offset;
    const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    let broken: unknown = null;
    try {
      for (;;) {
        const next = await chunks.next().catch((error: unknown) => {
          broken = error;
        });
        if (next === undefined || next.done === true) break;
        offset += next.value.length;
        yield next.value;
      }
    } finally {
      response.destroy();
    }
    if (broken === null && !(offset < size)) return;
    breaks = offset > before ? 0 : breaks + 1;
    const at = offset;
    response = await orFail(session, key, async () => {
      if (breaks > BREAKS) throw unanswered(broken);
      const rest = await from(session, name, at);
      if (at === 0 || rest.statusCode === 206) return rest;
      rest.destroy();
      throw new S3Error({ status: rest.statusCode ?? 0, code: 'no range of bytes is given' });
    });
  }
}
