import type { ToldChange, ToldMessage, WebhookPart } from '../../webhookPart.ts';
import { localStatus } from '../content/postFields.ts';
import { metadataWebhook, siteWebhook, statusWebhook, termsWebhook } from './bodies.ts';

/** Stored bodies may hold a content number from before contents had keys. It is ignored. */
const withoutNumber = { content_id: true } as const;
const keptStatus = statusWebhook.omit(withoutNumber);
const keptMetadata = metadataWebhook.omit(withoutNumber);

/** The webhooks of the connector plugin. It signs as the Standard Webhooks specification says. */
export const wordpressWebhooks: WebhookPart = {
  headers: [
    { name: 'X-Site-Id', required: true, description: 'The site that sends this.' },
    {
      name: 'webhook-signature',
      required: false,
      description:
        'Standard Webhooks, with the site key as secret: `v1,…`. Or send the key itself as X-API-Key.',
    },
    {
      name: 'webhook-id',
      required: false,
      description: 'The id of the message. A second message with the same id is a duplicate.',
    },
    {
      name: 'webhook-timestamp',
      required: false,
      description: 'Seconds since 1970; required with a signature.',
    },
    { name: 'X-API-Key', required: false, description: 'The site key, if there is no signature.' },
  ],
  idHeader: 'webhook-id',
  tells: {
    status: {
      summary: "A site tells of a post's status",
      body: statusWebhook,
      messageIn(kept) {
        const body = keptStatus.parse(kept);
        const status = localStatus(body.status);
        return item({
          ...changeOf(body),
          gone: status === null,
          externalStatus: body.status,
          ...(body.url ? { externalUrl: body.url } : {}),
          ...(body.status === 'private' ? { visibility: 'private' } : {}),
          fields: status === null ? {} : { status },
        });
      },
    },
    metadata: {
      summary: "A site tells of a post's title, terms and other metadata",
      body: metadataWebhook,
      messageIn(kept) {
        const { title, slug, excerpt, terms, meta, ...body } = keptMetadata.parse(kept);
        return item({
          ...changeOf(body),
          fields: {
            ...(title === undefined ? {} : { title }),
            ...(slug === undefined ? {} : { slug }),
            ...(excerpt === undefined ? {} : { excerpt }),
            ...(terms === undefined ? {} : { terms }),
            // For a post without an image, a webhook carries 0, while a reading has no entry.
            ...(meta === undefined
              ? {}
              : { metadata: meta.featured_media === 0 ? { ...meta, featured_media: undefined } : meta }),
          },
        });
      },
    },
    terms: {
      summary: 'A site tells of a term. All contents that hold the term are changed',
      body: termsWebhook,
      messageIn(kept) {
        const { taxonomy, external_id, slug, name, was, instead, ...body } = termsWebhook.parse(kept);
        const parent = body.parent_external_id;
        return {
          kind: 'term',
          term: {
            taxonomy,
            externalId: external_id,
            slug,
            name,
            parentExternalId: typeof parent === 'string' && parent !== '0' ? parent : null,
            deleted: body.deleted ?? false,
            oldSlug: was?.slug ?? null,
            instead: instead ?? null,
            at: body.at,
          },
        };
      },
    },
    site: {
      summary: 'A site tells of itself. A changed base of the links has all links read again',
      body: siteWebhook,
      messageIn(kept) {
        const { site_url, permalink_structure, time_zone, posts_changed, ...body } = siteWebhook.parse(kept);
        return {
          kind: 'site',
          site: {
            home: body.home.replace(/\/+$/, ''),
            siteUrl: site_url.replace(/\/+$/, ''),
            name: body.name,
            permalinkStructure: permalink_structure,
            timeZone: time_zone,
            manyChanged: posts_changed ?? false,
            at: body.at,
          },
        };
      },
    },
  },
};

function item(change: ToldChange): ToldMessage {
  return { kind: 'item', change };
}

function changeOf(body: {
  external_id: string;
  content_key?: string;
  post_type: string;
  modified_gmt: string;
  op_id?: string;
}): Omit<ToldChange, 'fields'> {
  return {
    contentType: body.post_type,
    externalId: body.external_id,
    contentKey: body.content_key ?? null,
    operationId: body.op_id ?? null,
    modifiedAt: body.modified_gmt,
    gone: false,
  };
}
