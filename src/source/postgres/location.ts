/** The address of a server in a location of this adapter, which other code passes on unread. */

import type { PostgresAddress } from '../../postgres/address.ts';
import type { SourceLocation } from '../source.ts';

export const SCHEME = 'postgres';

/** Returns the address in a location. */
export function addressOf(location: SourceLocation): PostgresAddress {
  const { scheme, ...address } = location;
  if (scheme !== SCHEME) throw new TypeError(`not a location of ${SCHEME}`);
  return address as unknown as PostgresAddress;
}
