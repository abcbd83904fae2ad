import { z } from 'zod';
import { fromJsonColumn } from '../../database/exactJson.ts';
import type { WebhookDelivery } from '../../database/generated/client.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import {
  type AnnouncedChange,
  type IntegrationNotice,
  noticeTopics,
  type ToldMessage,
  type ToldTopic,
  toldTopics,
} from '../../platforms/webhookPart.ts';
import type { IncomingDelivery } from './webhookIntake.service.ts';

/**
 * The message of a delivery: a change that was announced to one integration, a notice about that integration, or
 * what a site told.
 */
export type DeliveryMessage =
  | { kind: 'announced'; integrationId: number; change: AnnouncedChange }
  | { kind: 'notice'; integrationId: number; notice: IntegrationNotice }
  | { kind: 'told'; platform: string; told: ToldMessage };

type MessagePart = Pick<IncomingDelivery, 'topic' | 'subject' | 'body'>;

const announcedBody = z.object({
  integration_id: z.int(),
  content_type: z.string(),
  external_id: z.string(),
  modified_at: z.iso.datetime().nullable(),
});

/** The parts of a delivery about a change that was announced to an integration. */
export function announcedDelivery(integrationId: number, change: AnnouncedChange): MessagePart {
  return {
    topic: change.gone ? 'deleted' : 'changed',
    subject: subjectOf(change),
    body: {
      integration_id: integrationId,
      content_type: change.contentType,
      external_id: change.externalId,
      modified_at: change.modifiedAt,
    },
  };
}

const noticeBody = z.object({
  integration_id: z.int(),
  name: z.string(),
  at: z.iso.datetime().nullable(),
  fault: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  ended_credentials: z.array(z.string()),
});

/** The parts of a delivery of a notice about an integration. */
export function noticeDelivery(
  integrationId: number,
  { topic, name, at, fault, endedCredentials }: IntegrationNotice,
): MessagePart {
  return {
    topic,
    subject: `integration:${integrationId}`,
    body: {
      integration_id: integrationId,
      name,
      at,
      fault: fault && { ...fault },
      ended_credentials: endedCredentials,
    },
  };
}

/** The parts of a delivery of a message that a site sent in `body`. */
export function toldDelivery(topic: ToldTopic, told: ToldMessage, body: JsonObject): MessagePart {
  return { topic, subject: subjectOfTold(told), body };
}

/** Terms of one taxonomy have one subject, because a term may get the slug that another term had. */
function subjectOfTold(told: ToldMessage): string {
  if (told.kind === 'item') return subjectOf(told.change);
  return told.kind === 'term' ? `term:${told.term.taxonomy}` : 'site';
}

/**
 * Reads the message of a stored delivery. Throws ZodError for a body that no version of this server has
 * stored.
 */
export function messageOf(
  platforms: PlatformRegistry,
  { topic, body }: Pick<WebhookDelivery, 'topic' | 'body'>,
): DeliveryMessage {
  const toldTopic = toldTopics.find((each) => each === topic);
  if (toldTopic !== undefined) {
    const { name, tells } = platforms.telling();
    return { kind: 'told', platform: name, told: tells[toldTopic].messageIn(fromJsonColumn(body)) };
  }
  const noticed = noticeTopics.find((each) => each === topic);
  if (noticed !== undefined) {
    const { integration_id: integrationId, ended_credentials, ...rest } = noticeBody.parse(body);
    return {
      kind: 'notice',
      integrationId,
      notice: { topic: noticed, endedCredentials: ended_credentials, ...rest },
    };
  }
  const kept = announcedBody.parse(body);
  return {
    kind: 'announced',
    integrationId: kept.integration_id,
    change: {
      contentType: kept.content_type,
      externalId: kept.external_id,
      gone: topic === 'deleted',
      modifiedAt: kept.modified_at,
    },
  };
}

/** Deliveries with one subject are applied in their order. */
function subjectOf({ contentType, externalId }: AnnouncedChange): string {
  return `${contentType}:${externalId}`;
}
