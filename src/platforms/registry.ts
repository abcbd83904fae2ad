import { CallerError, invalidField } from '../errors.ts';
import type { JsonObject } from './connection.ts';
import type { OnboardingPart, Platform, PlatformCapabilities } from './platform.ts';
import type { WebhookPart } from './webhookPart.ts';
import { withoutSecrets } from './withoutSecrets.ts';

/** The platforms of this server, by their names on the wire. Their results hold no secrets. */
export class PlatformRegistry {
  readonly #platforms: ReadonlyMap<string, Platform>;

  constructor(platforms: Platform[]) {
    this.#platforms = new Map(platforms.map((platform) => [platform.name, withoutSecrets(platform)]));
  }

  /** The platforms that can be used here. */
  list(): Platform[] {
    return [...this.#platforms.values()];
  }

  /** Is there a platform of this name? */
  has(name: string): boolean {
    return this.#platforms.has(name);
  }

  /** The platform that a caller names. Throws a 400 for an unknown name. */
  choose(name: string): Platform {
    const platform = this.#platforms.get(name);
    if (platform) return platform;
    throw invalidField(
      'platform',
      `must be one of ${[...this.#platforms.keys()].join(', ')}.`,
      'unknown_platform',
    );
  }

  /** The facts about a platform that are needed to read a stored integration. */
  facts(name: string): { type: string; usesSiteKey: boolean } {
    const { type, capabilities } = this.get(name);
    return { type, usesSiteKey: capabilities.usesSiteKey };
  }

  /** What an integration with this `config_json` can do. */
  capabilitiesOf(name: string, config: JsonObject): PlatformCapabilities {
    const platform = this.get(name);
    return platform.capabilitiesOf?.(config) ?? platform.capabilities;
  }

  /** The platform whose sites connect themselves. Throws where the server has none. */
  onboarding(): Platform & { onboards: OnboardingPart } {
    for (const platform of this.list())
      if (platform.onboards) return { ...platform, onboards: platform.onboards };
    throw new Error('No platform of this server has sites that connect themselves.');
  }

  /** The platform whose sites tell by webhooks what has changed. Throws where the server has none. */
  telling(): { name: string; tells: NonNullable<WebhookPart['tells']> } {
    for (const { name, webhooks } of this.list()) if (webhooks?.tells) return { name, tells: webhooks.tells };
    throw new Error('No platform of this server has webhooks that tell what has changed.');
  }

  /** The platform of a stored integration, whose name was checked when it was stored. */
  get(name: string): Platform {
    const platform = this.#platforms.get(name);
    if (!platform) throw notSupported(name, 'anything');
    return platform;
  }
}

/** The 501 for an operation that the platform does not support. */
export function notSupported(platform: string, operation: string): CallerError {
  return new CallerError(
    'not_supported',
    `The platform ${platform} does not support ${operation} on this server.`,
  );
}
