/**
 * `file.fresh`: a file that is generated anew has no difference. The files are compared with what they were,
 * and put back as they were, so that the check has no effect on them.
 */

import { ARGV, ENVIRONMENT, TEXTS, about } from '../schema/runbookParts.ts';
import { replaceFile } from '../../disk/durable.ts';
import { removeFile } from '../../disk/noLinks.ts';
import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { RunbookFiles } from '../world/world.ts';
import { endOf } from './exec.ts';
import { textsOf } from './stepMembers.ts';
import type { DoneStep } from './stepType.ts';

/** Most bytes of all files together, which are held meanwhile. */
const MOST_BYTES = 256 * 2 ** 20;
/** Names that a message has. */
const MOST_NAMED = 5;

export const fileFresh: DoneStep = {
  text: 'A file that is generated anew has no difference.',
  members: {
    run: ARGV,
    env: ENVIRONMENT,
    files: about(TEXTS, 'The generated files; the last part of a path may have "*".'),
  },
  required: ['run', 'files'],
  kind: 'check',
  place: 'repository',
  plan: (members) => `generate ${textsOf(members, 'files').map(quoteName).join(', ')}, and compare`,
  async apply({ id, members, world, signal }) {
    const patterns = textsOf(members, 'files');
    const before = contentOf(patterns, world.files);
    try {
      const argv = textsOf(members, 'run');
      const end = await world.run({ argv, env: textsOf(members, 'env'), keepAs: id, signal });
      if (end.code !== 0) {
        return { verdict: 'INCONCLUSIVE', says: `nothing was generated, as it has ${endOf(end)}` };
      }
      const after = contentOf(patterns, world.files);
      const seen = new Set([...before.keys(), ...after.keys()]);
      const missing = patterns.filter((path) => !path.includes('*') && !seen.has(path));
      const differing = [...seen].filter((path) => !isSame(before.get(path), after.get(path)));
      const failed = missing.length + differing.length;
      if (failed > 0)
        return { verdict: 'FAIL', says: saysOf(differing, missing), results: { failed } };
      if (seen.size === 0) return { verdict: 'INCONCLUSIVE', says: 'no file has such a name' };
      const says = `${counted(seen.size, 'file')} without a difference`;
      return { verdict: 'PASS', says, results: { failed, count: seen.size } };
    } finally {
      putBack(patterns, before, world.files);
    }
  },
};

type Content = ReadonlyMap<string, Buffer>;

/** Returns the content of the files that there are, by path. */
function contentOf(patterns: readonly string[], files: RunbookFiles): Content {
  const content = new Map<string, Buffer>();
  let left = MOST_BYTES;
  for (const pattern of patterns) {
    const paths = pattern.includes('*') ? files.matching(pattern) : [pattern];
    for (const path of paths) {
      const bytes = content.has(path) ? null : files.read(path, left);
      if (bytes === null) continue;
      content.set(path, bytes);
      left -= bytes.length;
    }
  }
  return content;
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one !== undefined && other?.equals(one) === true;
}

function saysOf(differing: readonly string[], missing: readonly string[]): string {
  return [
    ...(differing.length > 0 ? [`not as generated: ${names(differing)}`] : []),
    ...(missing.length > 0 ? [`not there: ${names(missing)}`] : []),
  ].join('; ');
}

function names(paths: readonly string[]): string {
  const shown = paths.slice(0, MOST_NAMED).map(quoteName).join(', ');
  return paths.length > MOST_NAMED ? `${shown} and ${paths.length - MOST_NAMED} more` : shown;
}

function putBack(patterns: readonly string[], before: Content, files: RunbookFiles): void {
  const after = contentOf(patterns, files);
  for (const path of after.keys()) if (!before.has(path)) removeFile(files.place(path));
  for (const [path, bytes] of before) {
    if (isSame(bytes, after.get(path))) continue;
    try {
      replaceFile(files.place(path), [bytes]);
    } catch (error) {
      const hint = 'restore it from the repository';
      throw new Failure('DISK', {
        what: 'a file is not put back',
        where: quoteName(path),
        hint,
        cause: error,
      });
    }
  }
}
