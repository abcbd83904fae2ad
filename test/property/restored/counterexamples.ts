/** Steps that once broke a law. Every run of the property begins with them. */
import type { Step } from './steps.ts';

const created: Step = { step: 'user_creates', ready: true };
const run = (direction: 'both' | 'to_external', full = false): Step => ({
  step: 'run',
  direction,
  full,
  lostAnswers: 0,
});

/**
 * The site was restored, and the database after it. The id of a lost item belongs to the item of a content
 * that waits in the restored backup, and still to the content of the lost item.
 */
const idOfAnother: Step[] = [
  run('both'),
  created,
  run('to_external'),
  { step: 'site_restored', back: 1 },
  run('to_external'),
  created,
  run('to_external'),
  { step: 'database_restored', back: 1, told: false },
  created,
  run('to_external'),
  run('to_external', true),
];

const edited: Step = { step: 'user_edits', which: 0, title: true, body: true };

/**
 * A content was retitled and pushed after the backup. The restored database has its old title, so a search by
 * the slug does not find its item.
 */
const retitledSinceBackup: Step[] = [
  created,
  edited,
  run('both'),
  { step: 'database_restored', back: 2, told: false },
  edited,
  run('to_external'),
];

export const counterexamples: readonly Step[][] = [idOfAnother, retitledSinceBackup];
