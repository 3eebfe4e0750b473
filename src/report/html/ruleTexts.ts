/**
 * Texts of the rules in the HTML report: the title of each page in docs/rules, and the first thing
 * to do. Generated from there by test/report/html/ruleTexts.test.ts; do not edit.
 */

export interface RuleText {
  readonly title: string;
  readonly todo: string;
}

export const RULE_TEXTS: Readonly<Partial<Record<string, RuleText>>> = {
  accounting: {
    title: 'The accounting does not add up',
    todo: 'If the finding names a table, view or virtual table, write a module for it, or list it under dropped with the reason.',
  },
  approval: {
    title: 'An approval of the evidence is not valid',
    todo: 'Compare the evidence with storage_journal in the project, and build it again with sealift evidence build.',
  },
  'attachment-changed': {
    title: 'A file was changed while it was moved',
    todo: 'Run the same command again: it moves the file as it is then.',
  },
  'attachment-differs': {
    title: 'A file differs from what its row or its run states',
    todo: 'In plan and migrate: compare the file with a backup. Restore the file, or correct the row, and run the command again.',
  },
  'attachment-file': {
    title: 'The file of an attachment cannot be moved',
    todo: 'Do what the reason says, and run the same command again: it takes up the rows that are left.',
  },
  'attachment-left': {
    title: 'A row is on disk although its run had moved it',
    todo: 'Find out what has cleared the key: a database that was restored from before the run, or an application that writes whole rows from an old copy.',
  },
  'attachment-object': {
    title: 'The object of an attachment is wrong or missing',
    todo: 'As long as the file is on disk: run attachments rollback, so that readers get the file. Remove the wrong object by hand, then run migrate again.',
  },
  'attachment-unverified': {
    title: 'An attachment could not be verified',
    todo: 'Do what the reason says: give the credentials the right to read, or get a complete report from the provider. Then run verify again.',
  },
  blank: {
    title: 'A text that must have content is empty',
    todo: 'Fill in the value in the source.',
  },
  checksum: {
    title: 'A file differs from the one that was sealed',
    todo: 'Do not use the candidate, and do not repair it: a candidate never changes after it is sealed.',
  },
  copy: {
    title: 'A copy differs from its original',
    todo: 'Find out which value is right, and correct the other one in the source.',
  },
  cycle: {
    title: 'A chain of references returns to its record',
    todo: 'Decide which of the references on the cycle is wrong, and empty it in the source.',
  },
  'date-ambiguous': {
    title: 'A date can be read in two ways',
    todo: 'Find out in the source which date was intended, and write it as 2021-08-01.',
  },
  determinism: {
    title: 'Two runs over the same input produced different bytes',
    todo: 'Check whether the source was written to between the two builds: sealift scan-drift shows this.',
  },
  drift: {
    title: 'The candidate no longer matches its mapping or its sources',
    todo: 'Run migrate again, and all checks over the new candidate. Before a cutover, first make sure that nothing writes to the source any more.',
  },
  drill: {
    title: 'A rehearsed failure did not end as expected',
    todo: 'A BLOCKER is a defect of Sealift or of the disk below it: do not migrate on that machine until the cause is understood. The report lists every step with what was expected and what was observed.',
  },
  empty: {
    title: 'There was nothing to verify',
    todo: 'Check that this is the candidate that you meant.',
  },
  encoding: {
    title: 'A text is not valid Unicode',
    todo: 'Often a program wrote Latin-1 into a UTF-8 database. Find out, and correct the cells in the source.',
  },
  enum: {
    title: 'A value is not in the list of allowed values',
    todo: 'Add the value to values, if it is valid.',
  },
  evidence: {
    title: 'The evidence leaves something unproven',
    todo: 'Build the evidence right after the promotion, while latest-… are the reports of this candidate.',
  },
  exactness: {
    title: 'A value cannot be represented without changing it',
    todo: 'Use a type that holds the value: bigint for large integers, decimal for numbers with many digits, tagged for −0 and infinities.',
  },
  fallback: {
    title: 'A date was read by a fallback pattern',
    todo: 'Inspect a few of the rows, and confirm that the dates were read as they were meant.',
  },
  'file-extra': {
    title: 'A file does not belong to the candidate',
    todo: 'Find out what the file is and where it came from. Editors and file managers leave such files.',
  },
  'file-missing': {
    title: 'A file is missing',
    todo: 'Copy the whole candidate again from its origin, or build it again.',
  },
  'filtered-kind': {
    title: 'Rows are in no module because of the kind of a cell',
    todo: 'Correct the cells in the source, or write a module for these rows: a condition may list texts and numbers, and {"column": "age", "isNull": true} matches null.',
  },
  'filtered-parent': {
    title: 'A reference points to a row that was filtered',
    todo: 'Do nothing, if the new system should see null.',
  },
  'filtered-row': {
    title: 'Rows of a table are in no module',
    todo: 'Inspect the rows that the conditions leave out. If they are wanted, widen a condition, or add a module.',
  },
  format: {
    title: 'A text does not have the expected format',
    todo: 'Correct the value in the source, or empty it.',
  },
  freeze: {
    title: 'The mapping differs from the frozen one',
    todo: 'See what has changed, for example with git diff, and restore the file.',
  },
  integrity: {
    title: 'A source was not checked for damage',
    todo: 'Omit the option. The check runs in parallel with the reading, and only delays the run if it takes longer than the reading.',
  },
  invariant: {
    title: 'An invariant of the mapping is violated',
    todo: 'Inspect the record and the records that the invariant compares it with, and correct the source.',
  },
  'json-key': {
    title: 'A JSON object has a key that is dangerous in JavaScript',
    todo: 'Find out which program wrote it: it may be the trace of an attack.',
  },
  'json-null': {
    title: 'A JSON null is not told from an empty cell',
    todo: 'If they mean the same, set the severity to INFO in the mapping.',
  },
  'key-duplicate': {
    title: 'Several rows have the same key',
    todo: 'Inspect the rows. If one is obsolete, delete it in the source.',
  },
  'key-index': {
    title: 'A blind index does not fit its value',
    todo: 'Run keys rebind, which makes such indexes again.',
  },
  'key-legacy': {
    title: 'A value is not in the form that its column is to have',
    todo: 'Run keys migrate.',
  },
  'key-log': {
    title: 'A value does not agree with its line of the log',
    todo: 'Check that the key named by log in mapping/keys.json is the one of the run.',
  },
  'key-null': {
    title: 'A part of the key is null',
    todo: 'Fill in the column in the source.',
  },
  'key-similar': {
    title: 'Keys differ only in whitespace and case',
    todo: 'Inspect the rows. If they are the same thing, merge them in the source, together with the rows that refer to them.',
  },
  'key-undeclared': {
    title: 'A column with ciphertexts is not declared',
    todo: 'Declare the column, with its forms and keys, and run the command again.',
  },
  'key-unknown': {
    title: 'A value opens under no declared form and key',
    todo: 'Of another environment: write the value again through the application, or restore the row.',
  },
  'key-width': {
    title: 'An envelope does not fit into its column',
    todo: 'Make the column wider, such as ALTER TABLE secrets ALTER COLUMN value TYPE text, and run the command again.',
  },
  'long-text': {
    title: 'A text is unusually long',
    todo: 'Inspect the text. If it is right, there is nothing to do.',
  },
  lookup: {
    title: 'The lookup table has no entry for a value',
    todo: 'Add the value to the table.',
  },
  'max-length': {
    title: 'A value is longer than the field allows',
    todo: 'Allow more characters in the new system and raise maxLength, or shorten the value in the source.',
  },
  merkle: {
    title: 'Records and Merkle roots disagree',
    todo: 'Proceed as for checksum. If there is no checksum finding beside it, the checksums were written again after a change: find out who did it, and why.',
  },
  parity: {
    title: 'Something that is bound to what is live would be missing',
    todo: 'Write the statements with sealift promote --target URL --dry-run --parity FILE, read them, change what should be other now, and apply them. Then run the same command again.',
  },
  pattern: {
    title: 'A text does not match the pattern of its field',
    todo: 'Correct the value in the source.',
  },
  'pii-class-mismatch': {
    title: 'A field does not hold the class that it declares',
    todo: 'Compare the field with its column, and correct the mapping or the class.',
  },
  'pii-coverage': {
    title: 'The policy does not cover a field',
    todo: 'Declare the field under fields of pii, with its class and treatment.',
  },
  'pii-dropped': {
    title: 'A value that the policy keeps out is in the candidate',
    todo: 'Remove the value in the source where it was found, or treat that field as well: texts with many such values are best encrypted or dropped.',
  },
  'pii-id': {
    title: 'An id or a name is personal data',
    todo: 'Use another column as the key. If there is none, use id rule keyless, which keeps no legacy key.',
  },
  'pii-misdeclared': {
    title: 'A field without personal data seems to hold some',
    todo: 'Check some values of the column. If they are what the finding says, declare the field under fields.',
  },
  'pii-quasi': {
    title: 'Fewer records than required share the same values',
    todo: 'Generalise one of the fields further: a decade in place of a year, fewer digits of a postcode.',
  },
  'pii-report': {
    title: 'A report would show personal data',
    todo: 'Use another key, with id rule uuid, by which findings name records that hold nothing personal.',
  },
  'pii-shape': {
    title: 'A value does not have the shape that the policy states',
    todo: 'Correct the value in the source.',
  },
  'pii-treatment': {
    title: 'A value is not what its treatment makes of it',
    todo: 'Correct the value in the source, or let a transform make a date or a number of it.',
  },
  'pii-undeclared': {
    title: 'Personal data is in a field that does not declare it',
    todo: 'Move the value to the field where it belongs, or remove it, in the source.',
  },
  'pii-unproven': {
    title: 'A policy was not proven in whole',
    todo: 'Scan where the source can be read; --source tells where it is now.',
  },
  'record-changed': {
    title: 'A record has different values in A and B',
    todo: '--show-values shows both values on a terminal. So does sed -n 1p on the two files.',
  },
  'record-deleted': {
    title: 'A record is only in A',
    todo: 'Search for its row in the source of B. If it was deleted there on purpose, there is nothing to do.',
  },
  'record-inserted': {
    title: 'A record is only in B',
    todo: 'If the source has the row, and should, there is nothing to do: B is the newer candidate.',
  },
  'record-schema': {
    title: 'A record does not match its schema',
    todo: 'Find out which program sealed the candidate, and who ran it. Build the candidate again with sealift migrate.',
  },
  'reference-missing': {
    title: 'A reference pointed to no row and is now null',
    todo: 'Inspect a few of the rows in the source. An id that is only spelled differently should be corrected, or be made equal by transforms in the key.',
  },
  'reference-partial': {
    title: 'A reference is partly null',
    todo: 'Fill in or empty the columns in the source.',
  },
  'reference-path': {
    title: 'A path to ids matches nothing or ends early',
    todo: 'Compare the path with a record: /dogs/ means each element of the member dogs of an object, //dogs the member of each element.',
  },
  reference: {
    title: 'A reference points to no record',
    todo: 'Find the missing record: it may have been deleted, filtered, or rejected in this run. A row that lost its key has a finding of its own. Correct it first: which references belong to it can only be determined once it has a key again. If the finding says that a key differs only in case and whitespace, make both equal with transforms (lower, upper, trim) of the key or the field.',
  },
  'registry-duplicate': {
    title: 'A registry lists an id twice',
    todo: 'Find out which of the two is already in use, and give the other another id, or remove it.',
  },
  'registry-similar': {
    title: 'A registry entry is spelled differently from its row',
    todo: 'Spell the legacy id in the registry as the source does, or correct the source.',
  },
  'registry-unused': {
    title: 'A registry entry has no row',
    todo: 'Do nothing, if rows were deleted or filtered since the registry was made.',
  },
  registry: {
    title: 'The registry has no target id for a key',
    todo: 'Check whether registry-similar was found, too: then the entry exists, with another spelling.',
  },
  rejected: {
    title: 'Rows of the source were rejected',
    todo: 'storage_reports/latest-migrate/ names each row, its field and the rule. Correct the rows in the source, or declare in the mapping what the value becomes: with a transform, such as a sentinel for a text that means "none".',
  },
  required: {
    title: 'A required value is null',
    todo: 'Fill in the value in the source.',
  },
  'row-multiplied': {
    title: 'A query returns several rows for one row of its base table',
    todo: 'If each row should become one record, find the table of the query that holds a key twice, and join only one row of it.',
  },
  'runbook-command': {
    title: 'A program or query of a runbook does not do what it is taken for',
    todo: 'Use the type of step that the reason names.',
  },
  'runbook-cycle': {
    title: 'Steps of a runbook wait for each other',
    todo: 'Remove one of the requirements. Steps run in the order of the file; requires names earlier ones.',
  },
  'runbook-gate': {
    title: 'A gate or check of a runbook cannot fail',
    todo: 'Do what the reason says.',
  },
  'runbook-name': {
    title: 'A name in a runbook stands for nothing',
    todo: 'Correct the name, or declare what it stands for.',
  },
  'runbook-order': {
    title: 'Steps of a runbook are in an order that cannot work',
    todo: 'Move the step.',
  },
  'runbook-resume': {
    title: 'A step of a runbook cannot be resumed',
    todo: 'Add a check as probe, which passes if the effect is there.',
  },
  'runbook-secret': {
    title: 'A secret is written in a runbook',
    todo: 'Declare an input with the name of a variable: db: { secret: DB_URL }.',
  },
  'runbook-shell': {
    title: 'A runbook relies on a shell',
    todo: 'Give program and arguments as a list, one program a step.',
  },
  'runbook-undo': {
    title: 'A step of a runbook has no way back',
    todo: 'Add undo: other members of the same type (undo: { set: on }), another step, or a list of them.',
  },
  'runbook-unused': {
    title: 'Nothing in a runbook uses what it declares',
    todo: 'Use it where it was meant to be used, or remove it.',
  },
  'runbook-verify': {
    title: 'Nothing verifies a step of a runbook',
    todo: 'Add a check as verify, or as the next step.',
  },
  'runbook-window': {
    title: 'The window of a runbook is doubtful',
    todo: 'Begin later, or name the date instead of the day.',
  },
  'runbook-zone': {
    title: 'A time of a runbook has no zone',
    todo: 'Name a zone such as Europe/Vienna in tz.',
  },
  scale: {
    title: 'A number or time has more fraction digits than its type',
    todo: 'Give the type as many digits as the data has, such as decimal(4).',
  },
  'schema-changed': {
    title: 'A module or field is declared differently in A and B',
    todo: 'Compare schema.json of the module in both candidates, and their mapping/.',
  },
  'seal-format': {
    title: 'A file of the seal does not conform to format 1',
    todo: 'If a newer version of Sealift made the candidate, verify it with that version.',
  },
  'seal-unexpected': {
    title: 'The seal is not the expected one',
    todo: 'Check that you have the right folder and the right id: each published run has its own folder in storage_candidate/sealed/, named after its seal id.',
  },
  'self-reference': {
    title: 'A record refers to itself',
    todo: "Find out whether the new system treats such records as roots. If it does, set the rule to INFO in the project's severities.",
  },
  sentinel: {
    title: 'A value stands for "none"',
    todo: 'Confirm that the new system should see null.',
  },
  signature: {
    title: 'A signature of the evidence is refused',
    todo: 'Make sure that the key given with --public-key or --allowed-signers is the one of who made the evidence.',
  },
  smoke: {
    title: 'What is live differs from what is expected',
    todo: 'Read the record in storage_live, or the line of the log.',
  },
  'target-changed': {
    title: 'A row of the target differs from its sealed record',
    todo: 'reconcile --show-values shows both values on a terminal. If an application has written the row since the load, that is a later write; otherwise find out what changed it, and load again.',
  },
  'target-extra': {
    title: 'A row of the target is not of the seal',
    todo: 'If an application has written it since the load, that is a later write. Otherwise find out where it comes from, and remove it.',
  },
  'target-incomparable': {
    title: 'A module could not be compared with its table',
    todo: 'Do what the reason says, and run reconcile again: nothing is known about this module.',
  },
  'target-missing': {
    title: 'A sealed record is not in the target',
    todo: 'If an application has deleted the row since the load, that is a later write. Otherwise find out what removed it, and load again.',
  },
  target: {
    title: 'The target does not fit the candidate',
    todo: 'Do what each line says, then run the same command again; with --dry-run it only checks.',
  },
  'text-control': {
    title: 'A text holds a control character',
    todo: 'Remove the character in the source, or find out which program wrote it.',
  },
  'text-invisible': {
    title: 'A text holds an invisible character',
    todo: 'Remove the character in the source. It often comes from text that was copied from web pages or word processors.',
  },
  'text-mojibake': {
    title: 'A text was decoded with the wrong encoding',
    todo: 'Correct it in the source: encode the text in the encoding that is named, and decode the bytes as UTF-8. Text that was decoded wrongly twice needs this twice.',
  },
  'text-not-nfc': {
    title: 'A text is not in Unicode normal form C',
    todo: 'Give the field the transform nfc, if the new system compares or searches texts.',
  },
  'text-nul': {
    title: 'A text holds U+0000',
    todo: 'Remove the character in the source: the finding gives its position.',
  },
  'text-replacement': {
    title: 'Characters of a text were lost before the migration',
    todo: 'Search for the original in a backup, or in the system that the data came from.',
  },
  'time-gap': {
    title: 'A local time does not exist in its zone',
    todo: 'Find out whether the source used another zone, perhaps UTC, and declare that one.',
  },
  'time-overlap': {
    title: 'A local time occurs twice in its zone',
    todo: 'Write the time with its offset in the source, such as 2024-10-27T02:30:00+02:00.',
  },
  type: {
    title: "A value does not match the field's type",
    todo: 'Inspect the row in the source: the finding names the table and the row (the rowid in SQLite, otherwise the ordinal from 1).',
  },
  unique: {
    title: 'Values that must be unique occur more than once',
    todo: 'Correct the value of one of the records in the source.',
  },
};
