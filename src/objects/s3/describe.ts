/** Describes an object by HEAD. Its answer has no body that could tell why it fails: GET is tried for that. */

import type { IncomingHttpHeaders } from 'node:http';

import { S3Error } from './s3Failure.ts';
import type { Session } from './s3Session.ts';

/**
 * Returns the headers of an object; null if it is not there. With `certain`, a bucket that is gone is
 * not taken for one without the object. @throws S3Error
 */
export async function describeObject(
  session: Session,
  name: string,
  withChecksum: boolean,
  certain: boolean,
): Promise<IncomingHttpHeaders | null> {
  const headers: Record<string, string> = withChecksum ? { 'x-amz-checksum-mode': 'ENABLED' } : {};
  try {
    return await session.send(name, (exchange) =>
      exchange.send({ method: 'HEAD', key: name, headers }),
    );
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    if (error.status === 404 && !certain) return null;
    if (error.status >= 300 && error.status < 500) await explain(session, name);
    if (error.status === 404) return null;
    throw error;
  }
}

/** @throws S3Error with the code that HEAD does not have; returns if there is no such object */
async function explain(session: Session, name: string): Promise<void> {
  const headers = { range: 'bytes=0-0' };
  try {
    const response = await session.send(name, (exchange) =>
      exchange.receive({ method: 'GET', key: name, headers }),
    );
    response.destroy();
  } catch (error) {
    const isMissing = error instanceof S3Error && error.status === 404;
    if (!isMissing || error.code === 'NoSuchBucket') throw error;
  }
}
