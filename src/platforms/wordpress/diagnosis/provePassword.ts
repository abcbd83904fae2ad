import { randomBytes } from 'node:crypto';
import type { CheckList } from '../../checkList.ts';
import { fault } from '../messages.ts';
import { type ApplicationPassword, type CoreRest, isOfPassword } from '../site/coreRest.ts';
import type { ApiRoot } from '../site/discovery.ts';
import { servedFromCache } from '../site/faultPages.ts';
import { firstAnswer } from '../site/firstAnswer.ts';
import { lostParameters } from '../site/lostParameters.ts';
import { isRecord, isShutOut, type SiteClient } from '../site/siteClient.ts';
import { missingCapabilities } from './neededCapabilities.ts';
import { askXmlRpc } from './passwordEcho.ts';
import { shutOut } from './shutOut.ts';

/**
 * A route that needs a sign-in. Public reads prove nothing, as WordPress treats a wrong password there as no
 * password.
 */
const ME = 'wp/v2/users/me';

interface PasswordProof {
  list: CheckList;
  client: SiteClient;
  core: CoreRest;
  root: ApiRoot;
  credentials: ApplicationPassword | null;
}

/**
 * Proves that WordPress accepts the application password, and refuses a wrong one. Returns the site's own
 * home URL; null if the root does not name it. Throws WordpressFault.
 */
export async function provePassword({
  list,
  client,
  core,
  root,
  credentials,
}: PasswordProof): Promise<string | null> {
  const values = client.values;
  if (credentials === null) throw fault('connector_missing', { values });
  await list.run('application_passwords', async () => {
    if (!root.applicationPasswords) throw fault('application_passwords_off', { values });
    return { value: undefined };
  });

  await list.run('wrong_password', async () => {
    const wrong = { ...credentials, application_password: randomBytes(18).toString('hex') };
    const answer = await core.get(ME, wrong, 'context=edit').catch(shutOut);
    if (answer === null) return { value: undefined };
    if (answer.error === null) {
      if (servedFromCache(answer.response)) throw fault('cached_api', { values });
      throw fault('auth_not_enforced', { variant: 'password', values });
    }
    // The code of the refusal depends on when WordPress checks the password. Only the refusal itself counts.
    if (!isShutOut(answer.error) && !isOfPassword(answer.error)) throw core.refusal(answer, answer.error);
    return { value: undefined };
  });

  const me = await list.run('sign_in', async () => {
    const answer = await core.get(ME, credentials, 'context=edit&_fields=id,roles,capabilities');
    if (answer.error?.code === 'rest_not_logged_in') throw await notSignedIn(client, credentials);
    if (answer.error !== null) throw core.refusal(answer, answer.error);
    if (servedFromCache(answer.response)) throw fault('cached_api', { values });
    return { value: answer.value };
  });

  const stripped = (lost: string[]) => {
    const names = lost.join(', ');
    return fault('query_stripped', { values: { ...values, missing: names }, detail: names });
  };
  await list.run('capabilities', async () => {
    // WordPress shows users their own role and capabilities, but only with context=edit.
    const isBare = isRecord(me) && 'id' in me && !('roles' in me) && !('capabilities' in me);
    if (isBare) throw stripped('_links' in me ? ['context', '_fields'] : ['context']);
    const missing = missingCapabilities(isRecord(me) ? me.capabilities : {});
    if (missing !== '') throw fault('insufficient_role', { values: { ...values, missing }, detail: missing });
    const query = 'context=edit&per_page=1&_fields=id,title.raw,content.raw';
    const ask = (part: string) => core.read('wp/v2/posts', credentials, part);
    const lost = lostParameters(query, (await firstAnswer(ask, query)).value);
    if (lost.includes('context')) throw stripped(lost);
    return { value: undefined, note: lost.length === 0 ? null : stripped(lost) };
  });
  return root.home;
}

/**
 * WordPress took the request for one without a user: the credentials are wrong, or the header did not arrive.
 */
async function notSignedIn(client: SiteClient, credentials: ApplicationPassword) {
  const { values } = client;
  const echo = await askXmlRpc(client, credentials);
  if (echo === 'accepted') return fault('auth_header_stripped', { values });
  return echo === 'refused'
    ? fault('bad_credentials', { values, detail: 'rest_not_logged_in' })
    : fault('bad_credentials', { variant: 'unclear', values });
}
