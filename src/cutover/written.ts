/** Lists and maps of a runbook's file, which matches the schema; single members are read by steps/stepMembers.ts. Pure. */

/** An object of the file. */
export type Written = Readonly<Record<string, unknown>>;

export function listIn(written: Written, name: string): readonly Written[] {
  return (written[name] ?? []) as readonly Written[];
}

export function mapIn<T>(written: Written, name: string): ReadonlyMap<string, T> {
  const members: unknown = written[name] ?? {};
  return new Map(Object.entries(members as Readonly<Record<string, T>>));
}
