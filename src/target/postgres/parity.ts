import type { Connection } from '../../postgres/connect.ts';
import type { Parity } from '../parity.ts';
export async function parityOf(_c: Connection, _live: string, _fresh: string): Promise<Parity> {
  return { kinds: [], missing: [] };
}
export function paritySql(
  _p: Parity,
  _about: { live: string; fresh: string; label: string },
): string {
  return '';
}
