import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { CopyStep } from './steps.ts';

/** A copy of the site with the site's key, its posts and its waiting webhooks. */
export class SiteCopy {
  readonly #original: SimulatedWordpress;
  readonly #serverUrl: string;
  #copy: SimulatedWordpress | null = null;
  #marks = 0;

  constructor(original: SimulatedWordpress, serverUrl: string) {
    this.#original = original;
    this.#serverUrl = serverUrl;
  }

  async do(step: CopyStep): Promise<void> {
    if (step.step === 'copy_made') return this.#make(step.knows);
    const copy = this.#copy;
    if (copy === null) return;
    if (step.step === 'copy_sends') await copy.deliverWebhooks({ serverUrl: this.#serverUrl });
    else if (step.step === 'copy_connects') await this.#connect(copy);
    else this.#edit(copy, step);
  }

  async stop(): Promise<void> {
    await this.#copy?.stop();
  }

  /** Only a site with the connector sends anything. */
  async #make(knows: boolean): Promise<void> {
    if (this.#original.state.connector === null) return;
    await this.stop();
    this.#copy = await this.#original.copy();
    this.#copy.clock.offsetMs = this.#original.clock.offsetMs;
    const { connector } = this.#copy.state;
    if (connector && !knows) connector.installation.home = '';
  }

  async #connect(copy: SimulatedWordpress): Promise<void> {
    const { test } = await copy.connect({ serverUrl: this.#serverUrl });
    if (test.status !== 400 || test.body.code !== 'identity_mismatch')
      throw new Error(`Connecting the copy answered ${test.status}: ${JSON.stringify(test.body)}`);
  }

  #edit(copy: SimulatedWordpress, step: CopyStep): void {
    this.#marks += 1;
    const title = `Copy ${this.#marks}`;
    if (step.step === 'copy_creates') copy.editor.create('post', { title, status: 'publish' });
    if (!('which' in step)) return;
    const posts = copy.state.posts.filter(({ status }) => !['auto-draft', 'trash'].includes(status));
    const post = posts[posts.length - 1 - (step.which % Math.max(1, posts.length))];
    if (post === undefined) return;
    if (step.step === 'copy_deletes') copy.editor.delete(post.id);
    else copy.editor.edit(post.id, { title });
  }
}
