import { WordpressFault } from '../messages.ts';
import type { ApplicationPassword } from '../site/coreRest.ts';
import type { SiteClient } from '../site/siteClient.ts';

/**
 * `accepted`: user name and password are right. `refused`: they are wrong. `unknown`: XML-RPC does not answer
 * here.
 */
type PasswordEcho = 'accepted' | 'refused' | 'unknown';

/** How much of an answer is searched: the first blog of the user comes early. Bytes. */
const SEARCHED = 65_536;

/**
 * Asks XML-RPC whether user name and application password are right. XML-RPC takes them in the body, where no
 * web server strips them. REST cannot tell a wrong password from a stripped Authorization header: both give
 * `rest_not_logged_in` (WordPress 6.8 signs users in only after it has collected the errors of doing so).
 */
export async function askXmlRpc(
  client: SiteClient,
  { username, application_password }: ApplicationPassword,
): Promise<PasswordEcho> {
  const params = [username, application_password]
    .map((text) => `<param><value><string>${escapeXml(text)}</string></value></param>`)
    .join('');
  try {
    const { status, body } = await client.send({
      method: 'POST',
      url: `${client.address.href}xmlrpc.php`,
      headers: { 'Content-Type': 'text/xml' },
      body: `<?xml version="1.0"?><methodCall><methodName>wp.getUsersBlogs</methodName><params>${params}</params></methodCall>`,
      redirects: 'none',
    });
    const text = body.subarray(0, SEARCHED).toString('utf8');
    if (status !== 200 || !text.includes('<methodResponse>')) return 'unknown';
    if (/<member>\s*<name>blogid<\/name>/.test(text)) return 'accepted';
    // The fault 405 would mean that XML-RPC is disabled on this site.
    return /<int>403<\/int>/.test(text) ? 'refused' : 'unknown';
  } catch (error) {
    if (error instanceof WordpressFault) return 'unknown';
    throw error;
  }
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
