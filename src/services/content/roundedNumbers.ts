/** Numbers that earlier versions of this server have stored as doubles. */
import type { Content } from '../../database/generated/client.ts';
import { asDouble, ExactNumber } from '../../outbound/exactNumber.ts';
import type { JsonObject, JsonValue } from '../../platforms/connection.ts';
import { contentHash, isHashOf, metadataOf, type SharedState } from './sharedState.ts';

/**
 * The columns of a content whose base is the state of its item with numbers as doubles, as an earlier version has
 * read it; null for any other content. The item has not changed since then, and its numbers are taken.
 */
export function columnsWithDigits(
  content: Pick<Content, 'baseHash' | 'metadata'>,
  remote: SharedState,
): { metadata: JsonObject; baseHash: string; remoteHash: string } | null {
  const rounded = { ...remote, metadata: withDoubles(remote.metadata) };
  const baseHash = contentHash(remote);
  if (contentHash(rounded) === baseHash || !isHashOf(content.baseHash, rounded)) return null;
  const metadata = withDigits(metadataOf(content), remote.metadata);
  return { metadata, baseHash, remoteHash: baseHash };
}

function withDoubles<Value extends JsonValue>(value: Value): Value;
function withDoubles(value: JsonValue): JsonValue {
  if (value instanceof ExactNumber) return asDouble(value);
  return mapped(value, withDoubles);
}

/** The value with the digits of `exact` for each number that was rounded. */
function withDigits<Value extends JsonValue>(value: Value, exact: JsonValue): Value;
function withDigits(value: JsonValue, exact: JsonValue): JsonValue {
  if (exact instanceof ExactNumber) return value === asDouble(exact) ? exact : value;
  if (typeof exact !== 'object' || exact === null) return value;
  return mapped(value, (each, name) => {
    const other: unknown = Object.hasOwn(exact, name) ? Reflect.get(exact, name) : undefined;
    return other === undefined ? each : withDigits(each, other as JsonValue);
  });
}

function mapped(value: JsonValue, change: (each: JsonValue, name: string | number) => JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(each, name)]));
}
