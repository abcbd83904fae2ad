/** The steps of people, servers and backups in the property test of restored sides, as plain data. */
import fc from 'fast-check';

/** `which` selects an existing content or item, the newest first. `back` is the age of a backup in steps. */
export type Step =
  | { step: 'site_creates' | 'new_server' | 'other_server' | 'webhooks_arrive' | 'webhook_lost' }
  | { step: 'site_edits' | 'user_edits'; which: number; title: boolean; body: boolean }
  | { step: 'site_removes' | 'user_removes'; which: number }
  | { step: 'user_creates'; ready: boolean }
  | { step: 'user_resolves'; which: number; keep: 'local' | 'remote' }
  | { step: 'run'; direction: 'both' | 'from_external' | 'to_external'; full: boolean; lostAnswers: number }
  /** `told`: the operator runs `admin restored`, as is asked when sites store none of our writes. */
  | { step: 'database_restored'; back: number; told: boolean }
  | { step: 'site_restored'; back: number };

const which = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, { weight: 1, arbitrary: fc.nat(7) });
const edit = (step: 'site_edits' | 'user_edits') =>
  fc
    .record({ step: fc.constant(step), which, title: fc.boolean(), body: fc.boolean() })
    .map((each) => (each.title ? each : { ...each, body: true }));
const quietRun = (direction: 'both' | 'from_external' | 'to_external'): Step => ({
  step: 'run',
  direction,
  full: false,
  lostAnswers: 0,
});
const run = fc.record({
  step: fc.constant('run' as const),
  direction: fc.constantFrom('both', 'both', 'from_external', 'to_external'),
  full: fc.boolean(),
  lostAnswers: fc.constantFrom(0, 0, 0, 1, 2),
});
const userCreates: fc.Arbitrary<Step> = fc.record({
  step: fc.constant('user_creates' as const),
  ready: fc.constantFrom(true, true, true, false),
});

const one = (arbitrary: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> => arbitrary.map((step) => [step]);

/** The steps of an ordinary day. */
const ordinary: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 3, arbitrary: one(fc.constant<Step>({ step: 'site_creates' })) },
  { weight: 3, arbitrary: one(edit('site_edits') as fc.Arbitrary<Step>) },
  {
    weight: 1,
    arbitrary: one(fc.record({ step: fc.constantFrom('site_removes', 'user_removes'), which })),
  },
  { weight: 3, arbitrary: one(userCreates) },
  { weight: 3, arbitrary: one(edit('user_edits') as fc.Arbitrary<Step>) },
  {
    weight: 2,
    arbitrary: one(
      fc.record({
        step: fc.constant('user_resolves' as const),
        which,
        keep: fc.constantFrom('local', 'remote'),
      }),
    ),
  },
  { weight: 5, arbitrary: one(run as fc.Arbitrary<Step>) },
  // Contents that an earlier backup does not have.
  { weight: 3, arbitrary: userCreates.map((created) => [created, quietRun('to_external')]) },
  {
    weight: 2,
    arbitrary: (edit('user_edits') as fc.Arbitrary<Step>).map((edited) => [edited, quietRun('both')]),
  },
  { weight: 1, arbitrary: one(fc.constantFrom({ step: 'webhooks_arrive' }, { step: 'webhook_lost' })) },
);

const back = fc.integer({ min: 1, max: 6 });
const restored: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ step: fc.constant('database_restored' as const), back, told: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('site_restored' as const), back }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'new_server' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'other_server' }) },
);

/** The steps after a restore. Mostly a new content or item is synced. */
const after: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 3, arbitrary: userCreates.map((created) => [created, quietRun('to_external')]) },
  { weight: 2, arbitrary: fc.constant<Step[]>([{ step: 'site_creates' }, quietRun('both')]) },
  { weight: 2, arbitrary: ordinary },
  { weight: 1, arbitrary: fc.constant<Step[]>([]) },
);

/** Any steps, then a restore of any backup. */
const anyTime = fc
  .tuple(fc.array(ordinary, { minLength: 2, maxLength: 5 }), restored, after)
  .map(([before, back, then]) => [...before.flat(), back, ...then]);

/** A restore of a backup that has a content but not its create. The item may have been edited since. */
const forgottenCreate = fc
  .record({
    before: fc.array(ordinary, { maxLength: 2 }),
    direction: fc.constantFrom<'both' | 'to_external'>('both', 'to_external'),
    edited: fc.option(edit('site_edits'), { freq: 2 }),
    of: fc.constantFrom('database', 'database', 'site'),
    told: fc.boolean(),
    next: fc.oneof(after, fc.constant([quietRun('to_external')])),
  })
  .map(({ before, direction, edited, of, told, next }): Step[] => {
    const since: Step[] = [
      quietRun(direction),
      ...(edited === null ? [] : [{ ...edited, which: 0 } as Step]),
    ];
    const back = since.length;
    return [
      ...before.flat(),
      { step: 'user_creates', ready: true },
      ...since,
      of === 'site' ? { step: 'site_restored', back } : { step: 'database_restored', back, told },
      ...next,
    ];
  });

/** A restore of a backup without the last edit of one side, then an edit of the same content. */
const forgottenEdit = fc
  .record({
    before: fc.array(ordinary, { maxLength: 2 }),
    forgotten: fc.oneof(edit('user_edits'), edit('site_edits')),
    edited: edit('user_edits'),
    back: fc.constantFrom(1, 2),
    told: fc.boolean(),
  })
  .map(({ before, forgotten, edited, ...restore }): Step[] => [
    ...before.flat(),
    { ...forgotten, which: 0, title: true } as Step,
    quietRun('both'),
    { step: 'database_restored', ...restore },
    { ...edited, which: 0, title: true } as Step,
    quietRun('to_external'),
  ]);

const part = fc.oneof(
  { weight: 3, arbitrary: anyTime },
  { weight: 2, arbitrary: forgottenCreate },
  { weight: 1, arbitrary: forgottenEdit },
);

/** Mostly both sides are in sync at the start. */
export const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.constantFrom<Step[]>([], [quietRun('both')], [quietRun('both')]),
    fc.array(part, { minLength: 1, maxLength: 2 }),
    fc.array(ordinary, { maxLength: 3 }),
  )
  .map(([first, parts, last]) => [...first, ...parts.flat(), ...last.flat()]);

/** The steps before which a backup of the database is needed, as a later step restores it. */
export function backedUp(all: readonly Step[]): Set<number> {
  return new Set(all.flatMap((step, at) => (step.step === 'database_restored' ? [at - step.back] : [])));
}
