import { integrationsPath } from '../support/builders.ts';
import type { SyncedTenant } from '../support/syncedSite.ts';
import type { CallAnswer, Caller } from './caller.ts';
import type { Period } from './ledger.ts';

/** The edits of the title of one content. Each title has the number of its edit. */
export interface EditedContent {
  id: number;
  /** The number of the last edit that was sent, and of the last that was acknowledged. */
  sent: number;
  acknowledged: number;
  /** How many edits were acknowledged, and how many may have been stored without an answer 200. */
  acknowledgments: number;
  uncertain: number;
  /** An edit without an answer may still be stored later, after a newer edit. So there is no newer one. */
  isLeft: boolean;
  period: Period | null;
}

/** A content that was sent once. Without an answer it may be stored or not. */
export interface MadeContent {
  title: string;
  isAcknowledged: boolean;
  period: Period;
}

export const titleOf = (id: number, edit: number) => `Content ${id}, edit ${edit}`;

/** The owner of a site, who reads, edits and creates contents and starts runs. */
export class User {
  readonly made: MadeContent[] = [];
  readonly runs: { id: number; period: Period }[] = [];
  readonly tenant: SyncedTenant['tenant'];
  readonly contents: readonly EditedContent[];
  readonly #caller: Caller;
  readonly #headers: Record<string, string>;

  constructor(caller: Caller, tenant: SyncedTenant['tenant'], contents: readonly EditedContent[]) {
    this.contents = contents;
    this.#caller = caller;
    this.tenant = tenant;
    this.#headers = { Authorization: `Bearer ${tenant.owner.token}` };
  }

  async read(round: number): Promise<void> {
    const { integrationId, site } = this.tenant;
    const paths = [
      `/api/v1/content?site_id=${site.siteId}&limit=50`,
      `${integrationsPath}/${integrationId}`,
      `${integrationsPath}/${integrationId}/sync-status`,
      `/api/v1/content/${this.contents[round % this.contents.length]?.id}`,
    ];
    await this.#send('GET', paths[round % paths.length] ?? '');
  }

  async edit(round: number): Promise<void> {
    const content = this.contents[round % this.contents.length];
    if (content === undefined || content.isLeft) return;
    content.sent += 1;
    const title = titleOf(content.id, content.sent);
    const { status, period } = await this.#send('PATCH', `/api/v1/content/${content.id}`, { title });
    if (status === 200) {
      content.acknowledged = content.sent;
      content.acknowledgments += 1;
      content.period = period;
    } else {
      content.uncertain += 1;
      content.isLeft = status === null;
    }
  }

  async make(): Promise<void> {
    const { siteId } = this.tenant.site;
    const title = `Made ${this.made.length + 1} for site ${siteId}`;
    const body = { site_id: siteId, content_type: 'post', title, body: `<p>${title}</p>`, status: 'ready' };
    const { status, period } = await this.#send('POST', '/api/v1/content', body);
    this.made.push({ title, isAcknowledged: status === 201, period });
  }

  /** Starts a run. Returns its id; null if the server did not acknowledge it. */
  async sync(body: object = { direction: 'both' }): Promise<number | null> {
    const path = `${integrationsPath}/${this.tenant.integrationId}/sync`;
    const answer = await this.#send('POST', path, body, { Prefer: 'respond-async' });
    if (answer.status !== 202 && answer.status !== 200) return null;
    const id = Number(answer.body.id);
    this.runs.push({ id, period: answer.period });
    return id;
  }

  /** The status of a run; null if the server did not tell. */
  async statusOf(runId: number): Promise<string | null> {
    const path = `${integrationsPath}/${this.tenant.integrationId}/runs/${runId}`;
    const { status, body } = await this.#send('GET', path);
    return status === 200 ? String(body.status) : null;
  }

  #send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<CallAnswer> {
    return this.#caller.call(method, path, {
      headers: { ...this.#headers, ...headers },
      ...(body === undefined ? {} : { text: JSON.stringify(body) }),
    });
  }
}
