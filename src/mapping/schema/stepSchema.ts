/**
 * Types of the steps of a runbook, as JSON Schema (2020-12): the members that each has of its own. A step type is one entry here, and one with its facts in `cutover/stepType.ts`.
 */

import {
  about,
  ARGV,
  CONDITION,
  COUNT,
  DURATION,
  ENVIRONMENT,
  EXIT,
  NAME,
  SCALAR,
  TEXT,
  TEXTS,
  VALUES,
  type Schema,
} from './runbookParts.ts';

const EXPECTED = about(VALUES, 'Values that are expected, by path.');
const FILE = about(TEXT, 'Path, from the folder of the runbook.');
const URL = about(TEXT, 'Address, or a path of the application.');
const QUERY = about(TEXT, 'One query, or the name of a file with one (*.sql).');
const ROLE = about(NAME, 'Role of the person who decides.');
const SET = about(SCALAR, 'The value to set.');

export interface TypeSchema {
  readonly text: string;
  readonly members: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const ADAPTER: Readonly<Record<string, Schema>> = {
  run: ARGV,
  url: URL,
  env: ENVIRONMENT,
};

/** Commands of Sealift that a step runs, as `sealift.NAME`. */
const COMMANDS = [
  'dry-run',
  'scan-all',
  'scan',
  'determinism',
  'drill',
  'review',
  'reconcile',
  'smoke',
  'snapshot',
  'migrate',
  'load',
  'promote',
  'rollback',
  'attachments',
  'keys',
  'secrets',
] as const;
type CommandType = `sealift.${(typeof COMMANDS)[number]}`;
export const COMMAND_TYPES: readonly CommandType[] = COMMANDS.map(
  (name): CommandType => `sealift.${name}`,
);
export const COMMAND: TypeSchema = {
  text: 'Runs a command of Sealift.',
  members: { args: about(TEXTS, 'Arguments of the command.') },
};

const OWN_TYPES = [
  'env.require',
  'git.clean',
  'git.tag',
  'git.commit',
  'ci.green',
  'app.deploy',
  'app.writes',
  'config.set',
  'cache.verify',
  'pg.backup',
  'pg.restore_swap',
  'sqlite.backup',
  'sql.migrate',
  'sql.rows',
  'sql.count',
  'pg.acl',
  'http.check',
  'http.cases',
  'file.check',
  'file.fresh',
  'link.check',
  'log.watch',
  'exec',
  'notify',
  'attest',
  'gate.approval',
  'gate.window',
] as const;
type OwnType = (typeof OWN_TYPES)[number];
export type StepType = OwnType | CommandType;

/** What `use` takes. */
export const STEP_TYPES: readonly StepType[] = [...OWN_TYPES, ...COMMAND_TYPES];

/** Types of steps but commands of Sealift. */
export const TYPES: Readonly<Record<OwnType, TypeSchema>> = {
  'env.require': {
    text: 'Variables are set, and have the form that production needs. No value is shown.',
    members: {
      names: about(TEXTS, 'Names of the variables.'),
      minBytes: about({ ...VALUES, additionalProperties: COUNT }, 'Least length, by name.'),
      live: about(TEXTS, 'Variables that have to hold a live key, not one for tests.'),
      equals: about(VALUES, 'Exact values, by name; for settings that are no secrets.'),
    },
    required: ['names'],
  },
  'git.clean': { text: 'The working tree has no changes.', members: {} },
  'git.tag': {
    text: 'A tag is set, or names the commit that was tested.',
    members: { tag: about(TEXT, 'Name of the tag.'), commit: about(TEXT, 'Expected commit.') },
    required: ['tag'],
  },
  'git.commit': {
    text: 'Files are committed.',
    members: { files: about(TEXTS, 'Paths.'), message: about(TEXT, 'Message.') },
    required: ['files', 'message'],
  },
  'ci.green': {
    text: 'CI has passed for the commit.',
    members: { commit: about(TEXT, 'The commit.'), file: FILE, url: URL },
    required: ['commit'],
  },
  'app.deploy': {
    text: 'A build is deployed; the commit that health reports is the expected one.',
    members: { ...ADAPTER, commit: about(TEXT, 'The commit.'), health: URL },
    required: ['commit', 'health'],
  },
  'app.writes': {
    text: 'The application takes writes, or refuses them.',
    members: {
      set: about({ enum: ['on', 'off'] }, 'on or off.'),
      expect: about(VALUES, 'What health reports then.'),
      ...ADAPTER,
    },
    required: ['set'],
  },
  'config.set': {
    text: 'A setting gets a value, and is read back.',
    members: { key: about(TEXT, 'Name of the setting.'), set: SET, file: FILE, ...ADAPTER },
    required: ['key', 'set'],
  },
  'cache.verify': {
    text: 'The application delivers the new version of an asset.',
    members: { url: URL, sha256: about(TEXT, 'Expected digest.'), expect: EXPECTED },
    required: ['url'],
  },
  'pg.backup': {
    text: 'A dump of the database.',
    members: {
      rehearse: about({ type: 'boolean' }, 'Whether it is restored into a scratch database.'),
      file: FILE,
    },
  },
  'pg.restore_swap': {
    text: 'A backup is restored into a new database, which takes the place of the old one.',
    members: { from: about(NAME, 'The step with the backup.') },
  },
  'sqlite.backup': {
    text: 'A copy of a SQLite database.',
    members: {
      rehearse: about({ type: 'boolean' }, 'Whether it is opened and compared.'),
      file: FILE,
    },
  },
  'sql.migrate': {
    text: 'Files of SQL in order, each in a transaction with its line in the ledger.',
    members: {
      files: about(TEXT, 'Files, or a pattern of them; ordered by name.'),
      outside: about(TEXTS, 'Files that cannot run in a transaction; they need `probe`.'),
    },
    required: ['files'],
  },
  'sql.rows': {
    text: 'Each row of a query satisfies a condition.',
    members: {
      query: QUERY,
      every: about(CONDITION, 'Condition on each row.'),
      minRows: about(COUNT, 'Least number of rows.'),
    },
    required: ['query', 'every'],
  },
  'sql.count': {
    text: 'A query returns one number.',
    members: { query: QUERY, expect: about(CONDITION, 'Condition on it, such as "== 0".') },
    required: ['query', 'expect'],
  },
  'pg.acl': {
    text: 'Grants on tables, sequences, functions and schemas.',
    members: {
      grantee: about(TEXT, 'Whose grants.'),
      expect: about({ enum: ['empty'] }, 'empty: there are none.'),
      schemas: about(TEXTS, 'Schemas.'),
    },
    required: ['grantee', 'expect'],
  },
  'http.check': {
    text: 'One request, and what is expected of its answer.',
    members: {
      url: URL,
      method: about({ enum: ['GET', 'HEAD', 'POST'] }, 'GET if left out.'),
      status: about({ type: 'integer', minimum: 100, maximum: 599 }, 'Expected status.'),
      headers: about(VALUES, 'Expected headers.'),
      json: about(VALUES, 'Expected values, by JSON path.'),
      body: about(TEXT, 'File with the body.'),
    },
    required: ['url'],
  },
  'http.cases': {
    text: 'Requests of a file, with what is expected of each.',
    members: { file: FILE },
    required: ['file'],
  },
  'file.check': {
    text: 'A file is there, and as expected.',
    members: {
      file: FILE,
      json: about(VALUES, 'Expected values, by JSON path.'),
      sha256: about(TEXT, 'Expected digest.'),
      maxAge: about(DURATION, 'How old it may be.'),
    },
    required: ['file'],
  },
  'file.fresh': {
    text: 'A file that is generated anew has no difference.',
    members: { run: ARGV, env: ENVIRONMENT, files: about(TEXTS, 'The generated files.') },
    required: ['run', 'files'],
  },
  'link.check': { text: 'Links of a page have a target.', members: { file: FILE } },
  'log.watch': {
    text: 'Lines of a log.',
    members: {
      file: FILE,
      run: ARGV,
      pattern: about(TEXT, 'RE2 syntax.'),
      expect: about(CONDITION, 'Condition on the number of lines, or on their share.'),
    },
    required: ['pattern', 'expect'],
  },
  exec: {
    text: 'A program, without a shell.',
    members: {
      run: ARGV,
      command: about(NAME, 'A command of the runbook, instead of `run`.'),
      env: ENVIRONMENT,
      exit: EXIT,
      changes: about({ type: 'boolean' }, 'false: it is a check. It changes something otherwise.'),
      idempotent: about({ type: 'boolean' }, 'Whether it can run again after it was cut off.'),
    },
  },
  notify: {
    text: 'A message to people.',
    members: { ...ADAPTER, text: about(TEXT, 'The message.'), to: ROLE },
    required: ['text'],
  },
  attest: {
    text: 'A person says that something is so.',
    members: { role: ROLE, text: about(TEXT, 'What the person says.') },
    required: ['role', 'text'],
  },
  'gate.approval': {
    text: 'People approve what was seen so far.',
    members: {
      role: ROLE,
      of: about({ type: 'integer', minimum: 1 }, 'How many have to; 1 if left out.'),
      notOperator: about(
        { type: 'boolean' },
        'Whether the operator does not count. So if left out.',
      ),
      expires: about(DURATION, 'How long an approval is valid.'),
    },
    required: ['role'],
  },
  'gate.window': { text: 'The window of the runbook is open.', members: {} },
};
