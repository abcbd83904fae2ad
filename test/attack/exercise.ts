/** Uses a connected site while it sends every secret back that it was told. */
import { type Connected, shapeOf } from './connected.ts';
import { ECHOES, type EchoName, saidBy } from './echo.ts';
import type { Hook } from './front.ts';

/** These make a run wait and try again, and then leave the site alone for a while. */
const PASSING: readonly EchoName[] = ['failure', 'header'];

/** Sends back everything that a request carries, or that the site knows. */
function echoing(name: EchoName, shape: string | null, known: readonly string[]): Hook {
  return (request, response) => {
    if (shape !== null && shapeOf(`${request.method} ${request.url}`) !== shape) return false;
    void saidBy(request).then((said) => {
      const all = [...said, ...known];
      ECHOES[name](response, name.startsWith('redirect') ? (all[0] ?? 'nothing') : all.join(' '));
    });
    return true;
  };
}

/** Each use, while each of its requests in turn, or all of them, are answered with what they carried. */
export async function exercise(site: Connected): Promise<void> {
  const { front, tenant, uses } = site;
  const known = [tenant.site.key];
  const lasting = Object.keys(ECHOES).filter(
    (name): name is EchoName => !PASSING.some((each) => each === name),
  );
  let turn = 0;
  for (const [name, use] of Object.entries(uses)) {
    const from = front.seen.length;
    await use();
    const shapes = [...new Set(front.seen.slice(from).map(shapeOf))];
    const isTest = name === 'test' || name === 'onboarding';
    for (const echo of isTest ? [...lasting, ...PASSING] : lasting) {
      front.answer(echoing(echo, null, known));
      await use();
    }
    for (const shape of shapes) {
      turn += 1;
      front.answer(echoing(lasting[turn % lasting.length] ?? 'error', shape, known));
      await use();
    }
    front.answer(null);
  }
  front.answer(echoing('failure', /^a shop$/.test(site.name) ? null : 'GET /wp-json/', known));
  await uses.pull?.();
  front.answer(null);
  await uses.test();
}
