/**
 * freeze: records the digests of a mapping's files, with the person who approved them and the
 * reason; checkFreeze tells whether they are still the same. migrate checks this before it begins.
 */

import { onDisk } from '../disk/errors.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import {
  changesBetween,
  digestMappingFiles,
  editedFreeze,
  encodeFreeze,
  FREEZE_FILE,
  readFreeze,
  writeFreeze,
  type FreezeChange,
} from '../mapping/freezeFile.ts';
import { signed } from '../journal/event.ts';
import { appendToJournal } from '../journal/journal.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { checkSideFiles } from '../mapping/checkSideFiles.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { severityOfRule } from '../outcome/rules.ts';
import type { Environment } from '../run/environment.ts';
import { isEditedFreeze } from '../project/freezeInForce.ts';
import { projectPaths } from '../project/paths.ts';
import { assertPrintable } from '../run/validText.ts';

export interface FreezeOptions {
  readonly project: string;
  readonly who: string;
  readonly why: string;
}

const MAX_WHO = 128;
const MAX_WHY = 1000;

/** Freezes the mapping as it is now; replaces an earlier freeze. */
export async function freeze(options: FreezeOptions, env: Environment): Promise<Outcome> {
  const { who, why } = options;
  const hint = 'give both --who NAME and --why TEXT';
  assertPrintable(who, MAX_WHO, { what: 'the name', where: '--who', hint });
  assertPrintable(why, MAX_WHY, { what: 'the reason', where: '--why', hint });
  const paths = projectPaths(options.project);
  const { digest, project } = await loadMapping(paths.root);
  await checkSideFiles(paths.mapping);
  const files = await digestMappingFiles(paths.mapping);
  // The mapping must not have been edited between loading and hashing.
  if ((await loadMapping(paths.root)).digest !== digest) throw unsteady();
  const before = await readFreeze(paths.mapping);
  const when = env.now().toISOString();
  const { bytes, sha256 } = encodeFreeze({ format: 1, who, why, when, digest, files });
  const required = project.frozen === 'required' ? { required: true as const } : {};
  const frozen = signed({ event: 'mapping-frozen', digest, file: sha256, ...required }, who);
  // The journal comes first: a freeze.json that it does not record counts as edited.
  appendToJournal(paths.journal, { command: 'freeze', pid: env.pid, at: when }, [frozen]);
  await onDisk(paths.mapping, () => {
    writeFreeze(paths.mapping, bytes);
  });
  return actionOutcome({
    command: 'freeze',
    notes: [
      `${counted(files.size, 'file')} frozen in mapping/${FREEZE_FILE}`,
      `mapping digest ${digest}`,
      ...(before === null ? [] : sinceBefore(changesBetween(before.files, files))),
    ],
  });
}

function unsteady(): Failure {
  return new Failure('MAPPING', {
    what: 'the mapping changed while it was being read, nothing was frozen',
    where: 'mapping',
    hint: 'make sure nothing edits it during the run, then run again',
  });
}

function sinceBefore(changes: readonly FreezeChange[]): string[] {
  if (changes.length === 0) return ['nothing has changed since the previous freeze'];
  return [
    `${counted(changes.length, 'file')} changed since the previous freeze:`,
    ...changes.map(({ file, change }) => `  ${change} ${file}`),
  ];
}

const REASONS: Readonly<Record<FreezeChange['change'], string>> = {
  changed: 'the file was changed after the freeze',
  added: 'the file was added after the freeze',
  removed: 'the file was removed after the freeze',
};

/** Reports each file that has changed since the freeze, and an edited freeze.json, as a BLOCKER. */
export async function checkFreeze(
  { project }: Pick<FreezeOptions, 'project'>,
  found: FindingStore,
): Promise<Outcome> {
  const { mapping } = projectPaths(project);
  const frozen = await readFreeze(mapping);
  if (frozen === null) {
    throw new Failure('EMPTY', {
      what: 'the mapping was never frozen',
      where: `mapping/${FREEZE_FILE}`,
      hint: 'freeze it with sealift freeze --who NAME --why TEXT',
    });
  }
  for (const { file, change } of changesBetween(frozen.files, await digestMappingFiles(mapping))) {
    const [rule, reason] = ['freeze', REASONS[change]] as const;
    found.add({ rule, severity: severityOfRule(rule), file: `mapping/${file}`, reason });
  }
  if (isEditedFreeze(project, frozen)) {
    const [rule, reason] = ['freeze', editedFreeze().message] as const;
    const file = `mapping/${FREEZE_FILE}`;
    found.add({ rule, severity: severityOfRule(rule), file, reason });
  }
  return checkOutcome({
    command: 'freeze',
    modules: [],
    findings: found.list,
    notes: [
      `frozen by ${frozen.who}: ${frozen.why}`,
      `${counted(frozen.files.size, 'file')}, mapping digest ${frozen.digest}`,
    ],
  });
}
