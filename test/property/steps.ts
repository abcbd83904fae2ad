/** The steps of people, sites, networks and workers in the property test of content sync, as plain data. */
import fc from 'fast-check';
import type { ConflictRule } from '../../src/services/content/merge.ts';
import type { DisturbanceName } from '../../src/simulation/wordpress/disturbances.ts';

/** The fields that a person writes. Their texts get unique marks when they are written. */
export interface Writing {
  title: boolean;
  body: boolean;
  excerpt?: string;
  slug?: string;
  /** Indexes of `termChoices`. */
  terms?: number[];
}

export interface Trouble {
  fault: DisturbanceName;
  on: 'reads' | 'writes' | 'any';
  skip: number;
  times: number;
}

export interface Run {
  direction: 'both' | 'from_external' | 'to_external';
  full: boolean;
  troubles: Trouble[];
  /** How the run is cut off: its worker dies and another one continues, or a person cancels it. */
  cut: (Moment & { by: 'death' | 'cancelling' }) | null;
  /** The steps of people while the run waits for a response. */
  meanwhile: (Moment & { steps: PersonStep[] }) | null;
}

/** The moment when the site answers this request of a run; the first request is 1. */
export interface Moment {
  on: Trouble['on'];
  at: number;
}

/** What people do on the site without a new date of any item. */
export type UndatedStep =
  | { step: 'site_renames_term' | 'site_moves_term' | 'site_deletes_term'; value: number }
  | {
      step: 'site_deletes_user' | 'site_deletes_picture' | 'site_sets_permalinks' | 'site_replaces';
      value: number;
    };

/** `which` selects an existing content or item. */
export type PersonStep =
  | { step: 'site_creates'; type: 'post' | 'page'; status: string; writing: Writing }
  | { step: 'site_edits'; which: number; writing: Writing; status: string | null }
  | { step: 'site_sets_terms' | 'site_sets_meta'; which: number; value: number }
  | { step: 'site_trashes' | 'site_untrashes' | 'site_deletes'; which: number }
  | { step: 'site_schedules' | 'site_publishes_scheduled'; which: number }
  | UndatedStep
  | { step: 'user_creates'; type: 'post' | 'page'; status: 'draft' | 'ready'; writing: Writing }
  | { step: 'user_edits'; which: number; writing: Writing; status: 'draft' | 'ready' | 'archived' | null }
  | { step: 'user_sets_meta'; which: number; value: number }
  | { step: 'user_removes'; which: number }
  | { step: 'user_resolves'; which: number; keep: 'local' | 'remote'; looks: boolean }
  | { step: 'user_pulls'; which: number };

/** The steps of a copy of the site, such as a staging site. `knows`: its plugin knows the home of the site. */
export type CopyStep =
  | { step: 'copy_made'; knows: boolean }
  | { step: 'copy_edits' | 'copy_deletes'; which: number }
  | { step: 'copy_creates' | 'copy_sends' | 'copy_connects' };

export type Step =
  | PersonStep
  | CopyStep
  | { step: 'run'; run: Run }
  | { step: 'webhooks_arrive'; twice: boolean; settled: boolean }
  | { step: 'webhook_lost' }
  | { step: 'clock_moves'; hours: number }
  | { step: 'zone_changes'; hours: number };

export const termChoices = [
  { taxonomy: 'category', slug: 'uncategorized', name: 'Uncategorized' },
  { taxonomy: 'category', slug: 'news', name: 'News' },
  { taxonomy: 'post_tag', slug: 'green', name: 'green' },
  { taxonomy: 'post_tag', slug: 'made-here', name: 'Made here' },
  { taxonomy: 'category', slug: 'News', name: 'The news' },
  { taxonomy: 'post_tag', slug: 'Погода', name: 'Погода' },
] as const;

/** Mostly the newest, so that people on both sides often change the same one. */
const which = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, { weight: 1, arbitrary: fc.nat(11) });
const writing: fc.Arbitrary<Writing> = fc
  .record({
    title: fc.boolean(),
    body: fc.boolean(),
    excerpt: fc.option(fc.constantFrom('', 'Short', 'A "quoted" \\ 🎉 one'), { nil: undefined, freq: 2 }),
    slug: fc.option(fc.constantFrom('same', 'other-slug'), { nil: undefined, freq: 2 }),
    terms: fc.option(fc.uniqueArray(fc.nat(termChoices.length - 1), { maxLength: 3 }), {
      nil: undefined,
      freq: 2,
    }),
  })
  .map(({ excerpt, slug, terms, ...texts }) => ({
    ...texts,
    ...(excerpt === undefined ? {} : { excerpt }),
    ...(slug === undefined ? {} : { slug }),
    ...(terms === undefined ? {} : { terms }),
  }));
const type = fc.constantFrom('post', 'post', 'page');
const siteStatus = fc.constantFrom('publish', 'draft', 'private', 'pending');

