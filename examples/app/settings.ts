/** What the application takes from its environment. */

export interface Settings {
  readonly port: number;
  readonly database: string;
  /** Folder of the uploads. */
  readonly root: string;
  readonly provider: 's3' | 'folder' | null;
  /** Seconds that a signed URL is valid. */
  readonly ttlSeconds: number;
  readonly uploadsTo: 'disk' | 'store';
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Reads and checks all settings at once, before anything is served. */
export function settingsOf(variables: Settings['variables']): Settings {
  const faults: string[] = [];
  const required = (name: string): string => {
    const value = variables[name] ?? '';
    if (value === '') faults.push(`${name} is not set`);
    return value;
  };
  const number = (name: string, otherwise: number): number => {
    const value = Number(variables[name] ?? otherwise);
    if (!Number.isSafeInteger(value) || value < 0) faults.push(`${name} is not a whole number`);
    return value;
  };
  const oneOf = <T extends string>(
    name: string,
    values: readonly T[],
    otherwise: T | null,
  ): T | null => {
    const value = variables[name] ?? '';
    if (value === '') return otherwise;
    const known = values.find((each) => each === value);
    if (known === undefined) faults.push(`${name} is none of ${values.join(', ')}`);
    return known ?? otherwise;
  };
  const settings: Settings = {
    port: number('PORT', 0),
    database: required('DATABASE_URL'),
    root: required('ATTACHMENTS_ROOT'),
    provider: oneOf('OBJECT_STORAGE_PROVIDER', ['s3', 'folder'], null),
    ttlSeconds: number('ATTACHMENTS_SIGNED_URL_TTL_SECONDS', 300),
    uploadsTo: oneOf('UPLOADS_TO', ['disk', 'store'], 'disk') ?? 'disk',
    variables,
  };
  if (settings.uploadsTo === 'store' && settings.provider === null) {
    faults.push('UPLOADS_TO=store needs OBJECT_STORAGE_PROVIDER');
  }
  if (faults.length > 0) throw new Error(faults.join('; '));
  return settings;
}
