import { forbidden, may, mayCreate } from './access.ts';
import { type PostRequest, single } from './posts.ts';
import { type RestAnswer, reply, WpError } from './restAnswer.ts';
import { insertPost } from './savePost.ts';

/** Some of the file types that WordPress accepts. */
const MIMES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
};

/** The file in a request's body. */
export interface Upload {
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

/**
 * WP_REST_Attachments_Controller::create_item() with the file as the body. Uploads in multipart forms are not
 * simulated. The file name alone decides the type of the file. The bytes of the file are not stored. Throws
 * WpError.
 */
export function uploadMedia(request: PostRequest, upload: Upload): RestAnswer {
  const { site, parameters, user } = request;
  const [title, excerpt, content, alt] = ['title', 'caption', 'description', 'alt_text'].map((name) =>
    parameters.rawText(name),
  );
  const parent = parameters.integer('post') ?? 0;
  const slug = parameters.text('slug');
  parameters.check();
  if (!mayCreate(user, 'attachment')) {
    throw forbidden('rest_cannot_create', user, 'Sorry, you are not allowed to create posts as this user.');
  }
  const sent = fileOf(upload);
  const file = { ...sent, name: freeName(request, sent.name), alt: alt ?? '', size: upload.body.length };
  const post = insertPost(
    site,
    'attachment',
    {
      title: title ?? file.name.replace(/\.\w+$/, ''),
      content: content ?? '',
      excerpt: excerpt ?? '',
      parent,
      file,
      ...(slug === undefined ? {} : { slug }),
    },
    user,
  );
  return reply(single(request, post, may(user, 'upload_files')), 201, {
    Location: `${site.restUrl}wp/v2/media/${post.id}`,
  });
}

function fileOf({ headers, body }: Upload): { name: string; mime: string } {
  if (body.length === 0) throw new WpError('rest_upload_no_data', 400, 'No data supplied.');
  if (headers['content-type'] === undefined) {
    throw new WpError('rest_upload_no_content_type', 400, 'No Content-Type supplied.');
  }
  if (headers['content-disposition'] === undefined) {
    throw new WpError('rest_upload_no_content_disposition', 400, 'No Content-Disposition supplied.');
  }
  const named = /filename="?([^";]+)"?/.exec(headers['content-disposition'])?.[1];
  if (named === undefined) {
    throw new WpError(
      'rest_upload_invalid_disposition',
      400,
      'Invalid Content-Disposition supplied. Content-Disposition needs to be formatted as `attachment; filename="image.png"` or similar.',
    );
  }
  // sanitize_file_name()
  const name = named.replace(/[^\w.-]+/g, '-').replace(/-+/g, '-');
  const mime = MIMES[/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''];
  if (mime === undefined) {
    throw new WpError(
      'rest_upload_sideload_error',
      500,
      'Sorry, you are not allowed to upload this file type.',
    );
  }
  return { name, mime };
}

/** wp_unique_filename() */
function freeName({ site }: PostRequest, name: string): string {
  const used = new Set(site.state.posts.flatMap(({ file }) => file?.name ?? []));
  if (!used.has(name)) return name;
  for (let number = 1; ; number += 1) {
    const alternative = name.replace(/(\.\w+)$/, `-${number}$1`);
    if (!used.has(alternative)) return alternative;
  }
}
