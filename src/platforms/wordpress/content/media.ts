import { createHash } from 'node:crypto';
import { RemoteError } from '../../../errors.ts';
import type { ItemFault } from '../../remoteContent.ts';
import { isRecord, type Outbound } from '../site/siteClient.ts';
import { recordsOf } from './core/listPage.ts';
import { refusedItem } from './faultText.ts';
import type { SiteRequests } from './siteRequests.ts';

const MAX_BYTES = 10 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** The image types that WordPress takes (get_allowed_mime_types), with the endings of their file names. */
const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/tiff': 'tiff',
  'image/heic': 'heic',
};

interface Image {
  body: Buffer;
  type: string;
  /** The ending of its file name. */
  ending: string;
}

/**
 * Copies images from the web to a site's media library, each once: an image is named by the hash of its
 * bytes.
 */
export class MediaLibrary {
  readonly #requests: SiteRequests;
  readonly #outbound: Outbound;
  readonly #ids = new Map<string, number>();
  /**
   * Images are handled one after the other. Otherwise an image that two contents share would be uploaded
   * twice.
   */
  #before: Promise<unknown> = Promise.resolve();

  constructor(requests: SiteRequests, outbound: Outbound) {
    this.#requests = requests;
    this.#outbound = outbound;
  }

  /**
   * The id of the image at an address, or why there is none. Uploads the image if the site does not have it.
   * Throws a fault of the site.
   */
  async idOf(url: string, alt: string): Promise<number | ItemFault> {
    const found = this.#before.then(() => this.#findOrUpload(url, alt));
    this.#before = found.catch(() => undefined);
    return found;
  }

  async #findOrUpload(url: string, alt: string): Promise<number | ItemFault> {
    const known = this.#ids.get(url);
    if (known !== undefined) return known;
    const image = await this.#fetch(url);
    if (typeof image === 'string') return unusable(image);
    const name = `sitebridge-${createHash('sha256').update(image.body).digest('hex').slice(0, 32)}`;
    const id = (await this.#find(name)) ?? (await this.#upload(image, name, alt));
    if (typeof id === 'number') this.#ids.set(url, id);
    return id;
  }

  /**
   * Downloads the image at an address. Returns a text if that fails. The image is not on the site, so the
   * request does not wait for the site's pace.
   */
  async #fetch(url: string): Promise<Image | string> {
    const request = { url, headers: { Accept: 'image/*' }, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS };
    const answer = await this.#outbound.request(request).catch((error: unknown) => {
      if (error instanceof RemoteError) return `The image cannot be downloaded (${error.code}).`;
      throw error;
    });
    if (typeof answer === 'string') return answer;
    if (answer.status !== 200) return `The image cannot be downloaded (status ${answer.status}).`;
    const type = (answer.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    const ending = ENDINGS[type];
    if (ending === undefined) return 'WordPress does not accept this type of image.';
    return { body: answer.body, type, ending };
  }

  async #find(slug: string): Promise<number | null> {
    const query = `slug=${slug}&status=inherit,private&context=edit&_fields=id`;
    const [found] = recordsOf(this.#requests, await this.#requests.read('wp/v2/media', query));
    return typeof found?.id === 'number' ? found.id : null;
  }

  async #upload(image: Image, name: string, alt: string): Promise<number | ItemFault> {
    const query = `slug=${name}&title=${name}&alt_text=${encodeURIComponent(alt)}&_fields=id`;
    const request = this.#requests.write({
      method: 'POST',
      route: 'wp/v2/media',
      query,
      body: image.body,
      headers: {
        'Content-Type': image.type,
        'Content-Disposition': `attachment; filename="${name}.${image.ending}"`,
      },
      repeatable: false,
    });
    const answer = await request.catch(async (error: unknown) => {
      if (!(error instanceof RemoteError)) throw error;
      // The upload may have succeeded although its answer was lost.
      const id = await this.#find(name);
      if (id === null) throw error;
      return id;
    });
    if (typeof answer === 'number') return answer;
    const { error, value } = answer;
    if (error === null && isRecord(value) && typeof value.id === 'number') return value.id;
    const isRewritten = error?.code === 'sitebridge_bad_signature';
    return unusable(
      isRewritten ? this.#requests.signInRefusal(answer, error).message : refusedItem(null, value).message,
    );
  }
}

function unusable(why: string): ItemFault {
  return { externalId: null, code: 'featured_image', message: `The featured image was left out: ${why}` };
}
