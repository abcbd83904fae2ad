import type { Answer } from './answer.ts';
import type { SimulatedSite } from './site.ts';

/** Answers XML-RPC. Only the method `wp.getUsersBlogs` is simulated. It accepts application passwords. */
export function answerXmlRpc(site: SimulatedSite, body: string): Answer {
  if (site.has('xmlrpc_disabled')) return fault(405, 'XML-RPC services are disabled on this site.');
  if (!body.includes('<methodName>wp.getUsersBlogs</methodName>')) {
    return fault(-32601, 'server error. requested method does not exist.');
  }
  const [login = '', password = ''] = [...body.matchAll(/<string>([^<]*)<\/string>/g)].map((match) =>
    (match[1] ?? '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
  );
  if (site.passwordOwner(login, password) === null) return fault(403, 'Incorrect username or password.');
  const members = {
    isAdmin: '<boolean>0</boolean>',
    url: `<string>${site.home}/</string>`,
    blogid: '<string>1</string>',
  };
  const struct = Object.entries(members)
    .map(([name, value]) => `<member><name>${name}</name><value>${value}</value></member>`)
    .join('\n');
  return response(
    `<params><param><value><array><data><value><struct>${struct}</struct></value></data></array></value></param></params>`,
  );
}

function fault(code: number, text: string): Answer {
  return response(
    `<fault><value><struct>
<member><name>faultCode</name><value><int>${code}</int></value></member>
<member><name>faultString</name><value><string>${text}</string></value></member>
</struct></value></fault>`,
  );
}

function response(content: string): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/xml; charset=UTF-8' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse>\n${content}\n</methodResponse>\n`,
  };
}