const siteEdits = fc.record({
  step: fc.constant('site_edits'),
  which,
  writing,
  status: fc.option(siteStatus, { freq: 2 }),
});
const userEdits = fc.record({
  step: fc.constant('user_edits'),
  which,
  writing,
  status: fc.option(fc.constantFrom('draft', 'ready', 'archived'), { freq: 2 }),
});
const userCreates = fc.record({
  step: fc.constant('user_creates'),
  type,
  status: fc.constantFrom('ready', 'ready', 'draft'),
  writing,
});
export const undatedStep: fc.Arbitrary<UndatedStep> = fc.record({
  step: fc.constantFrom(
    'site_renames_term',
    'site_moves_term',
    'site_deletes_term',
    'site_deletes_user',
    'site_deletes_picture',
    'site_sets_permalinks',
    'site_replaces',
  ),
  value: fc.nat(7),
});
const personStep = fc.oneof(
  { weight: 3, arbitrary: undatedStep },
  {
    weight: 3,
    arbitrary: fc.record({ step: fc.constant('site_creates'), type, status: siteStatus, writing }),
  },
  { weight: 5, arbitrary: siteEdits },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constantFrom('site_sets_terms', 'site_sets_meta'),
      which,
      value: fc.nat(3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constantFrom('site_trashes', 'site_untrashes', 'site_deletes'), which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constantFrom('site_schedules', 'site_publishes_scheduled'), which }),
  },
  { weight: 5, arbitrary: userCreates },
  { weight: 5, arbitrary: userEdits },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('user_sets_meta'), which, value: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('user_removes'), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant('user_resolves'),
      which,
      keep: fc.constantFrom('local', 'remote'),
      looks: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('user_pulls'), which }) },
) as fc.Arbitrary<PersonStep>;

const fault = fc.constantFrom<DisturbanceName>(
  'latency',
  'too_many_requests',
  'error_before',
  'error_after',
  'error_after',
  'dropped_before',
  'dropped_after',
  'dropped_after',
  'truncated',
  'truncated',
  'html',
  'page_shrinks',
  'page_grows',
  'item_without_id',
  'item_bad_text',
  'item_year_0000',
);
const trouble: fc.Arbitrary<Trouble> = fc.record({
  fault,
  on: fc.constantFrom('reads', 'writes', 'any'),
  skip: fc.nat(5),
  times: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: fc.constant(9) }),
});
const moment = {
  on: fc.constantFrom('reads', 'writes', 'writes', 'any'),
  at: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 8 })),
} as const;
const run: fc.Arbitrary<Run> = fc.record({
  direction: fc.constantFrom('both', 'both', 'from_external', 'to_external', 'to_external'),
  full: fc.boolean(),
  troubles: fc.array(trouble, { maxLength: 2 }),
  cut: fc.option(fc.record({ ...moment, by: fc.constantFrom('death', 'cancelling') }), { freq: 2 }),
  meanwhile: fc.option(
    fc.record({
      ...moment,
      steps: fc.array(personStep, { minLength: 1, maxLength: 3 }),
    }),
    { freq: 2 },
  ),
});

const disturbedRun = fc.record({ step: fc.constant('run' as const), run });
const quietRun = (direction: Run['direction']): Step => ({
  step: 'run',
  run: { direction, full: false, troubles: [], cut: null, meanwhile: null },
});

/** Both sides edit the same content, and a run only pushes. */
const meeting: fc.Arbitrary<Step[]> = fc
  .record({
    at: fc.constantFrom(0, 1),
    there: fc.tuple(siteEdits, fc.boolean()),
    here: userEdits,
    thereFirst: fc.boolean(),
    last: fc.oneof(fc.constant(quietRun('to_external')), disturbedRun),
  })
  .map(({ at, there: [edit, title], here, thereFirst, last }) => {
    const onSite = { ...edit, which: at, writing: { ...edit.writing, title } } as Step;
    const byUser = { ...here, which: at, writing: { ...here.writing, body: true } } as Step;
    return [...(thereFirst ? [onSite, byUser] : [byUser, onSite]), last];
  });

const copyStep = fc.oneof(
  fc.record({ step: fc.constantFrom('copy_edits', 'copy_deletes'), which }),
  fc.record({ step: fc.constantFrom('copy_creates', 'copy_sends', 'copy_sends', 'copy_connects') }),
) as fc.Arbitrary<CopyStep>;

/** A copy is made, and used beside the site. */
const copy: fc.Arbitrary<Step[]> = fc
  .record({
    knows: fc.constantFrom(false, false, true),
    steps: fc.array(fc.oneof(copyStep, personStep), { minLength: 1, maxLength: 5 }),
  })
  .map(({ knows, steps }) => [{ step: 'copy_made', knows }, ...steps, { step: 'copy_sends' }]);

const one = <T extends Step>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Step[]> =>
  arbitrary.map((step) => [step]);

const anySteps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: one(personStep) },
    { weight: 6, arbitrary: one(disturbedRun) },
    { weight: 2, arbitrary: meeting },
    { weight: 1, arbitrary: copy },
    {
      weight: 2,
      arbitrary: one(
        fc.record({
          step: fc.constant('webhooks_arrive' as const),
          twice: fc.boolean(),
          settled: fc.boolean(),
        }),
      ),
    },
    { weight: 1, arbitrary: fc.constant<Step[]>([{ step: 'webhook_lost' }]) },
    {
      weight: 1,
      arbitrary: one(
        fc.record({
          step: fc.constant('clock_moves' as const),
          hours: fc.integer({ min: -30, max: 30 }),
        }),
      ),
    },
    {
      weight: 1,
      arbitrary: one(
        fc.record({
          step: fc.constant('zone_changes' as const),
          hours: fc.constantFrom(-11, -3.5, 0, 5.75, 13),
        }),
      ),
    },
  ),
  { minLength: 4, maxLength: 14 },
);

/** The rule of the integration for contents that both sides have changed. */
export const rules = fc.constantFrom<ConflictRule>('flag', 'flag', 'newest', 'local', 'remote');

/** Mostly both sides are in sync at the start. */
export const steps: fc.Arbitrary<Step[]> = fc
  .tuple(fc.constantFrom([], [quietRun('both')], [quietRun('both')]), anySteps)
  .map(([first, others]) => [...first, ...others.flat()]);
